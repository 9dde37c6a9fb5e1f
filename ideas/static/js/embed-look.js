// The widget as it is chosen, beside the choice: whenever a field changes the form's own address is asked for its part.

const form = document.querySelector("form[data-look]");
const shown = form && document.getElementById(form.dataset.look);
const announcer = document.querySelector("[data-announce]");
const WIDE = 1024; // pixels of a screen at a desk
const COLOUR = /^(#([0-9a-f]{3}|[0-9a-f]{6}))?$/i;

if (shown) {
  let timer;
  let running;
  let latest = asked().href;

  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(show, wait);
  };
  form.addEventListener("input", ({ target }) => {
    // a colour that is half typed is none yet; left, it is judged
    if (target.name !== "accent" || COLOUR.test(target.value.trim())) later(300);
  });
  form.addEventListener("change", () => later(0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    later(0);
  });

  function asked() {
    const address = new URL(form.action);
    address.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    address.hash = "";
    return address;
  }

  async function show() {
    const address = asked();
    // who leaves a field for the widget beside it finds that one still there
    if (address.href === latest) return;
    latest = address.href;
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, signal: running.signal });
      if (!answer.ok && answer.status !== 422) throw new Error(answer.statusText);
      put(await answer.text());
      history.replaceState(null, "", address);
    } catch {
      // The connection may come back; the button is still there.
      if (latest === address.href) latest = "";
    }
  }

  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    shown.replaceChildren(...document.importNode(fresh, true).childNodes);
    const wrong = [...shown.querySelectorAll(".problem-summary a")].map((link) => link.hash.slice(1));
    for (const field of form.elements) {
      if (field.matches(".input")) field.toggleAttribute("aria-invalid", wrong.includes(field.id));
      if (wrong.includes(field.id)) field.setAttribute("aria-invalid", "true");
    }
    if (announcer && !wrong.length) announcer.textContent = form.dataset.said;
    fit();
  }

  // The frame is as wide as the screen that it stands for, and drawn as large as there is room.
  function fit() {
    const place = shown.querySelector(".look-frame");
    if (!place) return;
    const wide = place.dataset.screen === "phone" ? 360 : WIDE;
    place.style.setProperty("--scale", Math.min(1, shown.clientWidth / wide));
  }
  new ResizeObserver(fit).observe(shown);
}
