// One key for each act of a page: whatever carries data-key is pressed by it, or given the focus where something is
// typed in. j and k go from one [data-keys-stop] to the next where no link of the page says where they lead. Not while
// somebody types: there Escape leaves the field, and Ctrl or ⌘ with Enter sends its form.

const stops = [...document.querySelectorAll("[data-keys-stop]")];
const item = (element) => element?.closest("[data-keys-item]");

const find = (key) => {
  const named = `[data-key="${CSS.escape(key)}"]`;
  const here = item(document.activeElement)?.querySelector(named);
  return here ?? [...document.querySelectorAll(named)].find((each) => !item(each));
};

const use = (control) => {
  const closed = control.closest("details:not([open])");
  if (closed && !control.matches("summary")) closed.open = true;
  control.focus();
  if (control.matches("a, button, summary, input[type=checkbox]:not([data-key-stays])")) control.click();
};

const step = (by) => {
  const at = stops.findIndex((stop) => item(stop)?.contains(document.activeElement));
  stops[Math.max(0, Math.min(at + by, stops.length - 1))]?.focus();
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("textarea, select, input:not([type=checkbox], [type=radio])");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest?.("form");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    const help = document.querySelector("[data-keys-help][open]");
    if (help) help.open = false;
    if (field) field.blur();
    if (help || field) document.querySelector("[data-keys-open]")?.focus();
    return;
  }
  if (field) return;
  const control = find(event.key);
  if (control) use(control);
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else return;
  event.preventDefault();
});

if (location.hash === "#open") document.querySelector("[data-keys-open]")?.focus({ preventScroll: true });
