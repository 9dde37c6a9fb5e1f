// What people wrote, as the API renders it: taken apart, and put together again out of a few kinds of elements.

import { h } from "./dom.js";

const TAGS = new Set(
  "P BR HR EM STRONG S CODE PRE BLOCKQUOTE UL OL LI A IMG H3 H4 H5 H6 TABLE THEAD TBODY TR TH TD MARK".split(" "),
);
const UNSAID = new Set(["SCRIPT", "STYLE", "TEMPLATE"]);
const BREAKS = new Set(["P", "BR", "LI", "PRE", "BLOCKQUOTE", "TR", "H3", "H4", "H5", "H6"]);

let trust;

/** The document that `html` makes, in which nothing runs or loads; null where the page around forbids to read HTML. */
function parsed(html) {
  try {
    if (trust === undefined) {
      trust = window.trustedTypes?.createPolicy("answerback", { createHTML: (text) => text }) ?? null;
    }
    return new DOMParser().parseFromString(trust ? trust.createHTML(html) : html, "text/html");
  } catch {
    trust ??= null;
    return null;
  }
}

/** html for reading; `text`, which it was rendered from, where HTML may not be read. */
export function prose(panel, html, text) {
  const made = h("div", { class: "prose", dir: "auto" });
  const page = parsed(html);
  if (page) made.append(...[...page.body.childNodes].flatMap((node) => copied(panel, node)));
  else made.append(h("p", { class: "as-typed" }, text));
  return made;
}

function copied(panel, node) {
  if (node.nodeType === Node.TEXT_NODE) return [node.data];
  if (node.nodeType !== Node.ELEMENT_NODE || UNSAID.has(node.tagName)) return [];
  const children = [...node.childNodes].flatMap((child) => copied(panel, child));
  if (!TAGS.has(node.tagName)) return children;
  const name = node.tagName.toLowerCase();
  if (name === "a") {
    const address = safe(panel, node.getAttribute("href"), ["http:", "https:", "mailto:"]);
    return address ? [h("a", { href: address, target: "_blank", rel: "nofollow noopener ugc" }, children)] : children;
  }
  if (name === "img") return [picture(panel, node)].filter(Boolean);
  return [h(name, name === "ol" ? { start: node.getAttribute("start") } : {}, children)];
}

/** A picture of the site's. A page whose policy lets none through has a link in its place. */
function picture(panel, node) {
  const address = safe(panel, node.getAttribute("src"), ["http:", "https:"]);
  if (!address || new URL(address).origin !== panel.session.origin) return node.getAttribute("alt") ?? "";
  const words = node.getAttribute("alt") || panel.words.say("picture");
  const [width, height] = [node.getAttribute("width"), node.getAttribute("height")];
  const shown = h("img", {
    alt: words,
    width,
    height,
    loading: "lazy",
    onerror: () => shown.replaceWith(h("a", { href: address, target: "_blank", rel: "noopener" }, words)),
  });
  shown.src = address;
  return shown;
}

function safe(panel, given, schemes) {
  try {
    const address = new URL(given ?? "", `${panel.session.base}/`);
    return schemes.includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/** The words of `html` in one line. */
export function plain(html, text = "") {
  const page = parsed(html);
  if (!page) return text;
  const said = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
    else if (node.nodeName === "IMG") said.push(node.getAttribute("alt") ?? "");
    for (const child of node.childNodes) walk(child);
    if (BREAKS.has(node.nodeName)) said.push(" ");
  };
  walk(page.body);
  return said.join("").replace(/\s+/g, " ").trim();
}
