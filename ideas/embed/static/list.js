// The board: a box that finds while it is typed in, and the ideas in three orders.

import { h, icon } from "./dom.js";
import { plain } from "./prose.js";
import { rove } from "./rove.js";
import { facts, ideaLink } from "./shown.js";
import { similarTo } from "./similar.js";
import { voteButton } from "./vote.js";

const SORTS = ["trending", "top", "new"];
const PAGE = 15;
const EXCERPT = 160;

export function showList(panel) {
  const { words } = panel;
  let sort = SORTS[0];
  const promise = h("p", { class: "promise" });
  const sorts = h("div", { class: "sorts", role: "group", "aria-label": words.say("order") });
  const listed = h("div");
  const found = h("div", { class: "found", hidden: true });
  const field = h("input", { class: "field", part: "field", id: "ask", type: "text", autocomplete: "off", enterkeyhint: "go", maxlength: "120" });
  const say = (title) => panel.show("submit", { title });
  const form = h(
    "form",
    {
      class: "ask",
      role: "search",
      onsubmit: (event) => {
        event.preventDefault();
        say(field.value.trim());
      },
    },
    h("label", { class: "label", for: "ask" }, words.say("ask")),
    field,
    h("button", { class: "button", "data-look": "primary", part: "primary" }, words.say("post")),
  );

  similarTo(panel, field, (ideas, title) => {
    found.hidden = !ideas;
    all.hidden = Boolean(ideas);
    if (!ideas) return found.replaceChildren();
    const last = h(
      "button",
      { type: "button", class: "anew", onclick: () => say(title) },
      words.say("anew", { words: title }),
    );
    const rows = ideas.map((idea) => row(panel, idea));
    found.replaceChildren(
      h("h3", { class: "small-head" }, ideas.length ? words.say("alike") : words.say("nonealike")),
      ...(rows.length ? [rove(h("ul", { class: "list" }, rows), ".row-link", ".vote")] : []),
      last,
    );
    panel.announce(ideas.length ? words.count("found", ideas.length) : words.say("nonealike"));
  });

  const mark = () => {
    for (const each of sorts.children) each.setAttribute("aria-pressed", String(each.dataset.sort === sort));
  };

  const order = (wanted) => {
    sort = wanted;
    mark();
    listed.replaceChildren(panel.coming(read, draw));
  };

  const read = () => page(panel.session.path("ideas", { sort, limit: PAGE }));

  const page = async (address) => {
    const read = await panel.session.ask("GET", address);
    panel.backing.learn(read.data);
    return read;
  };

  const draw = ({ data, next }) => {
    if (!data.length) return empty(panel);
    const list = rove(h("ul", { class: "list", "aria-label": words.say(sort) }, data.map((idea) => row(panel, idea))), ".row-link", ".vote");
    return [list, next ? more(list, next) : null];
  };

  const more = (list, next) => {
    const place = h("div", { class: "more" });
    const go = async () => {
      button.setAttribute("aria-busy", "true");
      try {
        const read = await page(next);
        const rows = read.data.map((idea) => row(panel, idea));
        place.remove(); // what goes and comes back has not moved
        list.append(...rows);
        list.roved();
        rows[0]?.querySelector(".row-link").focus();
        next = read.next;
        place.replaceChildren(button);
        if (next) list.after(place);
      } catch (trouble) {
        place.replaceChildren(panel.sorry(trouble, go));
      }
      button.removeAttribute("aria-busy");
    };
    const button = h("button", { type: "button", class: "button", onclick: go }, words.say("more"));
    place.append(button);
    return place;
  };

  for (const each of SORTS) {
    sorts.append(h("button", { type: "button", class: "sort", "data-sort": each, onclick: () => order(each) }, words.say(each)));
  }
  mark();
  // both at once, so that what comes later moves nothing
  const all = panel.coming(
    () => Promise.all([read(), panel.meet()]),
    ([ideas, board]) => {
      const days = board.promise.answer_within_days;
      promise.textContent = [board.promise.text, days ? words.count("within", days) : ""].filter(Boolean).join(" ");
      listed.replaceChildren(...[draw(ideas)].flat().filter(Boolean));
      return [promise, sorts, listed];
    },
  );
  return h("div", {}, panel.heading(words.say("list"), { class: "hidden heading" }), form, found, all);
}

/** One idea in a list: the vote, its title, its first words, what it is now, and a line of the answer. */
export function row(panel, idea) {
  const { words } = panel;
  const note = h("div", { class: "row-note" });
  const trouble = (error, again) => note.replaceChildren(...(error ? [panel.sorry(error, again)] : []));
  const text = idea.body_html === undefined ? "" : plain(idea.body_html, idea.body).slice(0, EXCERPT * 2);
  const title = ideaLink(panel, idea, { class: "row-link" });
  const answer = idea.answer;
  return h(
    "li",
    { class: "row", part: "row" },
    voteButton(panel, idea, { trouble }),
    h(
      "div",
      { class: "row-body" },
      h("p", { class: "row-title", part: "row-title" }, title),
      idea.said_as ? h("p", { class: "row-text" }, words.say("saidas", { title: idea.said_as })) : null,
      text ? h("p", { class: "row-text", dir: "auto" }, text) : null,
      facts(panel, idea),
      answer
        ? h(
            "p",
            { class: "returned" },
            icon("turn", 16, true),
            h("span", {}, h("bdi", { class: "person" }, answer.by.name), ": ", h("bdi", {}, plain(answer.text_html, answer.text).slice(0, EXCERPT))),
          )
        : null,
      note,
    ),
  );
}

function empty(panel) {
  const { words } = panel;
  return h("div", { class: "empty" }, icon("mark", 32, true), h("h3", {}, words.say("nobody")), h("p", {}, words.say("befirst")));
}
