// Small parts that several views show.

import { h, icon } from "./dom.js";

export function stage(status) {
  return h("span", { class: "stage", "data-stage": status.stage }, icon(status.stage, 16), h("bdi", {}, status.name));
}

export function time(panel, text) {
  return h("time", { datetime: text, title: text }, panel.words.day(text));
}

export function facts(panel, idea) {
  const { words } = panel;
  return h(
    "p",
    { class: "facts", part: "facts" },
    stage(idea.status),
    idea.comment_count ? h("span", {}, words.count("comments", idea.comment_count)) : null,
    idea.created_at ? h("span", {}, time(panel, idea.created_at)) : null,
  );
}

/** A link to the site itself, which opens beside the page. */
export function outside(panel, address, words, given = {}) {
  return h(
    "a",
    { class: "link", target: "_blank", rel: "noopener", href: address, ...given },
    words,
    h("span", { class: "hidden" }, ` (${panel.words.say("newtab")})`),
  );
}

/** A link to an idea, shown right here; with a key held down it opens its page, as links do. */
export function ideaLink(panel, idea, given = {}) {
  const open = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    panel.show("idea", { id: idea.id });
  };
  return h("a", { href: idea.url, onclick: open, ...given }, h("bdi", {}, idea.title));
}
