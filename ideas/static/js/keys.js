// One key for each step through what waits: j down, k up, a answers. Not while somebody types.

const list = document.querySelector("[data-keys]");

document.addEventListener("keydown", (event) => {
  if (!list || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  const stops = [...list.querySelectorAll("[data-keys-stop]")];
  const at = stops.findIndex((stop) => stop.closest("li").contains(document.activeElement));
  if (event.key === "j") stops[Math.min(at + 1, stops.length - 1)]?.focus();
  else if (event.key === "k") stops[Math.max(at - 1, 0)]?.focus();
  else if (event.key === "a" && at >= 0) stops[at].closest("li").querySelector("[data-keys-answer]").click();
});
