// Who somebody is, asked in a window of the site's.

import { Trouble } from "./session.js";

/** What the window says; call it straight from the click. keep: takes the way to close it early, null once it is closed. */
export function asksByWindow({ base, board, origin }, keep) {
  const state = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
  const asked = new URLSearchParams({ board, origin: location.origin, state: state.join("") });
  const opened = window.open(`${base}/embed/sign-in?${asked}`, "answerback-sign-in", "popup,width=480,height=720");
  if (!opened) return Promise.reject(new Trouble("blocked"));
  return new Promise((resolve, reject) => {
    const end = () => {
      window.removeEventListener("message", hear);
      clearInterval(watch);
      keep(null);
    };
    const hear = (event) => {
      if (event.origin !== origin || event.source !== opened) return;
      const said = event.data;
      if (said?.type !== "answerback:signed-in" || said.state !== asked.get("state")) return;
      if (typeof said.token !== "string") return;
      end();
      opened.close();
      resolve(said);
    };
    const watch = setInterval(() => opened.closed && giveUp(), 500);
    const giveUp = () => {
      end();
      reject(new Trouble("given-up"));
    };
    keep(giveUp);
    window.addEventListener("message", hear);
  });
}
