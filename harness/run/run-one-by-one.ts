// A process of its own that runs compiled tap tests in itself, one file after the other. Not a command: `startWorker` starts it.
// Its argument, if any, is what scenarios are to use. Standard input names the files, one a line. When the tests of one are over, descriptor 3 gets a line with the exit status that a process
// of the file's own would have had; the next is awaited.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { messageOf, stackOf } from '../base/thrown.js';
import { readChoice } from './choice.js';
import { setCurrentChoice } from './current-choice.js';
import { registerOwnScenarios } from './register-own-scenarios.js';

/** Milliseconds for a file; every wait within has a shorter limit of its own. */
const limit = 1_200_000;

// Does the same, but does not have tap end its root as soon as there is nothing to do: between two files, say, and then the tests of
// all later ones would be left out.
t.teardown = t.after;

const [, , argument] = process.argv;
if (argument !== undefined) {
  const choice = readChoice(argument);
  setCurrentChoice(choice);
  if (choice.scenarios !== undefined) registerOwnScenarios();
}

for await (const file of createInterface({ input: process.stdin })) {
  t.setTimeout(limit);
  const failedBefore = t.counts.fail;
  // A file that cannot be loaded is one test that failed, and the next file can be well.
  await import(pathToFileURL(file).href).catch((error: unknown) =>
    t.fail(`${file}: ${messageOf(error)}`, { found: stackOf(error), at: null, stack: '' }),
  );
  // Not `t.waitOn`: tap puts what it waits for before tests that have not begun.
  if (!t.idle) await once(t, 'idle');
  // The next file may be long in coming.
  t.setTimeout(0);
  const status = process.exitCode || (t.counts.fail > failedBefore ? 1 : 0);
  process.exitCode = undefined;
  writeSync(3, `${status}\n`);
}
// What the files have left to a teardown may be what keeps this process alive.
t.end();
