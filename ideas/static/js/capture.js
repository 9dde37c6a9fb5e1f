// What the bookmark took from another page stands behind "#" in the address: put it where it belongs, then forget it.

const form = document.querySelector("[data-capture]");
const said = new URLSearchParams(location.hash.slice(1));

for (const [name, text] of said) {
  const field = form?.elements.namedItem(name);
  if (!field?.matches?.("textarea, input[type=text], input[type=url]") || field.value) continue;
  if (name === "link" && !/^https?:/.test(text)) continue; // a page that nobody else could open
  field.value = field.maxLength > 0 ? text.slice(0, field.maxLength) : text;
}

if (location.hash) history.replaceState(history.state, "", location.pathname);
