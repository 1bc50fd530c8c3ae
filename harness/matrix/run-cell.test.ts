import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cellOf } from './fake-stages.js';
import { createHalt, type Halt } from './halt.js';
import { runCell } from './run-cell.js';

/** What a scenario process leaves, without a guest. `attempt` counts from 1. */
const prelude = `
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const { VMMCI_RUN, VMMCI_KERNEL, VMMCI_GENERATION, COUNTER, TMPDIR } = process.env;
appendFileSync(COUNTER, 'x');
const attempt = readFileSync(COUNTER, 'utf8').length;
const leave = (scenario, verdict, reasons = [], remedied) => {
  const directory = join(VMMCI_RUN, VMMCI_KERNEL, scenario);
  mkdirSync(directory, { recursive: true });
  const result = { scenario, verdict, reasons, remedied, seconds: attempt, generation: VMMCI_GENERATION, nodeMiB: 90, directory };
  writeFileSync(join(directory, 'result.json'), JSON.stringify(result));
};
console.log('attempt ' + attempt);
`;

const run = async (test: Pick<typeof t, 'testdir'>, body: string, halt: Halt = createHalt()) => {
  const place = test.testdir({ run: {}, 'it.mjs': `${prelude}${body}` });
  const retries: string[] = [];
  const counter = join(place, 'counter');
  const cells = await runCell(cellOf('k', 'it'), {
    halt,
    run: join(place, 'run'),
    env: { COUNTER: counter, PLACE: place },
    onRetry: (_, reason) => retries.push(reason),
    pathOf: () => join(place, 'it.mjs'),
  });
  const attempts = existsSync(counter) ? readFileSync(counter, 'utf8').length : 0;
  const files = readdirSync(join(place, 'run'), { recursive: true, encoding: 'utf8' });
  return { cells, retries, attempts, place, files };
};

t.test('each scenario of the file is a cell, its artifacts in their place', async (t) => {
  const { cells, attempts, files } = await run(
    t,
    "leave('one', 'passed'); leave('two', 'skipped', ['why']);",
  );
  t.match(cells, [
    { scenario: 'one', file: 'it', verdict: 'passed', directory: 'k/one', nodeMiB: 90, retried: [] },
    { scenario: 'two', verdict: 'skipped', reasons: ['why'], directory: 'k/two' },
  ]);
  t.equal(attempts, 1);
  t.ok(files.includes('k/one/result.json'));
  t.notOk(files.includes('k/one/output.txt'), 'of what passed, nothing more');
  t.notOk(files.includes('.running/k-8.0-it'));
});

t.test('what was put right within a scenario is told as a retry', async (t) => {
  const { cells, attempts } = await run(t, "leave('one', 'passed', [], ['the snapshot was made anew']);");
  t.match(cells, [{ verdict: 'passed', retried: ['the snapshot was made anew'] }]);
  t.equal(attempts, 1);
});

t.test('a failure is never run again, and its output is kept', async (t) => {
  const { cells, attempts, place } = await run(t, "leave('one', 'failed', ['no']); process.exitCode = 1;");
  t.match(cells, [{ verdict: 'failed', reasons: ['no'] }]);
  t.equal(attempts, 1);
  t.equal(readFileSync(join(place, 'run/k/one/output.txt'), 'utf8'), 'attempt 1');
});

t.test('what breaks is run once more, what failed beside it stays', async (t) => {
  const { cells, attempts, retries, files } = await run(
    t,
    `leave('bad', attempt === 1 ? 'failed' : 'passed', ['bad']);
     leave('flaky', attempt === 1 ? 'broken' : 'passed', attempt === 1 ? ['QEMU ended'] : []);
     process.exitCode = 1;`,
  );
  t.equal(attempts, 2);
  t.match(retries, [/QEMU ended/]);
  t.match(cells, [
    { scenario: 'bad', verdict: 'failed', retried: [] },
    { scenario: 'flaky', verdict: 'passed', seconds: 2, retried: ['QEMU ended'] },
  ]);
  t.ok(files.includes('k/flaky.attempt-1/result.json'), 'the first attempt can still be looked at');
});

t.test('broken twice is broken', async (t) => {
  const { cells, attempts } = await run(t, "leave('one', 'broken', ['again']); process.exitCode = 1;");
  t.equal(attempts, 2);
  t.match(cells, [{ verdict: 'broken', reasons: ['again'], retried: ['again'] }]);
});

t.test('a process that leaves nothing, or ends badly, is broken: silence is no success', async (t) => {
  const nothing = await run(t, "console.error('cannot find it');");
  t.match(nothing.cells, [{ scenario: 'it (process)', verdict: 'broken', reasons: [/cannot find it/] }]);
  t.equal(nothing.attempts, 2);
  const killed = await run(t, "leave('one', 'passed'); process.kill(process.pid, 'SIGKILL');");
  t.match(killed.cells, [
    { scenario: 'one', verdict: 'passed' },
    { scenario: 'it (process)', verdict: 'broken', reasons: [/SIGKILL/] },
  ]);
  const status = await run(t, "leave('one', 'passed'); process.exitCode = 7;");
  t.match(status.cells[1], { verdict: 'broken', reasons: [/status 7/] });
});

t.test('an interrupt ends the process, and nothing of it is left', async (t) => {
  const halt = createHalt();
  const script = `writeFileSync(join(TMPDIR, 'left'), ''); writeFileSync(process.env.PLACE + '/tmp', TMPDIR);
    writeFileSync(process.env.PLACE + '/ready', ''); setInterval(() => {}, 1000);`;
  const place = t.testdirName;
  const watch = setInterval(() => {
    if (existsSync(join(place, 'ready'))) halt.interrupt('interrupted by SIGINT');
  }, 10);
  t.teardown(() => clearInterval(watch));
  const { cells, attempts, files } = await run(t, script, halt);
  t.match(cells, [{ scenario: 'it', verdict: 'skipped', reasons: ['interrupted by SIGINT'] }]);
  t.equal(attempts, 1);
  t.notOk(existsSync(readFileSync(join(place, 'tmp'), 'utf8')), 'its temporary files');
  t.strictSame(
    files.filter((name) => name.includes('k-8.0-it')),
    [],
  );
});
