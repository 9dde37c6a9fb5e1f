// Asking what is like the words that somebody types, a moment after the last of them.

const PAUSE = 250;
const SHORTEST = 3;

/** Calls tell(ideas, words) while `field` is typed in, and tell(null) when there are too few words or no answer. */
export function similarTo(panel, field, tell) {
  let timer = null;
  let stop = null;
  const ask = async () => {
    const title = field.value.trim();
    stop?.abort();
    if (title.length < SHORTEST) return tell(null, title);
    stop = new AbortController();
    try {
      const { data } = await panel.session.ask("GET", panel.session.path("similar", { title }), { signal: stop.signal });
      panel.backing.learn(data);
      tell(data, title);
    } catch (trouble) {
      // whoever types goes on: to find is a help, not a condition
      if (trouble.kind !== "stopped") tell(null, title);
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  return ask;
}
