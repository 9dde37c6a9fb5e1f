// What was released, and the ideas that it answers.

import { h, icon } from "./dom.js";
import { prose } from "./prose.js";
import { ideaLink, time } from "./shown.js";

const PAGE = 10;

export function showReleases(panel) {
  const { session, words } = panel;
  const load = () => session.ask("GET", session.path("releases", { limit: PAGE }));
  const draw = ({ data }) =>
    data.length
      ? data.map((release) => drawn(panel, release))
      : h("div", { class: "empty" }, icon("mark", 32, true), h("h3", {}, words.say("noreleases")));
  return h("div", {}, panel.heading(words.say("releases")), panel.coming(load, draw));
}

function drawn(panel, release) {
  const { words } = panel;
  return h(
    "article",
    { class: "release", part: "release" },
    h("p", { class: "quiet" }, time(panel, release.date ?? release.published_at)),
    h("h3", { class: "release-title" }, h("bdi", {}, release.title)),
    release.body ? prose(panel, release.body_html, release.body) : null,
    release.ideas.length
      ? h("ul", { class: "credits" }, release.ideas.map((line) => answered(panel, line)))
      : null,
  );
}

function answered(panel, { idea, vote_count: votes, text, text_html: html }) {
  const { words } = panel;
  const link = ideaLink(panel, idea);
  return h(
    "li",
    { class: "credit" },
    icon("turn", 16, true),
    h("div", {}, h("p", { class: "row-title" }, link), text ? prose(panel, html, text) : null, h("p", { class: "quiet" }, words.count("asked", votes))),
  );
}
