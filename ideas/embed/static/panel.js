// What is opened: the frame around the views, the way back, and what is said when something cannot be had.

import { h, icon, report, sheet } from "./dom.js";
import { showIdea } from "./idea.js";
import { showList } from "./list.js";
import { LOOKS } from "./panel-looks.js";
import { showReceipts } from "./receipts.js";
import { showReleases } from "./releases.js";
import { showRoadmap } from "./roadmap.js";
import { showForm } from "./submit.js";
import { backingOf } from "./vote.js";

const VIEWS = {
  list: showList,
  roadmap: showRoadmap,
  releases: showReleases,
  receipts: showReceipts,
  idea: showIdea,
  submit: showForm,
};
const TABS = ["list", "roadmap", "releases", "receipts"];
const SLOW = 3_000; // until it is said that it takes long

export class Panel {
  constructor(host, place, inline) {
    this.host = host;
    this.words = host.words;
    this.session = host.session;
    this.inline = inline;
    this.backing = backingOf(host.session);
    this.board = null;
    this.who = null; // whose draft and way through the views this is
    this.clear();
    // one view of the page's choice, and no way to others
    this.alone = inline && host.hasAttribute("view") ? host.getAttribute("view") : null;
    host.addSheet(sheet(LOOKS));
    this.draw(place);
    this.session.addEventListener("person", () => this.turn(false));
    this.session.addEventListener("left", () => this.turn(true));
    this.who = this.session.person?.id ?? null;
    this.meet().catch(report);
  }

  clear() {
    this.draft = { title: "", body: "", capture: false };
    this.trail = [];
  }

  /** Somebody else, or nobody, is signed in. What was typed is there for the same person again, unless they left. */
  turn(hasLeft) {
    this.drawFoot();
    const now = this.session.person?.id;
    const isOther = this.who !== null && (hasLeft || (now !== undefined && now !== this.who));
    this.who = hasLeft ? null : (now ?? this.who);
    if (isOther) this.clear();
    for (const each of [...this.trail, this.shown]) if (each && (isOther || each.view === "receipts")) this.drawAnew(each);
  }

  drawAnew(shown) {
    const here = this.host.shadowRoot.activeElement;
    const hadFocus = shown.element.contains(here);
    shown.element = this.drawn(shown.view, { id: shown.given.id });
    if (shown !== this.shown) return;
    this.put(shown);
    if (hadFocus) this.body.focus({ preventScroll: true });
  }

  drawn(view, given) {
    const element = VIEWS[view](this, given);
    element.classList.add("view");
    return element;
  }

  draw(place) {
    const { words } = this;
    this.title = h("p", { class: "title", part: "title" }, words.say("launcher"));
    // it stands in the title's place: what is there by itself does not move
    this.way = h("button", { type: "button", class: "way", hidden: true, onclick: () => this.back() });
    const close = h("button", { type: "button", class: "round", "aria-label": words.say("close"), onclick: () => this.host.close() });
    close.append(icon("close", 18));
    this.tabs = h("nav", { class: "tabs", "aria-label": words.say("views") });
    for (const view of TABS) {
      this.tabs.append(
        h("button", { type: "button", class: "tab", "data-view": view, onclick: () => this.show(view) }, words.say(view)),
      );
    }
    this.body = h("div", { class: "body", part: "body", tabindex: "-1" });
    this.live = h("p", { class: "hidden", role: "status" });
    this.foot = h("footer", { class: "foot", part: "foot" });
    const head = h("header", { class: "head", part: "head" }, this.way, this.title, this.inline ? null : close);
    const parts = this.alone ? [this.way, this.body] : [head, this.tabs, this.body];
    this.element = h("section", { class: "panel", part: "panel" }, parts, this.foot, this.live);
    if (this.inline) this.element.setAttribute("data-inline", "");
    if (this.alone) this.element.setAttribute("data-alone", "");
    place.replaceChildren(this.element);
    this.name();
  }

  name() {
    const { words } = this;
    const name = this.board?.name ?? words.say("launcher");
    this.title.textContent = name;
    const whither = this.alone ? null : h("span", { class: "way-name" }, h("span", { class: "hidden" }, ": "), name);
    const back = h("span", { class: this.alone ? "" : "hidden" }, words.say("back"));
    this.way.replaceChildren(icon("back", 18, true), back, ...(whither ? [whither] : []));
    this.drawFoot();
  }

  drawFoot() {
    const { session, words } = this;
    const who =
      session.person && !session.isByHost
        ? [
            h("span", { class: "who" }, words.say("as", { name: session.person.name ?? "" })),
            h("button", { type: "button", class: "plain", onclick: () => session.signOut() }, words.say("signout")),
          ]
        : [];
    const board = h(
      "a",
      { class: "brand", target: "_blank", rel: "noopener", href: this.board?.url ?? `${session.base}/boards/${session.board}` },
      icon("mark", 16, true),
      this.host.options.site.name || "Answerback",
      h("span", { class: "hidden" }, ` (${words.say("newtab")})`),
    );
    this.foot.replaceChildren(board, h("span", { class: "foot-who" }, who));
  }

  /** The board itself: its name, what the team promises, what its statuses are called. */
  async meet() {
    this.meeting ??= this.session.ask("GET", `boards/${encodeURIComponent(this.session.board)}`);
    try {
      this.board = await this.meeting;
    } catch (error) {
      this.meeting = null;
      throw error;
    }
    this.name();
    return this.board;
  }

  /** Opened anew: what was shown stays, unless something is wanted. */
  begin({ view, idea, title } = {}) {
    if (title) this.draft.title = title;
    const wanted = view ?? (idea ? "idea" : title ? "submit" : null);
    if (wanted && Object.hasOwn(VIEWS, wanted)) {
      this.trail = [];
      this.shown = null;
      this.show(wanted, { id: Number(idea) }, { silent: this.inline });
    } else if (!this.shown) this.show("list", {}, { silent: this.inline });
    else this.body.focus({ preventScroll: true });
  }

  show(view, given = {}, { silent = false } = {}) {
    const root = TABS.includes(view);
    if (root) this.trail = [];
    else if (this.shown) {
      this.shown.top = this.body.scrollTop;
      this.shown.focus = this.host.shadowRoot.activeElement;
      this.trail.push(this.shown);
    }
    const element = this.drawn(view, given);
    this.put({ view, given, element });
    if (silent) return;
    const heading = element.querySelector("[data-heading]");
    (heading ?? this.body).focus({ preventScroll: true });
  }

  back() {
    const last = this.trail.pop();
    if (!last) return this.show("list");
    this.put(last);
    this.body.scrollTop = last.top ?? 0;
    (last.focus?.isConnected ? last.focus : this.body).focus({ preventScroll: true });
  }

  put(shown) {
    this.shown = shown;
    this.body.replaceChildren(shown.element);
    this.body.scrollTop = 0;
    const tab = TABS.includes(shown.view) ? shown.view : this.trail[0]?.view;
    for (const each of this.tabs.children) {
      if (each.dataset.view === tab) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
    this.way.hidden = !this.trail.length && (TABS.includes(shown.view) || Boolean(this.alone));
    this.title.hidden = !this.way.hidden;
  }

  /** A heading that the focus goes to when its view is shown. */
  heading(words, given = {}) {
    return h("h2", { class: "heading", tabindex: "-1", "data-heading": true, ...given }, words);
  }

  /** Where `draw(await load())` comes to stand; before it the shape of what comes, and if it fails a word and a way. */
  coming(load, draw, rows = 4) {
    const place = h("div", { class: "place", "aria-busy": "true" });
    const go = async () => {
      place.setAttribute("aria-busy", "true");
      place.replaceChildren(...Array.from({ length: rows }, () => h("div", { class: "shape" }, h("i"), h("i"), h("i"))));
      const slow = setTimeout(() => place.append(h("p", { class: "note", role: "status" }, this.words.say("slow"))), SLOW);
      const put = (...parts) => {
        const here = this.host.shadowRoot.activeElement;
        const hadFocus = here === this.body || place.contains(here);
        place.replaceChildren(...parts);
        if (hadFocus) (place.querySelector("[data-heading]") ?? this.body).focus({ preventScroll: true });
      };
      try {
        const drawn = await draw(await load());
        put(...[drawn].flat().filter(Boolean));
      } catch (trouble) {
        put(this.sorry(trouble, go));
      } finally {
        clearTimeout(slow);
        place.removeAttribute("aria-busy");
      }
    };
    go();
    return place;
  }

  /** What is said of a trouble, with a way to try again where that may help. */
  sorry(trouble, again) {
    const { words } = this;
    const button = (name, go) => h("button", { type: "button", class: "button", onclick: go }, words.say(name));
    let said = words.say("away");
    let way = again && button("again", again);
    if (!trouble.kind) {
      report(trouble);
      said = words.say("fault");
    } else if (trouble.status === 404) {
      said = words.say("nothing");
      way = null;
    } else if (trouble.kind === "refused") said = trouble.problem?.detail ?? words.say("fault");
    else if (trouble.kind === "sign-in" || trouble.kind === "blocked") {
      said = words.say(trouble.kind);
      way = again && button("signin", again);
    } else if (trouble.kind === "given-up") said = words.say("given-up");
    return h("div", { class: "sorry", role: "alert" }, h("p", {}, said), way);
  }

  announce(words) {
    this.live.textContent = words;
  }

  tell(name, detail) {
    this.host.tell(name, detail);
  }
}
