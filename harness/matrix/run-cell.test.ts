import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { ScenarioResult } from '../run/result.js';
import type { Verdict } from '../run/verdict.js';
import { cellOf } from '../testing/fake-stages.js';
import { createHalt } from './halt.js';
import { runCell } from './run-cell.js';
import type { ScenarioPool } from './scenario-pool.js';
import type { FileEnd } from './scenario-process.js';

/** Leaves what a scenario leaves. */
type Leave = (scenario: string, verdict: Verdict, reasons?: string[], remedied?: string[]) => void;

/** What is done instead of a file; `attempt` counts from 1. Returns how it ended if that is not well. */
type Body = (attempt: number, leave: Leave) => Partial<FileEnd> | undefined;

const bad: Partial<FileEnd> = { ok: false, how: 'status 1' };

const run = async (test: Pick<typeof t, 'testdir'>, body: Body, halt = createHalt()) => {
  const top = test.testdir({ run: {} });
  const staging = join(top, 'run/.running');
  const retries: string[] = [];
  let attempts = 0;
  /** For each attempt: in a fresh process, and whether that could be used again. */
  const leases: [boolean, boolean][] = [];
  const leave: Leave = (scenario, verdict, reasons = [], remedied = []) => {
    const directory = join(staging, 'k', scenario);
    mkdirSync(directory, { recursive: true });
    const result: ScenarioResult = {
      scenario,
      verdict,
      reasons,
      remedied,
      seconds: attempts,
      kernel: '6.12.1',
      generation: '8.0',
      driver: 'd',
      qemu: '11',
      accelerator: 'tcg',
      nodeMiB: 90,
      directory,
    };
    writeFileSync(join(directory, 'result.json'), JSON.stringify(result));
  };
  const pool: ScenarioPool = {
    take: async (_, fresh) => ({
      staging,
      run: async (path) => {
        t.equal(path, 'the file it');
        attempts += 1;
        mkdirSync(staging, { recursive: true });
        const well: FileEnd = {
          ok: true,
          how: 'status 0',
          isAlive: true,
          output: `attempt ${attempts}`,
          late: '',
        };
        return { ...well, ...body(attempts, leave) };
      },
      giveBack: async (again) => void leases.push([fresh, again]),
    }),
    close: async () => [],
  };
  const cells = await runCell(cellOf('k', 'it'), {
    halt,
    run: join(top, 'run'),
    pool,
    keep: false,
    onRetry: (_, reason) => retries.push(reason),
    pathOf: (file) => `the file ${file}`,
  });
  const files = readdirSync(join(top, 'run'), { recursive: true, encoding: 'utf8' });
  return { cells, retries, attempts, leases, top, files };
};

t.test('each scenario of the file becomes a cell, and its artifacts are moved', async (t) => {
  const { cells, leases, files, top } = await run(t, (_, leave) => {
    leave('one', 'passed');
    leave('two', 'skipped', ['why']);
    return undefined;
  });
  t.match(cells, [
    { scenario: 'one', file: 'it', verdict: 'passed', directory: 'k/one', nodeMiB: 90, retried: [] },
    { scenario: 'two', verdict: 'skipped', reasons: ['why'], directory: 'k/two' },
  ]);
  t.strictSame(leases, [[false, true]], 'another cell may have the process');
  t.match(JSON.parse(readFileSync(join(top, 'run/k/one/result.json'), 'utf8')), { directory: 'k/one' });
  t.notOk(files.includes('k/one/output.txt'), 'a passed scenario keeps no output');
  t.notOk(existsSync(join(top, 'run/.running/k/one')));
});

t.test('a problem that a scenario repaired is reported as a retry', async (t) => {
  const { cells, attempts } = await run(t, (_, leave) => {
    leave('one', 'passed', [], ['the snapshot was made anew']);
    return undefined;
  });
  t.match(cells, [{ verdict: 'passed', retried: ['the snapshot was made anew'] }]);
  t.equal(attempts, 1);
});

t.test('a failed cell is never run again, and its output is kept', async (t) => {
  const { cells, leases, top } = await run(t, (_, leave) => {
    leave('one', 'failed', ['no']);
    return bad;
  });
  t.match(cells, [{ verdict: 'failed', reasons: ['no'] }]);
  t.equal(cells.length, 1);
  t.strictSame(leases, [[false, true]]);
  t.equal(readFileSync(join(top, 'run/k/one/output.txt'), 'utf8'), 'attempt 1');
});

t.test('a broken cell is run again in a fresh process; a failure beside it stays', async (t) => {
  const { cells, leases, retries, files } = await run(t, (attempt, leave) => {
    const first = attempt === 1;
    leave('bad', first ? 'failed' : 'passed', ['bad']);
    leave('flaky', first ? 'broken' : 'passed', first ? ['QEMU ended'] : []);
    return first ? bad : undefined;
  });
  t.strictSame(leases, [
    [false, false],
    [true, true],
  ]);
  t.match(retries, [/QEMU ended/]);
  t.match(cells, [
    { scenario: 'bad', verdict: 'failed', retried: [] },
    { scenario: 'flaky', verdict: 'passed', seconds: 2, retried: ['QEMU ended'] },
  ]);
  t.ok(files.includes('k/flaky.attempt-1/result.json'), 'the first attempt can still be looked at');
});

t.test('a cell that breaks twice is broken', async (t) => {
  const { cells, attempts, leases } = await run(t, (_, leave) => {
    leave('one', 'broken', ['again']);
    return bad;
  });
  t.equal(attempts, 2);
  t.strictSame(leases.at(-1), [true, false]);
  t.match(cells, [{ verdict: 'broken', reasons: ['again'], retried: ['again'] }]);
});

t.test('a process that leaves no result or ends badly is broken', async (t) => {
  const nothing = await run(t, () => ({ output: 'cannot find it' }));
  t.match(nothing.cells, [{ scenario: 'it (process)', verdict: 'broken', reasons: [/cannot find it/] }]);
  t.equal(nothing.attempts, 2);
  for (const [verdict, end, reason] of [
    ['passed', { ok: false, how: 'SIGKILL', isAlive: false }, /SIGKILL/],
    ['passed', { ok: false, how: 'status 7' }, /status 7/],
    // Its scenario tells why its status is bad, but not why there is no process any more.
    ['failed', { ok: false, how: 'status 1', isAlive: false }, /status 1/],
  ] as const) {
    const { cells, leases } = await run(t, (_, leave) => {
      leave('one', verdict);
      return end;
    });
    t.match(cells, [
      { scenario: 'one', verdict },
      { scenario: 'it (process)', verdict: 'broken', reasons: [reason] },
    ]);
    t.strictSame(leases, [
      [false, false],
      [true, false],
    ]);
  }
});

t.test(
  'artifacts that cannot be kept, and a result that is cut short, are broken, never failed',
  async (t) => {
    const cut = await run(t, (_, leave) => {
      leave('one', 'failed', ['no']);
      const directory = join(t.testdirName, 'run/.running/k/two');
      mkdirSync(directory);
      writeFileSync(join(directory, 'result.json'), '{"scenario":"two","verd');
      return bad;
    });
    t.match(cut.cells, [
      { scenario: 'one', verdict: 'failed' },
      { scenario: 'two', verdict: 'broken', reasons: [/result\.json is damaged: not JSON/] },
    ]);
    const unkept = await run(t, (_, leave) => {
      leave('one', 'failed', ['no']);
      // In the way of the directory of the kernel, as a full disk or a run directory that is gone would be.
      writeFileSync(join(t.testdirName, 'run/k'), '');
      return bad;
    });
    t.match(unkept.cells, [
      {
        scenario: 'it (process)',
        verdict: 'broken',
        reasons: [/artifacts of one cannot be kept: .*(EEXIST|ENOTDIR)/],
      },
    ]);
    t.equal(unkept.attempts, 2);
  },
);

t.test('a file that cannot be imported is named first, not its stack', async (t) => {
  const output = 'TAP version 14\nnot ok 1 - it.js: EMFILE: too many open files\n  ---\n  found: here';
  const { retries, cells } = await run(t, () => ({ ok: false, how: 'status 1', output }));
  t.match(retries, [/^no scenario ran: it\.js: EMFILE: too many open files\n/]);
  t.match(cells, [{ verdict: 'broken', reasons: [/^no scenario ran: it\.js: EMFILE/] }]);
});

t.test('a cell that is interrupted did not run', async (t) => {
  const halt = createHalt();
  const { cells, leases } = await run(
    t,
    () => {
      halt.interrupt('interrupted by SIGINT');
      return { ok: false, how: 'SIGKILL', isAlive: false };
    },
    halt,
  );
  t.match(cells, [{ scenario: 'it', verdict: 'skipped', reasons: ['interrupted by SIGINT'] }]);
  t.strictSame(leases, [[false, false]]);
});
