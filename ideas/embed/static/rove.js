// A list is one stop of the keyboard, and arrows go on within it.

/** The same list, in which arrows, Home and End go from row to row, in the column where they were pressed. columns: what
 *  can be focused in each row. */
export function rove(list, ...columns) {
  const rows = () => [...list.children];
  const mark = (row) => {
    for (const each of rows()) {
      for (const column of columns) {
        each.querySelectorAll(column).forEach((control) => control.setAttribute("tabindex", each === row ? "0" : "-1"));
      }
    }
  };
  list.addEventListener("focusin", (event) => {
    const row = rows().find((each) => each.contains(event.target));
    if (row) mark(row);
  });
  list.addEventListener("keydown", (event) => {
    const column = columns.find((each) => event.target.matches(each));
    if (!column) return;
    const all = rows();
    const here = all.findIndex((each) => each.contains(event.target));
    const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (there === undefined || !all[there]) return;
    event.preventDefault();
    const found = all[there].querySelector(column);
    const next = found && found.matches("a, button") ? found : all[there].querySelector("a, button");
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  });
  list.roved = () => mark(rows().find((each) => each.contains(list.getRootNode().activeElement)) ?? rows()[0]);
  list.roved();
  return list;
}
