// The box to say something searches while one types: the same form, its results put in place of the list.

const form = document.querySelector("form[data-search]");
const results = document.querySelector("[data-results]");

if (form && results) {
  let timer;
  let running;

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 250);
  });

  async function search() {
    const address = new URL(form.action);
    for (const [name, value] of new FormData(form)) {
      if (value.trim()) address.searchParams.set(name, value);
    }
    running?.abort();
    running = new AbortController();
    results.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, signal: running.signal });
      if (!answer.ok) return;
      const part = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      results.replaceChildren(...document.importNode(part, true).childNodes);
      history.replaceState(null, "", address);
    } catch (error) {
      if (error.name === "AbortError") return;
      // Without a connection the form still works once there is one again.
    }
    results.removeAttribute("aria-busy");
  }
}
