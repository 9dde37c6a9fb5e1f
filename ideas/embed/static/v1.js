// The line on another site's page. Keeps what is called before the rest is here, brings the rest once the page has a
// moment, and never lets anything of ours reach that page as an error.
(() => {
  "use strict";
  const site = /*SITE*/ {};
  const script = document.currentScript;
  const before = window.Answerback;
  if (!script || !script.src || (before && before.site)) return;

  const waiting = (before && before.q) || [];
  if (before) before.q = waiting; // whoever kept the stub goes on calling it
  const options = { ...script.dataset, base: script.src.replace(/\/embed\/v1\.js.*$/, ""), site };
  let core = null;
  let tries = 0;
  let isOnItsWay = true;

  const Answerback = (...call) => {
    waiting.push(call);
    if (!core && !isOnItsWay) bring();
  };
  Answerback.site = site;
  window.Answerback = Answerback;

  const bring = async () => {
    isOnItsWay = true;
    // an address that failed once may be remembered as failed: the next try has another
    const again = tries++ ? `?again=${tries}` : "";
    try {
      const { start } = await import(`${options.base}/embed/v1/${site.version}/element.js${again}`);
      core = start(options);
      const calls = waiting.splice(0);
      waiting.push = (call) => core.take([...call]);
      calls.forEach(waiting.push);
    } catch (error) {
      console.debug("Answerback", error);
      isOnItsWay = false;
      window.addEventListener("online", () => core || isOnItsWay || bring(), { once: true });
    }
  };

  if (window.requestIdleCallback) window.requestIdleCallback(bring, { timeout: 1500 });
  else setTimeout(bring);
})();
