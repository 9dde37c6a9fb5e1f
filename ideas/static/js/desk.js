// The team's list by keyboard. Not while somebody types.

const rows = [...document.querySelectorAll("[data-desk-row]")];
const at = () => rows.findIndex((row) => row.contains(document.activeElement));
const go = (place) => rows[Math.max(0, Math.min(place, rows.length - 1))]?.querySelector("[data-desk-open]").focus();
const here = () => rows[at()];

const acts = {
  j: () => go(at() + 1),
  k: () => go(at() - 1),
  o: () => here()?.querySelector("[data-desk-open]").click(),
  s: () => here()?.querySelector("[data-desk-scores]")?.click(),
  a: () => here() && location.assign(here().dataset.deskAnswer),
  x: () => here()?.querySelector("[data-desk-pick]")?.click(),
  t: () => document.querySelector("[data-desk-sort]")?.click(),
  "/": () => document.querySelector("#ask-q")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
