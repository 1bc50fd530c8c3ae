// The frame of an HTML report page with its style and script. The page loads nothing from elsewhere.

import { createHash } from 'node:crypto';
import { escapeMarkup } from './escape.js';

const dark = `--passed: #6fce86; --failed: #ff8f85; --broken: #f2b45c; --skipped: #a5a5a5; --guest: #7db6ff; --ptp: #c9a2f2;
  --passed-back: #1d3324; --failed-back: #4a1d1a; --broken-back: #453013; --skipped-back: #262626;`;

/**
 * Colours by verdict, light and dark. A mark or a word accompanies every colour, so no meaning depends on
 * colour alone.
 */
const style = `
:root { color-scheme: light dark; --line: #8885; --passed: #1f6f35; --failed: #b3201b; --broken: #8a4b00; --skipped: #666; --guest: #0a58b5; --ptp: #7a3fb0;
  --passed-back: #e7f5ea; --failed-back: #fbe3e1; --broken-back: #fcefd9; --skipped-back: #f1f1f1; }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 84rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
table { border-collapse: collapse; } .scroll { overflow: auto; max-height: 85vh; margin: .5rem 0; }
th, td { border: 1px solid var(--line); padding: .2rem .6rem; text-align: left; white-space: nowrap; }
td.prose { white-space: normal; min-width: 18rem; }
thead th { position: sticky; top: 0; background: Canvas; z-index: 2; } tbody th { position: sticky; left: 0; background: Canvas; font-weight: 600; }
thead th small { display: block; font-weight: 400; }
pre { background: #8881; padding: .6rem; overflow: auto; max-height: 30rem; font-size: 12.5px; line-height: 1.4; }
details { border: 1px solid var(--line); border-radius: .3rem; padding: .4rem .8rem; margin: .5rem 0; }
details.failed, details.broken { border-left: .4rem solid currentColor; } details > * { color: CanvasText; }
summary { cursor: pointer; font-weight: 600; } summary span { margin-left: .3rem; }
.passed { color: var(--passed); } .failed { color: var(--failed); } .broken { color: var(--broken); } .skipped { color: var(--skipped); }
summary .passed { color: var(--passed); } summary .failed { color: var(--failed); } summary .broken { color: var(--broken); }
td.passed { background: var(--passed-back); } td.failed { background: var(--failed-back); font-weight: 700; }
td.broken { background: var(--broken-back); font-weight: 700; } td.skipped { background: var(--skipped-back); }
td a { color: inherit; } .note { color: var(--skipped); font-weight: 400; } p.note { margin: .2rem 0; }
.choices { display: flex; gap: 2rem; flex-wrap: wrap; margin: 1.5rem 0 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .3rem 0; } dd { margin: 0; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: CanvasText; }
svg .grid, svg .lane { stroke: var(--line); } svg .mark { stroke: var(--guest); stroke-width: 2; } svg .bad { stroke: var(--failed); stroke-width: 2.5; fill: none; }
svg polyline { fill: none; stroke-width: 1.5; } svg polyline.device { stroke: var(--passed); } svg circle.device { fill: var(--passed); }
svg polyline.guest { stroke: var(--guest); stroke-dasharray: 6 3; } svg circle.guest { fill: var(--guest); }
svg polyline.ptp { stroke: var(--ptp); stroke-dasharray: 2 3; } svg circle.ptp { fill: var(--ptp); }
.key-device { color: var(--passed); } .key-guest { color: var(--guest); } .key-ptp { color: var(--ptp); }
[hidden] { display: none; }
@media print { .choices { display: none; } pre, .scroll { max-height: none; } }
`;

/**
 * Hides other generations and rows without problems, and opens the cell that the address names. Without
 * scripts, the page shows everything.
 */
export const filterScript = `
const choice = document.getElementById('generation');
const problems = document.getElementById('problems');
const filter = () => {
  for (const part of document.querySelectorAll('[data-generation]'))
    part.hidden = choice.value !== '' && part.dataset.generation !== choice.value;
  for (const row of document.querySelectorAll('tr[data-fine]')) row.hidden = problems.checked;
};
choice.addEventListener('change', filter);
problems.addEventListener('change', filter);
const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  if (target.closest('[hidden]')) { choice.value = ''; filter(); }
  for (let part = target; part !== null; part = part.parentElement.closest('details')) part.open = true;
  target.scrollIntoView();
};
document.addEventListener('click', ({ target }) => {
  if (target.closest('a')?.hash === location.hash) open();
});
addEventListener('hashchange', open);
filter();
open();
`;

export interface HtmlDocument {
  readonly title: string;
  /** Markup. */
  readonly body: string;
  /** The only script that the page's policy allows. */
  readonly script?: string;
}

/** Content security policy: inline styles and the given script only. */
const policyFor = (script: string | undefined): string => {
  const hash = createHash('sha256')
    .update(script ?? '')
    .digest('base64');
  const scripts = script === undefined ? '' : `; script-src 'sha256-${hash}'`;
  return `default-src 'none'; style-src 'unsafe-inline'${scripts}`;
};

export const htmlDocument = ({ title, body, script }: HtmlDocument): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(script)}">
<meta name="viewport" content="width=device-width">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`;
