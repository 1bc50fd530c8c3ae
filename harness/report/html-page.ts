// The parts of the HTML report that do not depend on what it reports.

/** Colours by verdict, light and dark. */
export const style = `
:root { color-scheme: light dark; --line: #8884; --passed: #2a7d3f; --failed: #c4302b; --broken: #a45c00; --skipped: #777; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
table { border-collapse: collapse; } .wide { overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; white-space: nowrap; }
thead th { position: sticky; top: 0; background: Canvas; }
pre { background: #8881; padding: .6rem; overflow: auto; max-height: 30rem; font-size: 12.5px; line-height: 1.4; }
details { border: 1px solid var(--line); border-radius: .3rem; padding: .4rem .8rem; margin: .5rem 0; }
summary { cursor: pointer; font-weight: 600; }
.passed { color: var(--passed); } .failed { color: var(--failed); font-weight: 700; }
.broken { color: var(--broken); font-weight: 700; } .skipped { color: var(--skipped); }
td a { color: inherit; } .note { color: var(--skipped); font-weight: 400; }
[hidden] { display: none; }
`;

/** Without it everything is shown: it only hides other generations, and opens the cell that an address names. */
export const script = `
const choice = document.getElementById('generation');
const filter = () => {
  for (const part of document.querySelectorAll('[data-generation]'))
    part.hidden = choice.value !== '' && part.dataset.generation !== choice.value;
};
choice.addEventListener('change', filter);
const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  if (target.hidden) { choice.value = ''; filter(); }
  target.open = true;
  target.scrollIntoView();
};
addEventListener('hashchange', open);
open();
`;
