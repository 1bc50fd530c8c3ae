// A process of its own that runs compiled tap tests and prints TAP. Not a command: `runFiles` starts it.
//   node run-tests.js together   all in this process: unit tests, which are many and quick
//   node run-tests.js JOBS       each in a process of its own, so many at once
// The files come on standard input, one a line: tap makes the names of its fixture directories from the arguments.
// The tap program itself would load its plug-ins into every process, over a second each for files that take 0.02 s.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const [mode = 'together'] = process.argv.slice(2);

/** Milliseconds for a file; every wait within has a shorter limit of its own. */
const limit = 1_200_000;

const files = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line !== '');
if (mode === 'together') {
  t.setTimeout(limit);
  for (const file of files) await import(pathToFileURL(file).href);
} else {
  t.jobs = Number(mode);
  t.setTimeout(limit * files.length);
  for (const file of files) {
    void t.spawn(process.execPath, [file], { buffered: true, timeout: limit }, basename(file, '.js'));
  }
}
