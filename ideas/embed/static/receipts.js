// What became of what this person put in, pair by pair, and above it what they have not read yet.

import { h, icon } from "./dom.js";
import { prose } from "./prose.js";
import { ideaLink, stage, time } from "./shown.js";

const SAID = { idea: "had", vote: "votedfor", comment: "commented", on_behalf: "noted", evidence: "noted" };
const LONGEST = 400;

export function showReceipts(panel) {
  const { session, words } = panel;
  const who = session.person?.id;
  const load = async () => {
    const [receipts, inbox] = await Promise.all([
      session.ask("GET", session.path("me/receipts", { limit: 30 }), { mine: true }),
      session.ask("GET", session.path("me/inbox", { limit: 10 }), { mine: true }),
      panel.meet(),
    ]);
    return { receipts: receipts.data, news: inbox.data.filter((each) => !each.read) };
  };
  const draw = ({ receipts, news }) => {
    if (session.person?.id !== who) return null; // it was of somebody else
    if (news.length) {
      session.ask("POST", "me/inbox/read", { body: { board: session.board, ids: news.map((each) => each.id) }, mine: true }).then(
        () => panel.host.showNews?.(0),
        () => null, // it stays unread, and is shown again
      );
    }
    return [
      news.length
        ? h("section", { class: "news" }, h("h3", { class: "small-head" }, words.count("unread", news.length)), news.map((each) => piece(panel, each)))
        : null,
      receipts.length ? h("ol", { class: "receipts" }, receipts.map((each) => pair(panel, each))) : nothing(panel),
    ];
  };
  const place = h("div");
  const begin = () => place.replaceChildren(panel.coming(load, draw));
  // the panel shows this view anew for whoever that is
  const signIn = () => place.replaceChildren(panel.coming(() => session.prove(), () => null));
  if (session.person) begin();
  else place.append(signInFirst(panel, signIn));
  return h("div", {}, panel.heading(words.say("receipts")), place);
}

function signInFirst(panel, begin) {
  const { words } = panel;
  return h(
    "div",
    { class: "empty" },
    icon("mark", 32, true),
    h("p", {}, words.say("whoareyou")),
    h("button", { type: "button", class: "button", "data-look": "primary", part: "primary", onclick: begin }, words.say("signin")),
  );
}

function piece(panel, { html, told_at: at }) {
  return h("article", { class: "piece" }, prose(panel, html, ""), h("p", { class: "quiet" }, time(panel, at)));
}

function pair(panel, { idea, contribution, answer, how_used: used, told }) {
  const { words } = panel;
  const status = answer && panel.board?.statuses.find((each) => each.slug === answer.status);
  const sent = (told ?? []).filter((each) => each.state === "sent" && each.at);
  const title = ideaLink(panel, idea);
  return h(
    "li",
    { class: "receipt", part: "receipt" },
    h("p", { class: "receipt-head" }, words.say(SAID[contribution.kind] ?? "votedfor"), " · ", time(panel, contribution.at)),
    h("p", { class: "row-title" }, title),
    h(
      "div",
      { class: "became", "data-waiting": !answer },
      icon("turn", 18, true),
      answer
        ? h(
            "div",
            {},
            h("p", { class: "receipt-head" }, status ? stage(status) : null, " ", h("strong", {}, words.say(`reason:${answer.reason}`))),
            used ? h("p", { class: "used" }, used) : null,
            h("p", { dir: "auto" }, answer.text.length > LONGEST ? `${answer.text.slice(0, LONGEST)} …` : answer.text),
            sent.length ? h("p", { class: "quiet" }, sent.map((each) => [words.say(`told:${each.channel}`), " ", time(panel, each.at), ". "]).flat()) : null,
          )
        : h("p", {}, waiting(panel)),
    ),
  );
}

function waiting(panel) {
  const days = panel.board?.promise.answer_within_days;
  return days ? panel.words.count("unansweredwithin", days) : panel.words.say("unanswered");
}

function nothing(panel) {
  const { words } = panel;
  return h("div", { class: "empty" }, icon("mark", 32, true), h("h3", {}, words.say("nothingyours")), h("p", {}, words.say("thenhere")));
}
