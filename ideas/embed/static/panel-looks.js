// How what is opened looks: one column that steps back behind people's words and the team's answers.

import { VOTE } from "./vote.js";

export const LOOKS = `
.panel { display: flex; flex-direction: column; inline-size: 100%; block-size: 100%; background: var(--surface); container-type: inline-size; }
.panel[data-inline] {
  block-size: var(--answerback-height, 576px); border: 1px solid var(--hairline); border-radius: var(--radius); overflow: hidden;
}
.panel[data-alone] { block-size: var(--answerback-height, auto); }
h2, h3, h4, p, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: var(--accent); }
button { cursor: pointer; }
.quiet { color: var(--quiet); font-size: 14px; }

.head { display: flex; align-items: center; gap: 4px; min-block-size: 56px; padding-block: 6px 2px; padding-inline: 20px 8px; }
.title, .way-name { flex: 1; min-inline-size: 0; overflow: hidden; font-size: 19px; font-weight: 650; line-height: 1.25; text-overflow: ellipsis; white-space: nowrap; }
.round {
  display: grid; flex: none; place-items: center; inline-size: 44px; block-size: 44px; padding: 0; border: 0; border-radius: 50%;
  background: none; color: var(--quiet);
}
.round[hidden] { display: none; }
.round:hover { background: var(--sunk); color: var(--ink); }
.way {
  display: flex; flex: 1; gap: 8px; align-items: center; min-inline-size: 0; min-block-size: 44px; margin-inline-start: -12px; padding: 0 12px;
  border: 0; border-radius: var(--radius); background: none; color: inherit; text-align: start;
}
.way svg { color: var(--quiet); }
.way:hover svg { color: var(--ink); }
.way[hidden], .title[hidden] { display: none; }
.panel[data-alone] > .way { flex: none; align-self: flex-start; margin: 4px 8px 0; }

.tabs { display: flex; gap: 4px; padding-inline: 12px; border-block-end: 1px solid var(--hairline); overflow-x: auto; scrollbar-width: none; }
.tab {
  flex: none; min-block-size: 44px; padding: 8px; border: 0; border-block-end: 2px solid transparent; background: none; color: var(--quiet);
  font-size: 14px; font-weight: 550; white-space: nowrap;
}
.tab:hover { color: var(--ink); }
.tab[aria-current] { border-block-end-color: var(--accent); color: var(--ink); }
.tab:focus-visible, .round:focus-visible, .way:focus-visible { outline-offset: -3px; }

.body { flex: 1; min-block-size: 0; overflow: hidden auto; overscroll-behavior: contain; outline: 0; scrollbar-width: thin; scrollbar-color: var(--edge) transparent; }
.view { padding: 16px 20px 24px; }
.heading { margin-block-end: 12px; font-size: 19px; font-weight: 650; line-height: 1.3; outline: 0; overflow-wrap: anywhere; }
.heading.hidden { margin: 0; }
.small-head { margin-block: 20px 4px; font-size: 14px; font-weight: 600; color: var(--quiet); }
.note, .promise { margin-block-end: 12px; color: var(--quiet); font-size: 14px; }
.note { padding: 10px 14px; border-radius: var(--radius); background: var(--accent-tint); color: var(--ink); }

.ask { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 4px 8px; align-items: end; margin-block-end: 12px; }
.label { display: block; font-size: 14px; font-weight: 600; }
.ask .label { grid-column: 1 / -1; }
.ask .field { margin: 0; }
.label .quiet { font-weight: 400; }
.field {
  display: block; inline-size: 100%; min-block-size: 44px; margin-block-start: 4px; padding: 9px 12px; border: 1px solid var(--edge);
  border-radius: var(--radius); background: var(--surface); color: var(--ink); font-size: 16px; font-weight: 400; line-height: 1.5;
}
textarea.field { resize: vertical; }
.field:focus-visible { outline-offset: 0; }
.field[aria-invalid] { border-color: var(--problem); }
.button, .anew {
  min-block-size: 44px; padding: 8px 16px; border: 1px solid var(--edge); border-radius: var(--radius); background: var(--surface);
  color: var(--ink); font-size: 15px; font-weight: 600; line-height: 1.25; transition: background-color var(--quick), border-color var(--quick);
}
.button:hover { border-color: var(--accent); }
.button[data-look="primary"] { border-color: transparent; background: var(--accent); color: var(--on-accent); }
.button[data-look="primary"]:hover { background: var(--accent-hover); }
.button[aria-busy="true"] { opacity: 0.65; cursor: progress; }
.plain { padding: 4px; border: 0; background: none; color: var(--accent); font-size: 13px; text-decoration: underline; }

.sorts { display: flex; flex-wrap: wrap; gap: 4px; margin-inline-start: -10px; }
.promise:empty, .place[hidden] { display: none; }
.sort { min-block-size: 36px; padding: 4px 10px; border: 0; border-radius: 999px; background: none; color: var(--quiet); font-size: 14px; }
.sort:hover { color: var(--ink); }
.sort[aria-pressed="true"] { background: var(--sunk); color: var(--ink); font-weight: 600; }

.row { position: relative; display: grid; grid-template-columns: 52px minmax(0, 1fr); gap: 14px; padding-block: 14px; border-block-end: 1px solid var(--hairline); }
.row:last-child { border-block-end: 0; }
.row.entry { grid-template-columns: minmax(0, 1fr); gap: 2px; padding-block: 10px; }
.row-title { font-weight: 600; line-height: 1.35; overflow-wrap: anywhere; }
.row-title a { color: inherit; text-decoration: none; }
.row .row-link::after { position: absolute; inset: 0; content: ""; }
.row:hover .row-link, .row-title a:hover { color: var(--accent); }
.row-link:focus-visible { outline: 0; }
.row:has(.row-link:focus-visible) { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: var(--radius); }
.row-text { display: -webkit-box; overflow: hidden; color: var(--quiet); font-size: 14px; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; overflow-wrap: anywhere; }
.row-note { position: relative; z-index: 1; }
.row-note:empty { display: none; }
.facts { display: flex; flex-wrap: wrap; gap: 0 12px; margin-block-start: 2px; color: var(--quiet); font-size: 13px; }
.stage { display: inline-flex; gap: 6px; align-items: center; color: var(--stage-open); font-weight: 600; }
.stage[data-stage="considering"] { color: var(--stage-considering); }
.stage[data-stage="planned"] { color: var(--stage-planned); }
.stage[data-stage="started"] { color: var(--stage-started); }
.stage[data-stage="shipped"] { color: var(--stage-shipped); }
.stage[data-stage="declined"] { color: var(--stage-declined); }
.returned { display: flex; gap: 8px; margin-block-start: 6px; font-size: 14px; line-height: 1.45; }
.returned svg { margin-block-start: 2px; color: var(--accent); }
.returned > span { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; }
.person { font-weight: 600; }
.more { padding-block-start: 16px; }
.anew { display: grid; gap: 2px; inline-size: 100%; margin-block-start: 12px; padding: 12px 16px; border-style: dashed; text-align: start; overflow-wrap: anywhere; }
.anew span { color: var(--quiet); font-size: 13px; font-weight: 400; }
.anew:hover { border-color: var(--accent); background: var(--accent-tint); }

.idea .heading { margin-block-end: 4px; font-size: 21px; }
.idea .place > .vote { margin-block: 16px; }
.idea .place > .row-note { margin-block: -8px 16px; }
.answer { margin-block-end: 20px; padding: 16px; border-inline-start: 3px solid var(--accent); border-start-end-radius: var(--radius); border-end-end-radius: var(--radius); background: var(--accent-tint); }
.answer-by { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: center; margin-block-end: 8px; }
.answer-by svg, .credit > svg, .became > svg { color: var(--accent); }
.answer-verdict { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; margin-block-end: 8px; }
.answer .quiet, .answer .small-head, .told { color: var(--quiet); }
.answer-day, .told { margin-block-start: 10px; font-size: 14px; }
.credit { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 10px; padding-block: 6px; font-size: 15px; overflow-wrap: anywhere; }
.credit > svg { margin-block-start: 5px; }
[dir="rtl"] .arrow { display: inline-block; scale: -1 1; }
.said { margin-block-end: 16px; }
.said .small-head { margin-block-start: 0; }
.said .small-head::first-letter { text-transform: uppercase; }
.link { font-weight: 600; }

.prose { overflow-wrap: anywhere; }
.prose > * + * { margin-block-start: 10px; }
.prose ul, .prose ol { padding-inline-start: 22px; list-style: revert; }
.prose blockquote { margin: 0; padding-inline-start: 12px; border-inline-start: 2px solid var(--accent-rule); color: var(--quiet); }
.prose pre { overflow-x: auto; padding: 10px; border-radius: var(--radius); background: var(--sunk); font-size: 13px; }
.prose img { max-inline-size: 100%; block-size: auto; border-radius: var(--radius); }
.prose table { display: block; overflow-x: auto; border-collapse: collapse; font-size: 14px; }
.prose :is(td, th) { padding: 4px 8px; border: 1px solid var(--hairline); text-align: start; }
.as-typed { white-space: pre-wrap; }

.form { display: grid; gap: 4px; }
.form > .label:not(:first-of-type) { margin-block-start: 12px; }

.alike { color: var(--quiet); font-size: 14px; }
.alike summary { min-block-size: 32px; padding-block: 4px; color: var(--accent); font-weight: 600; cursor: pointer; }
.alike p { min-block-size: 32px; padding-block: 4px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.error { color: var(--problem); font-size: 14px; font-weight: 600; }
.error[hidden] { display: none; }
.consent { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 10px; margin-block: 14px 10px; font-size: 14px; line-height: 1.45; }
.check { inline-size: 20px; block-size: 20px; margin: 1px 0 0; accent-color: var(--accent); }
.sent { display: grid; margin-block-start: 2px; color: var(--quiet); font-size: 13px; overflow-wrap: anywhere; }
.acts { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center; }

.receipt { padding-block: 16px; border-block-end: 1px solid var(--hairline); }
.receipt:last-child { border-block-end: 0; }
.receipt-head { display: flex; flex-wrap: wrap; gap: 0 6px; color: var(--quiet); font-size: 14px; }
.receipt-head strong { color: var(--ink); }
.became { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 12px; margin-block-start: 8px; padding: 12px 14px; border-radius: var(--radius); background: var(--accent-tint); font-size: 15px; }
.became > svg { margin-block-start: 2px; }
.became > div { display: grid; gap: 4px; }
.became .quiet { color: var(--quiet); }
.became[data-waiting] { background: var(--sunk); color: var(--quiet); }
.became[data-waiting] > svg { color: inherit; }
.used { font-weight: 600; }
.piece { padding: 12px 14px; border: 1px solid var(--accent-rule); border-radius: var(--radius); }
.piece + .piece { margin-block-start: 8px; }
.news .small-head { margin-block: 0 6px; }
.news { margin-block-end: 12px; }

.columns { display: grid; gap: 24px; }
.column-head { font-size: 15px; }
.column > .quiet { margin-block-start: 6px; }
.release { padding-block: 4px 20px; }
.release + .release { padding-block-start: 20px; border-block-start: 1px solid var(--hairline); }
.release-title { margin-block-end: 6px; font-size: 17px; font-weight: 650; line-height: 1.3; overflow-wrap: anywhere; }
.release .credits { margin-block-start: 8px; }

.empty { display: grid; justify-items: center; gap: 8px; padding: 40px 16px; color: var(--quiet); text-align: center; }
.empty > svg { color: var(--accent); }
.empty h3 { color: var(--ink); font-size: 17px; }
.empty .button { margin-block-start: 8px; }
.sorry { display: grid; justify-items: start; gap: 10px; margin-block: 8px; padding: 14px 16px; border: 1px solid var(--hairline); border-radius: var(--radius); background: var(--paper); font-size: 15px; }
.shape { display: grid; gap: 8px; padding-block: 16px; border-block-end: 1px solid var(--hairline); }
.shape i { block-size: 12px; border-radius: 6px; background: var(--sunk); }
.shape i:nth-child(1) { inline-size: 70%; }
.shape i:nth-child(3) { inline-size: 40%; }

.foot { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: center; justify-content: space-between; min-block-size: 44px; padding: 4px 20px; border-block-start: 1px solid var(--hairline); color: var(--quiet); font-size: 13px; }
.brand { display: inline-flex; gap: 8px; align-items: center; min-block-size: 36px; color: inherit; font-weight: 600; text-decoration: none; }
.brand svg { color: var(--accent); }
.brand:hover { color: var(--ink); text-decoration: underline; }
.foot-who { display: inline-flex; gap: 4px; align-items: center; }

@container (min-width: 704px) {
  .columns { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .view > * { max-inline-size: 960px; margin-inline: auto; }
}
@media (max-width: 30rem) { .tabs { padding-inline: 6px; } .tab { padding-inline: 6px; } }
@media (forced-colors: active) { .tab[aria-current], .sort[aria-pressed="true"] { text-decoration: underline; } }
${VOTE}`;
