// Elements out of names, attributes and children. What anybody wrote only ever becomes text.

const SVG = "http://www.w3.org/2000/svg";

/** h("button", {class: "button", onclick: press}, "Vote"). What is null, undefined or false is left out. */
export function h(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), guarded(value));
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The same function, whose failures stay ours: the page around hears nothing of them. */
export function guarded(act) {
  return (event) => {
    try {
      Promise.resolve(act(event)).catch(report);
    } catch (error) {
      report(error);
    }
  };
}

export function report(error) {
  console.debug("Answerback", error);
}

const SHAPES = {
  mark: ["0 0 24 24", 2.2, "M4 21V7a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3v5a3 3 0 0 1-3 3h-7M13.2 11.8 10 15l3.2 3.2"],
  turn: ["0 0 16 16", 1.8, "M13.5 3v4.2a3 3 0 0 1-3 3H3M6.2 6.8 2.8 10.2l3.4 3.4"],
  up: ["0 0 16 12", 2.2, "m2.5 9 5.5-6 5.5 6"],
  check: ["0 0 16 14", 2.4, "m2.5 7.5 3.6 3.6 7.4-8"],
  close: ["0 0 16 16", 1.8, "m3.5 3.5 9 9M12.5 3.5l-9 9"],
  back: ["0 0 16 16", 1.8, "M13.5 8h-11M6.5 4l-4 4 4 4"],
  open: ["0 0 16 16", 1.7, "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 0 0 8 2.4z"],
  considering: ["0 0 16 16", 1.7, "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 0 0 8 2.4z", "M8 2.4a5.6 5.6 0 0 1 0 11.2z"],
  planned: [
    "0 0 16 16",
    1.7,
    "M2.6 4.9a1.5 1.5 0 0 1 1.5-1.5h7.8a1.5 1.5 0 0 1 1.5 1.5v5.2l-3.3 3.3h-6a1.5 1.5 0 0 1-1.5-1.5zM13.4 10.1h-1.8a1.5 1.5 0 0 0-1.5 1.5v1.8M5.4 1.8v2.6M10.6 1.8v2.6",
  ],
  started: ["0 0 16 16", 1.7, "M4.6 4.6h6.8a3.4 3.4 0 0 1 0 6.8H4.6a3.4 3.4 0 0 1 0-6.8z", "M4.6 6.6h3.6v2.8H4.6z"],
  shipped: ["0 0 16 16", 1.7, "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 0 0 8 2.4zM5.2 8.2l2 2 3.7-4.2"],
  declined: ["0 0 16 16", 1.7, "M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 0 0 8 2.4zM4.1 4.1l7.8 7.8"],
};

/** A drawing of ours by its name; `turns` with the direction of reading. */
export function icon(name, size = 16, turns = false) {
  const [box, width, line, filled] = SHAPES[name];
  const drawing = document.createElementNS(SVG, "svg");
  const [, , across, down] = box.split(" ");
  const given = {
    viewBox: box,
    width: size,
    height: Math.round((size * down) / across),
    fill: "none",
    stroke: "currentColor",
    "stroke-width": width,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  };
  if (turns) given.class = "turns";
  for (const [key, value] of Object.entries(given)) drawing.setAttribute(key, value);
  for (const [path, fill] of [[line, "none"], [filled, "currentColor"]]) {
    if (!path) continue;
    const part = document.createElementNS(SVG, "path");
    part.setAttribute("d", path);
    if (fill !== "none") part.setAttribute("fill", fill);
    drawing.append(part);
  }
  return drawing;
}

export function sheet(...texts) {
  const made = new CSSStyleSheet();
  made.replaceSync(texts.join("\n"));
  return made;
}
