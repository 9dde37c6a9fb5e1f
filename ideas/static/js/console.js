// The console of the API: sends what a form says, as programs would, and shows what came back. The key is held by this
// module alone, is in no storage and in no address, and is gone with the page.

const SHOWN_MOST = 200000; // characters of an answer
const page = "main .api";
let key = "";
let shown = place(location);

function prepare() {
  for (const part of document.querySelectorAll("[data-console]")) part.hidden = false;
  for (const field of document.querySelectorAll("[data-key]")) field.value = key;
  open(location.hash);
}

function place({ pathname, search }) {
  return pathname + search;
}

function open(hash) {
  if (hash.length > 1) document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView();
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-key]")) return;
  key = event.target.value.trim();
  for (const field of document.querySelectorAll("[data-key]")) if (field !== event.target) field.value = key;
});

document.addEventListener("submit", (event) => {
  if (!event.target.closest("[data-console]")) return;
  event.preventDefault();
  send(event.target);
});

async function send(form) {
  const result = form.parentElement.querySelector("[data-result]");
  const [status, headers, body] = ["status", "headers", "answer"].map((name) => result.querySelector(`[data-${name}]`));
  const button = form.querySelector("button");
  button.disabled = true;
  const begun = performance.now();
  try {
    const answer = await fetch(...request(form));
    const { text, size } = await read(answer);
    const lasted = Math.round(performance.now() - begun);
    status.textContent = `${answer.status} ${answer.statusText} · ${lasted} ms · ${size} B`;
    status.dataset.state = answer.ok ? "done" : "refused";
    headers.textContent = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    body.textContent = pretty(text);
  } catch {
    status.textContent = form.dataset.silence;
    status.dataset.state = "refused";
    headers.textContent = body.textContent = "";
  }
  body.parentElement.hidden = !body.textContent;
  result.hidden = false;
  button.disabled = false;
  const sure = form.querySelector("[data-sure]");
  if (sure) sure.checked = false;
}

function request(form) {
  const address = new URL(form.dataset.path, location.origin);
  const headers = new Headers({ Accept: "application/json" });
  let path = form.dataset.path;
  for (const field of form.querySelectorAll("[data-in]")) {
    const { in: place, name } = field.dataset;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(field.value));
    else if (!field.value) continue;
    else if (place === "query") address.searchParams.set(name, field.value);
    else headers.set(name, field.value);
  }
  address.pathname = path;
  if (key) headers.set("Authorization", `Bearer ${key}`);
  let body;
  const typed = form.querySelector("[data-body]");
  const file = form.querySelector("[data-file]")?.files[0];
  if (typed?.value.trim()) {
    body = typed.value;
    headers.set("Content-Type", "application/json");
  } else if (file) {
    body = file;
    headers.set("Content-Type", file.type || form.querySelector("[data-file]").dataset.kind);
  }
  // cookies say nothing to the API, and what is asked here is asked anew
  return [address, { method: form.dataset.method, headers, body, credentials: "omit", cache: "no-store" }];
}

async function read(answer) {
  const came = await answer.blob();
  return { text: /json|text/.test(came.type) ? await came.text() : came.type, size: came.size };
}

function pretty(text) {
  let whole = text;
  try {
    whole = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // not JSON: as it is
  }
  return whole.length > SHOWN_MOST ? `${whole.slice(0, SHOWN_MOST)}…` : whole;
}

// From one resource to the next without losing the key: the page is put in place of this one.

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!key || !link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const address = new URL(link.href);
  if (address.origin !== location.origin || !address.pathname.startsWith("/api/docs")) return;
  if (place(address) === shown) return;
  event.preventDefault();
  go(address, true);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!key || !form.matches(".api-search")) return;
  event.preventDefault();
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form));
  go(address, true);
});

window.addEventListener("popstate", () => {
  if (place(location) !== shown) go(new URL(location.href), false);
});

async function go(address, forward) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const other = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = other.querySelector(page);
    if (!answer.ok || !part) throw new Error("no such page");
    if (forward) history.pushState(null, "", address);
    shown = place(address);
    document.title = other.title;
    document.querySelector(page).replaceWith(document.importNode(part, true));
    window.scrollTo(0, 0);
    document.getElementById("main").focus({ preventScroll: true });
    prepare();
  } catch {
    location.assign(address);
  }
}

prepare();
