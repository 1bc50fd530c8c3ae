// The worker process that `startWorker` starts. It imports compiled tap tests, one file after another. Its
// argument is the choice for scenarios, if any; standard input names one file per line. After each file it
// writes the exit status that a separate process would have had to descriptor 3.

// Must be the first import, because it changes process.argv before tap reads it.
import './worker-argument.js';

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { messageOf, stackOf } from '../base/thrown.js';
import { readChoice } from './choice.js';
import { setCurrentChoice } from './current-choice.js';
import { registerOwnScenarios } from './register-own-scenarios.js';
import { syntaxLine } from './syntax-line.js';
import { workerArgument } from './worker-argument.js';

/** The timeout of a file in milliseconds. Every wait in a test has a shorter timeout. */
const fileTimeoutMs = 1_200_000;

// With `t.teardown`, tap ends its root test as soon as it is idle, such as between two files, and would drop
// the tests of all later files. `t.after` does the same without that.
t.teardown = t.after;

if (workerArgument !== undefined) {
  const choice = readChoice(workerArgument);
  setCurrentChoice(choice);
  if (choice.scenarios !== undefined) registerOwnScenarios();
}

for await (const file of createInterface({ input: process.stdin })) {
  t.setTimeout(fileTimeoutMs);
  const failedBefore = t.counts.fail;
  // A file that cannot be imported counts as one failed test; the next file still runs.
  await import(pathToFileURL(file).href).catch(async (error: unknown) => {
    const line = await syntaxLine(file, error);
    const where = line === undefined ? file : `${file}:${line}`;
    t.fail(`${where}: ${messageOf(error)}`, { found: stackOf(error), at: null, stack: '' });
  });
  // `t.waitOn` does not help: tap would wait before it starts the pending tests.
  if (!t.idle) await once(t, 'idle');
  // The next file may arrive much later.
  t.setTimeout(0);
  const status = process.exitCode || (t.counts.fail > failedBefore ? 1 : 0);
  process.exitCode = undefined;
  writeSync(3, `${status}\n`);
}
// Run the teardowns now: they may release what keeps this process alive.
t.end();
