// One idea: what the team answered and why, then the idea as its author wrote it.

import { h, icon } from "./dom.js";
import { prose } from "./prose.js";
import { facts, outside, stage, time } from "./shown.js";
import { voteButton } from "./vote.js";

/** given: the idea's id; posted: it is new, and this person's. */
export function showIdea(panel, { id, posted = false }) {
  const { session, words } = panel;
  const load = async () => {
    let idea = await session.ask("GET", `ideas/${id}`);
    const was = idea;
    if (idea.merged_into) idea = await session.ask("GET", `ideas/${idea.merged_into}`);
    panel.backing.learn([idea]);
    return { idea, was: was === idea ? null : was };
  };
  const draw = ({ idea, was }) => {
    const note = h("div", { class: "row-note" });
    const trouble = (error, again) => note.replaceChildren(...(error ? [panel.sorry(error, again)] : []));
    const heading = panel.heading("", { class: "idea-title", part: "idea-title" });
    heading.append(h("bdi", {}, idea.title));
    return [
      posted ? h("p", { class: "note", role: "status" }, words.say(panel.board?.premoderation === "none" ? "posted" : "waits")) : null,
      was ? h("p", { class: "note" }, words.say("partof", { moved: was.title, title: idea.title })) : null,
      heading,
      facts(panel, idea),
      voteButton(panel, idea, { wide: true, trouble }),
      note,
      idea.answer ? answered(panel, idea) : null,
      h(
        "section",
        { class: "said" },
        h("h3", { class: "small-head" }, words.say("by", { name: idea.author.name })),
        idea.body ? prose(panel, idea.body_html, idea.body) : null,
      ),
      h("p", {}, outside(panel, idea.url, words.say("readall"))),
    ];
  };
  return h("div", { class: "idea" }, panel.coming(load, draw, 3));
}

function answered(panel, idea) {
  const { words } = panel;
  const { answer } = idea;
  const day = (name, date) => (date ? h("p", { class: "answer-day" }, `${words.say(name)} `, h("strong", {}, time(panel, date))) : null);
  const told = idea.people_told?.sent;
  return h(
    "section",
    { class: "answer", part: "answer", "aria-label": words.say("answerby", { name: answer.by.name }) },
    h(
      "p",
      { class: "answer-by" },
      icon("turn", 18, true),
      h("strong", {}, h("bdi", {}, answer.by.name)),
      h("span", { class: "quiet" }, words.say("team"), answer.announced_at ? [" · ", time(panel, answer.announced_at)] : ""),
    ),
    h("p", { class: "answer-verdict" }, stage(idea.status), " ", h("strong", {}, words.say(`reason:${answer.reason}`))),
    prose(panel, answer.text_html, answer.text),
    day("plannedfor", answer.date),
    day("lookagain", answer.review_by),
    answer.credits.length
      ? [
          h("h3", { class: "small-head" }, words.say("input")),
          h("ul", { class: "credits" }, answer.credits.map((credit) => credited(panel, credit))),
        ]
      : null,
    told ? h("p", { class: "told" }, words.count("told", told)) : null,
  );
}

function credited(panel, credit) {
  const { words } = panel;
  const who = credit.kind === "votes" ? words.say("everyone") : (credit.person?.name ?? words.say("customer"));
  return h(
    "li",
    { class: "credit" },
    icon("turn", 16, true),
    h("span", {}, h("strong", {}, h("bdi", {}, who)), h("span", { class: "arrow", "aria-hidden": "true" }, " → "), h("bdi", {}, credit.how)),
  );
}
