// A new idea. What is typed stays, whatever becomes of the request, until the idea is there.

import { h } from "./dom.js";
import { row } from "./list.js";
import { similarTo } from "./similar.js";

export function showForm(panel, { title } = {}) {
  const { draft, session, words } = panel;
  if (title !== undefined) draft.title = title || draft.title;
  draft.name ??= named();
  const titled = h("input", { class: "field", part: "field", id: "title", name: "title", type: "text", maxlength: "120", required: true, autocomplete: "off" });
  const text = h("textarea", { class: "field", part: "field", id: "body", name: "body", rows: "5" });
  titled.value = draft.title;
  text.value = draft.body;
  const wrong = { title: errorOf("title"), body: errorOf("body") };
  const note = h("div");
  const alike = h("div", { class: "alike" }, h("p", {}, words.say("lead")));
  const seen = seenFrom(panel);
  const consent = h("input", { type: "checkbox", id: "capture", class: "check" });
  consent.checked = draft.capture;
  const button = h("button", { class: "button", "data-look": "primary", part: "primary" }, words.say("postthis"));

  const keep = () => {
    // other words are another idea: the name under which it is sent once changes with them
    Object.assign(draft, { title: titled.value, body: text.value, capture: consent.checked, name: named() });
  };

  async function send() {
    if (button.getAttribute("aria-busy")) return;
    for (const [name, field] of [["title", titled], ["body", text]]) clear(field, wrong[name]);
    if (!titled.value.trim()) return fail(titled, wrong.title, words.say("missing"));
    button.setAttribute("aria-busy", "true");
    note.replaceChildren();
    try {
      const body = [text.value.trim(), consent.checked ? seen.join("\n") : ""].filter(Boolean).join("\n\n");
      const sent = { board: session.board, title: titled.value.trim(), body };
      const idea = await session.ask("POST", "ideas", { body: sent, name: draft.name, mine: true });
      Object.assign(draft, { title: "", body: "", capture: false, name: null });
      panel.tell("idea:created", { id: idea.id, title: idea.title, url: idea.url });
      panel.trail = [];
      panel.shown = null;
      panel.show("idea", { id: idea.id, posted: true });
    } catch (trouble) {
      const lines = trouble.problem?.errors ?? [];
      const of = (name) => lines.find((line) => line.pointer === `/${name}`)?.detail;
      if (of("title")) fail(titled, wrong.title, of("title"));
      else if (of("body")) fail(text, wrong.body, of("body"));
      else note.replaceChildren(panel.sorry(trouble, send), h("p", { class: "quiet" }, words.say("kept")));
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  const form = h(
    "form",
    {
      class: "form",
      novalidate: true,
      oninput: keep,
      onsubmit: (event) => {
        event.preventDefault();
        return send();
      },
    },
    panel.heading(words.say("yours")),
    h("label", { class: "label", for: "title" }, words.say("inoneline")),
    titled,
    wrong.title,
    alike,
    h("label", { class: "label", for: "body" }, words.say("change"), h("span", { class: "quiet" }, ` (${words.say("optional")})`)),
    text,
    wrong.body,
    h(
      "div",
      { class: "consent" },
      consent,
      h("label", { for: "capture" }, words.say("capture"), h("span", { class: "sent" }, seen.map((line) => h("bdi", {}, line)))),
    ),
    note,
    h("p", { class: "acts" }, button, session.person ? null : h("span", { class: "quiet" }, words.say("first"))),
  );
  const ask = similarTo(panel, titled, (ideas) => {
    // as high as before until somebody wants to see them, so that nobody's next line moves while they write it
    if (!ideas?.length) return alike.replaceChildren(h("p", {}, words.say("lead")));
    const rows = ideas.map((idea) => row(panel, idea));
    const said = h("summary", {}, words.count("found", ideas.length));
    alike.replaceChildren(h("details", {}, said, h("ul", { class: "list" }, rows)));
    panel.announce(said.textContent);
  });
  if (draft.title) ask();
  return h("div", {}, form);
}

/** What is told of where somebody is, when they tick that: the page without what follows its path, and the version. */
function seenFrom(panel) {
  const { words } = panel;
  const release = panel.host.getAttribute("release") ?? panel.host.options.release;
  const page = words.say("page", { address: location.origin + location.pathname });
  return release ? [page, words.say("release", { number: release })] : [page];
}

function errorOf(name) {
  return h("p", { class: "error", id: `${name}-error`, hidden: true });
}

function fail(field, place, words) {
  place.textContent = words;
  place.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", place.id);
  field.focus();
}

function clear(field, place) {
  place.hidden = true;
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
}

function named() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
