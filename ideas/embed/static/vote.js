// Votes: what this person backs, and the buttons that say it.

import { h, icon, report, sheet } from "./dom.js";
import { asksByWindow } from "./signin.js";

const FINAL = ["shipped", "declined"]; // stages whose ideas take no votes
const MOST = 100; // ideas asked for at once
const known = new WeakMap();

export function backingOf(session) {
  session.asks ??= asksByWindow;
  if (!known.has(session)) known.set(session, new Backing(session));
  return known.get(session);
}

/** How many back each idea that is shown, and whether this person does. */
class Backing {
  constructor(session) {
    this.session = session;
    this.counts = new Map();
    this.own = new Set();
    this.buttons = new Set(); // weakly held: views come and go
    session.addEventListener("person", () => {
      this.own.clear();
      this.changed();
      this.ask([...this.counts.keys()]).catch(report);
    });
  }

  /** ideas: some that were read, each with its count. */
  learn(ideas) {
    for (const idea of ideas) this.counts.set(idea.id, idea.vote_count);
    this.ask(ideas.map((idea) => idea.id)).catch(report);
  }

  async ask(ids) {
    const { person } = this.session;
    for (let at = 0; person && at < ids.length; at += MOST) {
      const some = ids.slice(at, at + MOST);
      const { data } = await this.session.ask("GET", `me/votes?ideas=${some.join(",")}`);
      if (this.session.person?.id !== person.id) return; // it was of somebody else
      for (const id of some) this.own.delete(id);
      for (const id of data) this.own.add(id);
      this.changed();
    }
  }

  /** Straight from the click, since it may have to open a window. */
  async turn(id) {
    const { session } = this;
    const knew = Boolean(session.person);
    const wanted = !this.own.has(id);
    if (!knew) {
      await session.prove();
      await this.ask([id]);
      if (this.own.has(id)) return null; // it was there already: who signs in to vote does not take it back
    }
    const now = await session.ask(wanted ? "PUT" : "DELETE", `ideas/${id}/vote`, { mine: true });
    this.counts.set(id, now.vote_count);
    if (now.voted) this.own.add(id);
    else this.own.delete(id);
    this.changed();
    return now;
  }

  /** button: drawn anew by its own `redraw` whenever something changes. */
  watch(button) {
    this.buttons.add(new WeakRef(button));
  }

  changed() {
    for (const each of this.buttons) {
      const button = each.deref();
      if (button) button.redraw();
      else this.buttons.delete(each);
    }
  }
}

/** at: who shows it, with words, session and tell; trouble(error, again) is called when it did not work. */
export function voteButton(at, idea, { wide = false, trouble }) {
  const { words } = at;
  const backing = backingOf(at.session);
  if (!backing.counts.has(idea.id)) backing.counts.set(idea.id, idea.vote_count);
  const count = h("span", { class: "vote-count" });
  const said = h("span", { class: wide ? "vote-said" : "hidden" });
  if (FINAL.includes(idea.status.stage)) {
    count.textContent = words.number(idea.vote_count);
    said.textContent = words.count(wide ? "want" : "votesword", idea.vote_count);
    return h("div", { class: "vote", part: "vote", "data-closed": true, "data-wide": wide }, count, " ", said);
  }
  const mark = h("span", { class: "vote-mark" });
  const button = h("button", { type: "button", class: "vote", part: "vote", "data-wide": wide, onclick: press });
  button.append(mark, count, said);
  let shown = null;

  function draw() {
    const on = backing.own.has(idea.id);
    const number = backing.counts.get(idea.id);
    button.setAttribute("aria-pressed", String(on));
    mark.replaceChildren(icon(on ? "check" : "up", 16));
    count.textContent = words.number(number);
    said.textContent = wide ? words.count("want", number) : ` ${words.count("votesfor", number, { title: idea.title })}`;
    if (shown !== null && shown !== number) {
      button.removeAttribute("data-changed");
      requestAnimationFrame(() => button.setAttribute("data-changed", ""));
    }
    shown = number;
  }

  async function press() {
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    try {
      const now = await backing.turn(idea.id);
      if (!now) return;
      at.announce?.(now.voted ? words.count("counts", now.vote_count) : words.say("takenback"));
      at.tell(now.voted ? "idea:voted" : "idea:unvoted", { id: idea.id, title: idea.title, vote_count: now.vote_count });
      trouble?.(null);
    } catch (error) {
      trouble?.(error, press);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  button.redraw = draw;
  backing.watch(button);
  draw();
  return button;
}

/** <answerback-vote idea="42">: a vote button that stands by itself. */
export async function drawAlone(host) {
  const { session, words } = host;
  host.addSheet(sheet(VOTE, ALONE));
  const said = h("p", { class: "said", role: "status" });
  const place = h("div", { class: "alone" });
  const way = (name, go) => h("button", { type: "button", class: "way", onclick: go }, words.say(name));
  const begin = async () => {
    place.replaceChildren(h("div", { class: "vote", "data-wide": true, "data-coming": true, "aria-busy": "true" }));
    try {
      const idea = await session.ask("GET", `ideas/${Number(host.getAttribute("idea"))}`);
      backingOf(session).learn([idea]);
      const trouble = (error, again) => {
        said.replaceChildren(...(error ? [words.say(worded(error)), " ", way("again", again)] : []));
      };
      place.replaceChildren(voteButton(host, idea, { wide: true, trouble }));
      said.replaceChildren();
    } catch (error) {
      place.replaceChildren();
      said.replaceChildren(words.say(error.status === 404 ? "nothing" : "away"), " ", way("again", begin));
    }
  };
  host.root.replaceChildren(place, said);
  await begin();
}

function worded(error) {
  return ["sign-in", "blocked", "given-up"].includes(error.kind) ? error.kind : error.kind === "refused" ? "fault" : "away";
}

export const VOTE = `
.vote {
  position: relative; z-index: 1; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 2px;
  align-self: start; inline-size: 52px; min-block-size: 56px; padding: 4px; border: 1px solid var(--edge); border-radius: var(--radius);
  background: var(--surface); color: var(--ink); line-height: 1.15; cursor: pointer;
  transition: background-color var(--quick), border-color var(--quick);
}
.vote-mark { color: var(--accent); }
.vote:hover { border-color: var(--accent); background: var(--accent-tint); }
.vote[aria-pressed="true"] { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.vote[aria-pressed="true"] .vote-mark { color: inherit; }
.vote[aria-pressed="true"]:hover { border-color: var(--accent-hover); background: var(--accent-hover); }
.vote[aria-busy] { cursor: progress; }
.vote-count { font-size: 17px; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.vote-said { font-size: 15px; }
.vote[data-wide] { flex-direction: row; gap: 8px; inline-size: 100%; min-block-size: 48px; padding-inline: 16px; }
.vote[data-closed], .vote[data-closed]:hover { border-color: transparent; background: var(--sunk); cursor: default; }
.vote[data-changed] .vote-count { animation: roll var(--quick) ease-out; }
@keyframes roll { from { opacity: 0; translate: 0 0.5em; } }
@media (forced-colors: active) { .vote[aria-pressed="true"] { border-width: 3px; } }`;

const ALONE = `
.alone .vote { inline-size: auto; min-inline-size: 192px; }
.said { margin: 4px 0 0; color: var(--quiet); font-size: 13px; }
.said:empty { display: none; }
.way { padding: 4px 8px; border: 0; background: none; color: var(--accent); text-decoration: underline; cursor: pointer; }`;
