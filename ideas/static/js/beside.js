// What a new idea may be the same as, beside it: one place after the other is asked for, so that a long list stays light.

for (const place of document.querySelectorAll("[data-beside]")) {
  try {
    const answer = await fetch(place.dataset.beside, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) continue;
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    place.replaceChildren(...document.importNode(part, true).childNodes);
    const head = place.previousElementSibling;
    if (head?.matches("[data-beside-head]") && place.children.length) head.hidden = false;
  } catch {
    // The link to the page that shows the same stays where it is.
    break;
  }
}
