// The worker process that `startWorker` starts. It imports compiled tap tests, one file after another. Its
// argument is the choice for scenarios, if any; standard input has the URL of one file per line. After each
// file it writes the exit status that a separate process would have had to descriptor 3.

// Must be the first import, because it changes process.argv before tap reads it.
import './worker-argument.js';
import '../base/file-size-limit.js';

import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { listOf, pathFrom } from '../base/text.js';
import { messageOf, stackOf } from '../base/thrown.js';
import { readChoice } from './choice.js';
import { setCurrentChoice } from './current-choice.js';
import { changedState, processState } from './process-state.js';
import { registerOwnScenarios } from './register-own-scenarios.js';
import { syntaxLine } from './syntax-line.js';
import { workerArgument } from './worker-argument.js';

/** The timeout in milliseconds of a file that does not set its own. */
const fileTimeoutMs = 600_000;

// With `t.teardown`, tap ends its root test as soon as it is idle, such as between two files, and would drop
// the tests of all later files. `t.after` does the same without that.
t.teardown = t.after;

if (workerArgument !== undefined) {
  const choice = readChoice(workerArgument);
  setCurrentChoice(choice);
  if (choice.scenarios !== undefined) registerOwnScenarios();
}

/**
 * The failed tests so far. tap itself counts the failure of a file that cannot be imported only when the next
 * file has printed something.
 */
let failed = 0;

/** The time of a file is over. */
let isOver = false;
t.on('timeout', () => {
  isOver = true;
});

const directory = process.cwd();
for await (const url of createInterface({ input: process.stdin })) {
  const file = fileURLToPath(url);
  const name = pathFrom(directory, file);
  t.setTimeout(fileTimeoutMs);
  const failedBefore = failed;
  const countBefore = t.count;
  let isImported = true;
  const stateBefore = workerArgument === undefined ? processState() : undefined;
  // A file that cannot be imported counts as one failed test; the next file still runs.
  await import(url).catch(async (error: unknown) => {
    const line = await syntaxLine(file, error);
    const where = line === undefined ? file : `${file}:${line}`;
    t.fail(`${where}: ${messageOf(error)}`, { found: stackOf(error), at: null, stack: '' });
    isImported = false;
  });
  // `t.waitOn` does not help: tap would wait before it starts the pending tests.
  if (!t.idle) await once(t, 'idle');
  const changed = stateBefore === undefined ? [] : changedState(stateBefore, processState());
  if (changed.length > 0) process.stdout.write(`not ok 1 - ${name} leaves changed: ${listOf(changed, 5)}\n`);
  // A scenario file may have none of the scenarios that were chosen.
  const isEmpty = workerArgument === undefined && isImported && t.count === countBefore;
  if (isEmpty) process.stdout.write(`not ok 1 - ${name}: it ran no test\n`);
  if (t.ended) {
    // tap ignores all later tests, so this process can run no other file.
    const why = isOver ? 'its time was over' : 'the root test of tap has ended, by t.end() or t.plan()';
    process.stdout.write(`not ok 1 - ${name}: ${why}\n`);
    process.exit(1);
  }
  // The next file may arrive much later.
  t.setTimeout(0);
  failed = Math.max(t.counts.fail, failedBefore + (isImported ? 0 : 1));
  const hasFailed = isEmpty || changed.length > 0 || failed > failedBefore;
  const status = process.exitCode || (hasFailed ? 1 : 0);
  process.exitCode = undefined;
  writeSync(3, `${status}\n`);
}
// Run the teardowns now: they may release what keeps this process alive.
t.end();
