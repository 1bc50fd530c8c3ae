// A process of its own that runs compiled tap tests and prints TAP. Not a command: `runFiles` starts it.
//   node run-tests.js together   all in this process: unit tests, which are many and quick
//   node run-tests.js one-by-one in this process too; when the tests of one are over, descriptor 3 gets a byte and the next is awaited.
//                                For scenarios: tap would end its root between two files that ask it for a teardown
//   node run-tests.js JOBS       each in a process of its own, so many at once
// The files come on standard input, one a line: tap makes the names of its fixture directories from the arguments.
// The tap program itself would load its plug-ins into every process, over a second each for files that take 0.02 s.
import { once } from 'node:events';
import { readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const [mode = 'together'] = process.argv.slice(2);

/** Milliseconds for a file; every wait within has a shorter limit of its own. */
const limit = 1_200_000;

const load = (file: string): Promise<unknown> => import(pathToFileURL(file).href);

if (mode === 'one-by-one') {
  for await (const file of createInterface({ input: process.stdin })) {
    t.setTimeout(limit);
    // As if it ran alone: a scenario tells by it what is to be run again.
    process.argv[1] = file;
    await load(file);
    // Not `t.waitOn`: tap puts what it waits for before tests that have not begun.
    if (!t.idle) await once(t, 'idle');
    writeSync(3, '.');
  }
} else {
  const files = readFileSync(0, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  if (mode === 'together') {
    t.setTimeout(limit);
    for (const file of files) await load(file);
  } else {
    t.jobs = Number(mode);
    t.setTimeout(limit * files.length);
    for (const file of files) {
      void t.spawn(process.execPath, [file], { buffered: true, timeout: limit }, basename(file, '.js'));
    }
  }
}
