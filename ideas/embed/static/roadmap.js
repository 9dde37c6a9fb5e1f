// What is planned, what is being made, what is there.

import { h, icon } from "./dom.js";
import { rove } from "./rove.js";
import { ideaLink, time } from "./shown.js";

const STAGES = ["planned", "started", "shipped"];
const MOST = 10;

export function showRoadmap(panel) {
  const { session, words } = panel;
  const load = () => session.ask("GET", session.path("roadmap"));
  const draw = ({ data }) => h("div", { class: "columns" }, STAGES.map((stage) => column(panel, stage, data.filter((each) => each.status.stage === stage))));
  return h("div", {}, panel.heading(words.say("roadmap")), panel.coming(load, draw));
}

function column(panel, stage, items) {
  const { words } = panel;
  return h(
    "section",
    { class: "column", "aria-label": words.say(`stage:${stage}`) },
    h("h3", { class: "stage column-head", "data-stage": stage }, icon(stage, 18), words.say(`stage:${stage}`)),
    items.length
      ? rove(h("ul", { class: "list" }, items.slice(0, MOST).map((item) => entry(panel, stage, item))), ".row-link")
      : h("p", { class: "quiet" }, words.say(`none:${stage}`)),
  );
}

function entry(panel, stage, { idea, vote_count: votes, date, said }) {
  const { words } = panel;
  const link = ideaLink(panel, idea, { class: "row-link" });
  return h(
    "li",
    { class: "row entry", part: "row" },
    h("p", { class: "row-title", part: "row-title" }, link),
    said ? h("p", { class: "row-text", dir: "auto" }, said) : null,
    h(
      "p",
      { class: "facts" },
      date ? h("span", {}, stage === "shipped" ? null : `${words.say("until")} `, time(panel, date)) : null,
      h("span", {}, words.count("votes", votes)),
    ),
  );
}
