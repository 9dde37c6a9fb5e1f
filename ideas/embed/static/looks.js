// Colours and sizes, which the page around may set, and what is there before anything is opened.

const LIGHT = `
  --paper: var(--answerback-paper, #fbfaf7);
  --surface: var(--answerback-surface, #ffffff);
  --sunk: var(--answerback-sunk, #f3f1ea);
  --ink: var(--answerback-ink, #1c1f23);
  --quiet: var(--answerback-quiet, #5a5e66);
  --hairline: var(--answerback-hairline, #e5e2da);
  --edge: var(--answerback-edge, #88847a);
  --shade: 0 1rem 3rem rgb(28 31 35 / 22%), 0 0 0 1px rgb(28 31 35 / 6%);
  --problem: #a3261b;
  --stage-open: #5a5e66;
  --stage-considering: #7a5a00;
  --stage-planned: #2a58a5;
  --stage-started: #6b3fa3;
  --stage-shipped: #17693b;
  --stage-declined: #5c5049;
  color-scheme: light;`;

const DARK = `
  --paper: var(--answerback-paper, #14161a);
  --surface: var(--answerback-surface, #1b1e23);
  --sunk: var(--answerback-sunk, #22262c);
  --ink: var(--answerback-ink, #e8e6e1);
  --quiet: var(--answerback-quiet, #a5a8ae);
  --hairline: var(--answerback-hairline, #2c3037);
  --edge: var(--answerback-edge, #7a808a);
  --shade: 0 1rem 3rem rgb(0 0 0 / 60%), 0 0 0 1px rgb(255 255 255 / 8%);
  --problem: #f0958a;
  --stage-open: #a5a8ae;
  --stage-considering: #d8b653;
  --stage-planned: #8fb5f2;
  --stage-started: #c4a5ee;
  --stage-shipped: #6cc792;
  --stage-declined: #bdb0a7;
  color-scheme: dark;`;

/** The site's accent, in both themes; a page that sets its own has it mixed to fit. */
export function tokens({ light, dark }) {
  const accent = (shades) => `
  --accent: var(--answerback-accent, ${shades.accent});
  --accent-hover: color-mix(in srgb, var(--accent), var(--ink) 18%);
  --accent-tint: color-mix(in srgb, var(--accent) 9%, var(--surface));
  --accent-rule: color-mix(in srgb, var(--accent) 32%, var(--surface));
  --on-accent: var(--answerback-on-accent, ${shades.on_accent});`;
  return `
:host { ${LIGHT} ${accent(light)}
  --radius: var(--answerback-radius, 8px);
  --quick: 140ms;
  font: 400 16px/1.55 var(--answerback-font, "Inter", -apple-system, "Segoe UI", "Roboto", "Noto Sans", "Cantarell", "Liberation Sans", system-ui, sans-serif);
  color: var(--ink);
}
:host([theme="dark"]) { ${DARK} ${accent(dark)} }
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"], [theme="dark"])) { ${DARK} ${accent(dark)} }
}
@media (prefers-reduced-motion: reduce) { :host { --quick: 0ms; } }
*, ::before, ::after { box-sizing: border-box; }
:host([hidden]) { display: none !important; }
.root { text-align: start; letter-spacing: normal; text-transform: none; white-space: normal; word-spacing: normal; }
button, input, textarea { margin: 0; font: inherit; color: inherit; letter-spacing: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[dir="rtl"] .turns { scale: -1 1; }
svg { flex: none; display: block; }`;
}

export const LAUNCHER = `
:host { position: fixed; z-index: var(--answerback-layer, 2147483000); inset-block-end: var(--answerback-inset, 20px); inset-inline-end: var(--answerback-inset, 20px); }
:host([launcher="start"]) { inset-inline: var(--answerback-inset, 20px) auto; }
.launcher {
  position: relative; display: inline-flex; align-items: center; gap: 8px; min-block-size: 48px; padding: 8px 18px 8px 16px;
  border: 0; border-radius: 999px; background: var(--accent); color: var(--on-accent);
  font-size: 15px; font-weight: 600; line-height: 1.2; cursor: pointer;
  box-shadow: 0 1px 2px rgb(0 0 0 / 14%), 0 6px 20px rgb(0 0 0 / 18%);
  transition: background-color var(--quick), translate var(--quick);
}
.launcher:hover { background: var(--accent-hover); }
.launcher:active { translate: 0 1px; }
.launcher:focus-visible { outline-offset: 3px; }
.badge {
  position: absolute; inset-block-start: -6px; inset-inline-end: -2px; display: grid; place-items: center; min-inline-size: 24px;
  block-size: 24px; padding-inline: 6px; border: 2px solid var(--accent); border-radius: 12px; background: var(--on-accent);
  color: var(--accent); font-size: 13px; font-variant-numeric: tabular-nums;
}
.badge[hidden] { display: none; }
@media print { :host { display: none; } }
@media (forced-colors: active) { .launcher { border: 1px solid ButtonText; } }`;
