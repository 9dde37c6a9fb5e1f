// What is like the idea that one types, below its title: asked of the site now and then, and never in the way of posting.

const target = document.querySelector("[data-similar]");
const announcer = document.querySelector("[data-announce]");
const title = document.querySelector("input[name=title]");

if (target && title?.form) {
  const form = title.form;
  let timer;
  let running;
  let shown = title.value.trim();

  document.addEventListener("input", (event) => {
    if (event.target.form !== form || !["title", "body"].includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  });

  async function ask() {
    const typed = title.value.trim();
    const body = form.elements.body?.value.trim().slice(0, 1500) ?? "";
    if (`${typed}\n${body}` === shown) return;
    shown = `${typed}\n${body}`;
    running?.abort();
    running = new AbortController();
    if (!typed) {
      target.replaceChildren();
      return;
    }
    const address = new URL(target.dataset.similar, location.href);
    address.searchParams.set("title", typed);
    if (body) address.searchParams.set("body", body);
    try {
      const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, signal: running.signal });
      if (answer.ok) put(await answer.text());
    } catch {
      // Without a connection nothing is shown, and posting waits for one too.
    }
  }

  function put(html) {
    // Whoever is in the list, with the keyboard or having just backed something, is not pulled out of it.
    if (target.contains(document.activeElement)) return;
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    const before = target.querySelector("[data-said]")?.textContent;
    target.replaceChildren(...document.importNode(fresh, true).childNodes);
    const said = target.querySelector("[data-said]")?.textContent;
    if (announcer && said && said !== before) announcer.textContent = said;
  }
}
