// The elements that stand on another site's page, and what that page may call. What is read comes when it is opened.

import { guarded, h, icon, report, sheet } from "./dom.js";
import { LAUNCHER, tokens } from "./looks.js";
import { Session, tokenIn } from "./session.js";
import { wordsIn } from "./words.js";

const AGAIN = 5 * 60_000; // between two looks at whether there is news
const TRIES = 4;
const LATER = 15_000; // until words that could not be had are asked for again
const PATIENCE = 10_000;
const NEAR = "400px"; // what stands within the page begins when it is so near to be seen

let core = null;

/** options: the script's data attributes, where the site is, and what it said of itself. */
export function start(options) {
  if (core) return core;
  core = new Core(options);
  core.begin();
  return core;
}

class Core {
  constructor(options) {
    this.options = options;
    this.sessions = new Map();
    this.listeners = new Map();
    this.given = null;
    this.tokens = sheet(tokens(options.site));
  }

  begin() {
    const { options } = this;
    const elements = [["answerback-board", Board], ["answerback-vote", Vote]];
    for (const [name, kind] of elements) if (!customElements.get(name)) customElements.define(name, kind);
    if (options.board && !document.querySelector("answerback-board[launcher]")) this.launch();
  }

  launch() {
    const { board, key, theme, lang, label, release, launcher = "end" } = this.options;
    const given = { board, key, theme, lang, label, release, launcher };
    const place = () => document.body.append(h("answerback-board", given));
    if (document.body) place();
    else document.addEventListener("DOMContentLoaded", guarded(place));
  }

  /** One call of the page: ["open", {view: "roadmap"}]. */
  take([what, ...given]) {
    guarded(() => {
      const calls = { identify: this.identify, open: this.open, close: this.close, on: this.on, signout: this.signOut };
      if (!Object.hasOwn(calls, what)) throw new TypeError(`Answerback("${what}") is nothing that can be called`);
      return calls[what].apply(this, given);
    })();
  }

  session({ board, key, lang }) {
    const name = JSON.stringify([board, key]);
    if (!this.sessions.has(name)) {
      const made = new Session({ base: this.options.base, board, key, lang });
      this.sessions.set(name, made);
      let person = null;
      made.addEventListener("person", () => {
        if (made.person) this.tell(document, "signed-in", { person: made.person, board });
        else if (person) this.tell(document, "signed-out", { board });
        person = made.person;
      });
      if (this.given) this.recognise(made);
    }
    return this.sessions.get(name);
  }

  identify(given) {
    this.given = given;
    const all = [...this.sessions.values()];
    return Promise.all((typeof tokenIn(given) === "string" ? all.slice(0, 1) : all).map((session) => this.recognise(session)));
  }

  recognise(session) {
    const given = this.given;
    // what is no function names somebody once: the first board that asks has it
    if (typeof tokenIn(given) === "string") this.given = null;
    return session.identify(given).catch((error) => {
      report(error);
      const code = error.problem?.errors?.[0]?.code ?? error.problem?.code ?? error.kind;
      this.tell(document, "identity:refused", { board: session.board, code });
    });
  }

  async signOut() {
    this.given = null;
    await Promise.all([...this.sessions.values()].map((session) => session.signOut()));
  }

  open({ view, idea, title } = {}) {
    let element = document.querySelector("answerback-board[launcher]");
    if (!element) {
      this.options.launcher = "none";
      this.launch();
      element = document.querySelector("answerback-board[launcher]");
    }
    return element?.open({ view, idea, title });
  }

  close() {
    document.querySelector("answerback-board[launcher]")?.close();
  }

  on(name, hear) {
    if (typeof hear !== "function") throw new TypeError("Answerback('on') takes the name of an event and a function");
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), hear]);
  }

  /** An event on the element and for those who asked by call. What listeners do wrong is theirs, and stops nothing. */
  tell(element, name, detail) {
    element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    for (const hear of this.listeners.get(name) ?? []) queueMicrotask(() => hear(detail));
  }
}

class Embedded extends HTMLElement {
  connectedCallback() {
    if (this.root) return;
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [core.tokens];
    // until there is something to show, what the page put between our tags stays
    this.root = h("div", { class: "root" }, h("slot"));
    shadow.append(this.root);
    // a page's own keys, such as “/” for its search, are not meant by who types in here
    for (const kind of ["keydown", "keyup", "keypress"]) {
      shadow.addEventListener(kind, (event) => event.stopPropagation());
    }
    this.options = core.options;
    this.begin(TRIES).catch(report);
  }

  async begin(tries) {
    const { options } = core;
    const wanted = [this.getAttribute("lang"), options.lang, document.documentElement.lang, ...navigator.languages];
    try {
      this.words = await wordsIn(wanted, options);
    } catch (error) {
      if (tries > 1) setTimeout(() => this.begin(tries - 1).catch(report), LATER);
      throw error;
    }
    this.root.lang = this.words.lang;
    this.root.dir = this.words.dir;
    this.session = core.session({
      board: this.getAttribute("board") ?? options.board,
      key: this.getAttribute("key") ?? options.key,
      lang: this.words.lang,
    });
    await this.draw();
  }

  tell(name, detail) {
    core.tell(this, name, detail);
  }

  addSheet(made) {
    this.shadowRoot.adoptedStyleSheets = [...this.shadowRoot.adoptedStyleSheets, made];
  }
}

class Board extends Embedded {
  async draw() {
    if (this.hasAttribute("launcher")) this.drawLauncher();
    else {
      this.addSheet(sheet(":host { display: block; }", COMING));
      await nearBy(this);
      await this.bringPanel(true);
      this.panel.begin({ view: this.getAttribute("view"), idea: this.getAttribute("idea") });
    }
    this.tell("ready", {});
  }

  drawLauncher() {
    this.addSheet(sheet(LAUNCHER));
    const label = this.getAttribute("label") ?? this.words.say("launcher");
    this.badge = h("span", { class: "badge", part: "badge", hidden: true });
    this.button = h(
      "button",
      { class: "launcher", part: "launcher", type: "button", "aria-haspopup": "dialog", onclick: () => this.open() },
      icon("mark", 20, true),
      h("span", {}, label),
      this.badge,
    );
    this.root.replaceChildren();
    if (this.getAttribute("launcher") !== "none") this.root.append(this.button);
    this.session.addEventListener("person", guarded(() => this.lookForNews()));
    document.addEventListener("visibilitychange", guarded(() => this.lookForNews(AGAIN)));
    if (this.session.person) guarded(() => this.lookForNews())();
    if (this.wanted) guarded(() => this.open(this.wanted))();
  }

  /** How much this person has not read, beside the button. */
  async lookForNews(unlessWithin = 0) {
    if (!this.session.person) return this.showNews(0);
    const now = Date.now();
    if (document.visibilityState === "hidden" || now - (this.lookedAt ?? -AGAIN) < unlessWithin) return;
    this.lookedAt = now;
    const news = await this.session.ask("GET", this.session.path("me/inbox", { limit: 10 }));
    this.showNews(news.data.filter((each) => !each.read).length);
  }

  showNews(unread) {
    this.badge.hidden = !unread;
    this.badge.replaceChildren(
      h("span", { "aria-hidden": "true" }, unread > 9 ? "9+" : this.words.number(unread)),
      h("span", { class: "hidden" }, this.words.count("unread", unread)),
    );
    this.unread = unread;
  }

  async open(what = {}) {
    if (!this.button) {
      this.wanted = what; // when it is drawn
      return;
    }
    this.dialog ??= this.drawDialog();
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.tell("opened", {});
    }
    await this.bringPanel(false);
    this.panel?.begin(what.view || what.idea || what.title ? what : this.unread ? { view: "receipts" } : {});
  }

  close() {
    this.dialog?.close();
  }

  drawDialog() {
    let outside = false;
    const dialog = h("dialog", {
      class: "dialog",
      part: "dialog",
      "aria-label": this.getAttribute("label") ?? this.words.say("launcher"),
      // outside of it, from the press to the end: who marks a text and lets go out there means to stay
      onpointerdown: (event) => (outside = event.target === dialog),
      onclick: (event) => outside && event.target === dialog && dialog.close(),
      onkeydown: (event) => event.key === "Tab" && goRound(event, dialog),
      onclose: () => this.tell("closed", {}),
    });
    this.addSheet(sheet(DIALOG, COMING));
    this.root.append(dialog);
    return dialog;
  }

  /** The panel, into the dialog or right here. While it cannot be had, a word and a way to try again stand there. */
  async bringPanel(inline) {
    const place = inline ? this.root : this.dialog;
    while (!this.panel) {
      const ways = inline ? null : this.way("close", () => this.close());
      place.replaceChildren(h("div", { class: "coming", "aria-busy": "true" }, ways));
      this.tries = (this.tries ?? 0) + 1;
      try {
        const { Panel } = await soon(import(`./panel.js${this.tries > 1 ? `?again=${this.tries}` : ""}`));
        this.panel ??= new Panel(this, place, inline);
      } catch (error) {
        report(error);
        const said = h("p", { role: "alert" }, this.words.say("away"));
        await new Promise((again) => place.replaceChildren(h("div", { class: "coming" }, said, this.way("again", again), ways)));
      }
    }
  }

  way(word, go) {
    return h("button", { type: "button", class: "again", onclick: go }, this.words.say(word));
  }
}

class Vote extends Embedded {
  async draw() {
    this.addSheet(sheet(":host { display: inline-block; }"));
    await nearBy(this);
    const { drawAlone } = await soon(import("./vote.js"));
    await drawAlone(this);
    this.tell("ready", {});
  }
}

/** While it is open the focus stays within: after the last stop comes the first. */
function goRound(event, dialog) {
  const stops = [...dialog.querySelectorAll("a[href], button, input, textarea, summary")].filter(
    (each) => each.tabIndex >= 0 && each.getClientRects().length,
  );
  const [first, last] = [stops[0], stops.at(-1)];
  if (dialog.getRootNode().activeElement !== (event.shiftKey ? first : last)) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

function soon(promise) {
  const late = new Promise((_done, fail) => setTimeout(fail, PATIENCE, new Error("It took too long.")));
  return Promise.race([promise, late]);
}

function nearBy(element) {
  return new Promise((resolve) => {
    const watch = new IntersectionObserver(
      (seen) => {
        if (!seen.some((each) => each.isIntersecting)) return;
        watch.disconnect();
        resolve();
      },
      { rootMargin: NEAR },
    );
    watch.observe(element);
  });
}

const DIALOG = `
.dialog {
  position: fixed; inset: auto; inset-block-end: var(--answerback-inset, 20px); inset-inline-end: var(--answerback-inset, 20px);
  inline-size: min(var(--answerback-width, 416px), calc(100vw - 2 * var(--answerback-inset, 20px)));
  block-size: min(704px, calc(100dvb - 2 * var(--answerback-inset, 20px)));
  max-inline-size: none; max-block-size: none; margin: 0; padding: 0; overflow: hidden;
  border: 0; border-radius: calc(var(--radius) * 1.5); background: var(--surface); color: var(--ink); box-shadow: var(--shade);
}
:host([launcher="start"]) .dialog { inset-inline: var(--answerback-inset, 20px) auto; }
.dialog::backdrop { background: rgb(20 22 26 / 18%); }
.dialog[open] { animation: come var(--quick) ease-out; }
@keyframes come { from { opacity: 0; translate: 0 8px; } }
@media (max-width: 30rem) {
  .dialog, :host([launcher="start"]) .dialog { inset: 0; inline-size: 100vw; block-size: 100dvb; border-radius: 0; }
}`;

const COMING = `
.coming { display: grid; justify-items: start; align-content: start; gap: 12px; padding: 24px; min-block-size: 192px; }
.coming p { margin: 0; }
.again { min-block-size: 44px; padding: 6px 16px; border: 1px solid var(--edge); border-radius: var(--radius); background: var(--surface); cursor: pointer; }`;
