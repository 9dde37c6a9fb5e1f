// A preview beside what is typed: sends the form's own preview button now and then, and shows the part that comes back.

for (const form of document.querySelectorAll("form[data-preview]")) {
  const target = document.getElementById(form.dataset.preview);
  const button = form.querySelector("[data-preview-button]");
  if (!target || !button) continue;
  let timer;
  let running;

  async function show() {
    running?.abort();
    running = new AbortController();
    const sent = new FormData(form, button);
    try {
      const answer = await fetch(button.formAction || form.action, {
        method: "POST",
        body: sent,
        headers: { "X-Requested-With": "fetch" },
        signal: running.signal,
        redirect: "error",
      });
      if (answer.ok || answer.status === 422) put(await answer.text());
    } catch {
      // The connection may come back; what was typed is untouched and the button is still there.
    }
  }

  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    target.removeAttribute("data-empty");
    // a part may belong beside what it is about
    for (const part of fresh.querySelectorAll("[data-goes-to]")) {
      part.remove();
      document.getElementById(part.dataset.goesTo)?.replaceChildren(...document.importNode(part, true).childNodes);
    }
    target.replaceChildren(...document.importNode(fresh, true).childNodes);
  }

  // a field may stand outside of its form
  document.addEventListener("input", (event) => {
    if (event.target.form !== form) return;
    clearTimeout(timer);
    timer = setTimeout(show, 400);
  });
  button.addEventListener("click", (event) => {
    event.preventDefault();
    show();
  });
}
