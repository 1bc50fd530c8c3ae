import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { cellOf } from '../testing/fake-stages.js';
import { isRunning } from '../testing/is-running.js';
import { createHalt, type Halt } from './halt.js';
import { keepLateOutput } from './late-output.js';
import type { Cell } from './plan.js';
import { runCell } from './run-cell.js';
import { createPool } from './scenario-pool.js';

const choiceModule = JSON.stringify(
  pathToFileURL(join(import.meta.dirname, '../run/current-choice.js')).href,
);
const tap = JSON.stringify(import.meta.resolve('tap'));

/**
 * A scenario that says in which process it ran and how many there had run in it before, and that does what
 * `also` says.
 */
const scenario = (also = ''): string => `
import t from ${tap};
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { currentChoice } from ${choiceModule};
const { run, kernel, generation } = currentChoice();
const { TOP, TMPDIR } = process.env;
const scenario = basename(import.meta.filename, '.mjs');
t.test(scenario, async (t) => {
  const before = globalThis.ran ?? 0;
  globalThis.ran = before + 1;
  appendFileSync(join(TOP, 'log'), [scenario, kernel, generation, process.pid, before, TMPDIR].join(' ') + '\\n');
  let verdict = 'passed';
  ${also}
  const directory = join(run, kernel, scenario);
  mkdirSync(directory, { recursive: true });
  const reasons = verdict === 'passed' ? [] : ['because'];
  const about = { kernel, generation, driver: 'd', qemu: '11', accelerator: 'tcg' };
  const result = { scenario, verdict, reasons, seconds: 1, ...about, nodeMiB: 90, directory };
  writeFileSync(join(directory, 'result.json'), JSON.stringify(result));
});
`;

interface Ran {
  readonly name: string;
  readonly on: string;
  readonly pid: number;
  readonly before: number;
  readonly temporary: string;
}

const setUp = (
  test: Pick<typeof t, 'testdir'>,
  files: Readonly<Record<string, string>>,
  halt: Halt = createHalt(),
  endMs?: number,
) => {
  const top = test.testdir({ run: {}, log: '' });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(top, `${name}.mjs`), text);
  const run = join(top, 'run');
  const reported: string[] = [];
  const pool = createPool({
    run,
    choice: { driver: '/driver', level: 'should', keep: true },
    env: { TOP: top },
    kill: halt.kill,
    onLateOutput: keepLateOutput(run, (line) => reported.push(line)),
    ...(endMs && { endMs }),
  });
  const ran = (): Ran[] =>
    readFileSync(join(top, 'log'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [name = '', kernel, generation, pid, before, temporary = ''] = line.split(' ');
        return { name, on: `${kernel} ${generation}`, pid: Number(pid), before: Number(before), temporary };
      });
  const go = (cell: Cell) =>
    runCell(cell, {
      halt,
      run,
      pool,
      keep: true,
      onRetry: () => {},
      pathOf: (file) => join(top, `${file}.mjs`),
    });
  return { top, pool, ran, go, reported };
};

t.test('a process runs one cell after another, all of its kernel and generation', async (t) => {
  const failing = "verdict = 'failed'; t.fail('no');";
  const { top, pool, ran, go } = setUp(t, { a: scenario(failing), b: scenario() });
  const newest = [cellOf('k', 'a'), cellOf('k', 'b'), cellOf('l', 'b')];
  const ends: unknown[] = [];
  for (const cell of [...newest, { ...cellOf('l', 'b'), generation: '7.8' } as const])
    for (const { scenario, verdict, retried } of await go(cell)) ends.push([scenario, verdict, ...retried]);
  t.strictSame(ends, [
    ['a', 'failed'],
    ['b', 'passed'],
    ['b', 'passed'],
    ['b', 'passed'],
  ]);
  t.strictSame(
    ran().map(({ name, on, before }) => `${name} on ${on} after ${before}`),
    ['a on k 8.0 after 0', 'b on k 8.0 after 1', 'b on l 8.0 after 0', 'b on l 7.8 after 0'],
  );
  t.equal(new Set(ran().map(({ pid }) => pid)).size, 3);
  t.match(readFileSync(join(top, 'run/k/b/output.txt'), 'utf8'), /^# Subtest: b\n[\s\S]*\nok 2 - b/);
  t.strictSame(await pool.close(), [], 'the status of the first says once more that something failed in it');
  t.strictSame(
    ran().filter(({ pid, temporary }) => isRunning(pid) || existsSync(temporary)),
    [],
  );
});

t.test('a process that dies breaks only its cell, which runs again in a fresh process', async (t) => {
  const { top, pool, ran, go } = setUp(t, {
    a: scenario(),
    b: scenario("process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});"),
    c: scenario(),
  });
  // Two that have nothing to do.
  const leases = await Promise.all([pool.take(cellOf('k', 'a'), false), pool.take(cellOf('k', 'a'), false)]);
  for (const lease of leases) await lease.run(join(top, 'a.mjs'));
  for (const lease of leases) await lease.giveBack(true);
  t.match(await go(cellOf('k', 'b')), [
    { scenario: 'b (process)', verdict: 'broken', reasons: [/SIGKILL/], retried: [/SIGKILL/] },
  ]);
  t.match(await go(cellOf('k', 'c')), [{ verdict: 'passed', retried: { length: 0 } }]);
  t.strictSame(
    ran().map(({ name, before }) => `${name} after ${before}`),
    ['a after 0', 'a after 0', 'b after 1', 'b after 0', 'c after 1'],
  );
  t.equal(new Set(ran().map(({ pid }) => pid)).size, 3);
  t.strictSame(await pool.close(), []);
});

t.test('a process that exits badly after its cells is reported with all cells that it ran', async (t) => {
  const { pool, go } = setUp(t, {
    a: scenario("process.on('exit', () => { process.exitCode = 7; });"),
    b: scenario(),
  });
  await go(cellOf('k', 'a'));
  await go(cellOf('k', 'b'));
  t.match(await pool.close(), [
    {
      kernel: 'k',
      file: 'b',
      scenario: 'b (process)',
      verdict: 'broken',
      reasons: [/\(status 7\) after a, b:/],
    },
  ]);
});

t.test('output between two cells and at the exit of a process is kept', async (t) => {
  const late = `const watch = setInterval(() => {
    if (!existsSync(join(TOP, 'go'))) return;
    clearInterval(watch);
    console.log('too late');
    writeFileSync(join(TOP, 'printed'), '');
  }, 5);`;
  const { top, pool, go, reported } = setUp(t, {
    a: scenario(late),
    b: scenario("process.on('exit', () => console.error('while it ends'));"),
  });
  const cells = await go(cellOf('k', 'a'));
  t.match(cells, [{ verdict: 'passed' }]);
  writeFileSync(join(top, 'go'), '');
  await new Promise<void>((resolve) => {
    const watch = setInterval(() => {
      if (!existsSync(join(top, 'printed'))) return;
      clearInterval(watch);
      resolve();
    }, 5);
  });
  await go(cellOf('k', 'b'));
  await pool.close();
  t.equal(
    readFileSync(join(top, 'run/k/late-output.txt'), 'utf8'),
    'after a, vmd 8.0:\ntoo late\nafter b, vmd 8.0:\nwhile it ends\n',
  );
  t.strictSame(reported, [
    'k a: its process printed a line after its end, kept in k/late-output.txt',
    'k b: its process printed a line after its end, kept in k/late-output.txt',
  ]);
});

t.test('a process that does not exit is killed and reported', async (t) => {
  const { pool, ran, go } = setUp(t, { a: scenario('setInterval(() => {}, 1000);') }, createHalt(), 500);
  await go(cellOf('k', 'a'));
  t.match(await pool.close(), [{ verdict: 'broken', reasons: [/\(no end within 0.5 s\) after a/] }]);
  t.notOk(isRunning(ran()[0]?.pid ?? 0));
});

t.test('an interrupt ends busy and idle processes, and nothing of them is left', async (t) => {
  const halt = createHalt();
  const { top, pool, ran, go } = setUp(
    t,
    {
      a: scenario(),
      b: scenario(
        "writeFileSync(join(TOP, 'ready'), ''); setInterval(() => {}, 1000); await new Promise(() => {});",
      ),
    },
    halt,
  );
  const other = await pool.take(cellOf('k', 'a'), false);
  await go(cellOf('k', 'a'));
  await other.run(join(top, 'a.mjs'));
  await other.giveBack(true);
  const busy = go(cellOf('k', 'b'));
  const watch = setInterval(() => {
    if (existsSync(join(top, 'ready'))) halt.interrupt('interrupted by SIGINT');
  }, 10);
  t.teardown(() => clearInterval(watch));
  t.match(await busy, [{ scenario: 'b', verdict: 'skipped', reasons: ['interrupted by SIGINT'] }]);
  t.strictSame(await pool.close(), []);
  t.equal(ran().length, 3);
  t.strictSame(
    ran().filter(({ pid, temporary }) => isRunning(pid) || existsSync(temporary)),
    [],
  );
});
