import { open, readFile, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../images/asset.js';
import { runFiles } from './run-files.js';

const tap = JSON.stringify(import.meta.resolve('tap'));
const file = (body: string): string => `import t from ${tap};\n${body}`;

/** The results of outermost tests, without their times. */
const resultsIn = (lines: readonly string[]): string[] =>
  lines.filter((line) => /^(not )?ok /.test(line)).map((line) => line.replace(/ # time=.*/, ''));

t.test(
  'a worker runs files one after another, and a worker that dies is reported and replaced',
  async (t) => {
    const directory = t.testdir({
      'a.mjs': file(
        "t.test('first', async (t) => { t.equal(globalThis.loaded, undefined); globalThis.loaded = 1; });",
      ),
      'b.mjs': file("t.test('second', async (t) => t.equal(globalThis.loaded, 1, 'same process'));"),
      'c.mjs': file("t.test('third', async () => process.kill(process.pid, 'SIGKILL'));"),
      'd.mjs': file("t.test('fourth', async (t) => t.equal(globalThis.loaded, undefined, 'a new process'));"),
      'e.mjs': file("t.test('fifth', async (t) => t.equal(1, 2));"),
    });
    const lines: string[] = [];
    const files = ['a', 'b', 'c', 'd', 'e'].map((name) => `${directory}/${name}.mjs`);
    const failed: string[] = [];
    const status = await runFiles(files, {
      workers: 1,
      onLine: (line) => lines.push(line),
      onFailed: (name) => failed.push(name),
    });
    t.strictSame(failed, ['c.mjs', 'e.mjs']);
    t.strictSame(resultsIn(lines), [
      'ok 1 - first',
      'ok 2 - second',
      'not ok 1 - c.mjs: its process exited (SIGKILL) before the file had finished; b.mjs ran in it before',
      'ok 1 - fourth',
      'not ok 2 - fifth',
    ]);
    const fileNames = lines.flatMap((line) => /fileName: (.*)/.exec(line)?.[1] ?? []);
    t.ok(fileNames.length > 0, 'a failed assertion says which file it is in');
    for (const fileName of fileNames) t.equal(resolve(packageRoot(), fileName), `${directory}/e.mjs`);
    t.notMatch(lines.join('\n'), /node_modules\S*:\d+:\d+/, 'no frame of tap');
    t.equal(status, 1);
  },
);

t.test('a file ends after its last test, and the process after its last file', async (t) => {
  const directory = t.testdir({
    // These waits are long enough for the next file to start if it starts too early.
    'a.mjs': file(
      `import { setTimeout as wait } from 'node:timers/promises';
       const open = setInterval(() => {}, 1000);
       t.teardown(() => clearInterval(open));
       t.test('first', () => wait(100));
       t.test('second', async () => {
         await wait(100);
         globalThis.over = true;
       });`,
    ),
    'b.mjs': file("const { over } = globalThis; t.test('third', async (t) => t.ok(over));"),
  });
  const files = ['a', 'b'].map((name) => `${directory}/${name}.mjs`);
  t.equal(await runFiles(files, { workers: 1 }), 0);
});

t.test('a file that runs for minutes is named', async (t) => {
  const directory = t.testdir({
    'a.mjs': file(
      `import { existsSync } from 'node:fs';
       t.test('first', async () => {
         while (!existsSync(new URL('go', import.meta.url))) await new Promise(setImmediate);
       });`,
    ),
  });
  const slow: unknown[] = [];
  const minutes: (() => void)[] = [];
  const restore = t.intercept(globalThis, 'setInterval', {
    value: (minute: () => void, ms: number) => {
      t.equal(ms, 60_000);
      minutes.push(minute);
    },
  });
  const status = runFiles([`${directory}/a.mjs`], { workers: 1, onSlow: (...each) => slow.push(each) });
  restore.restore();
  for (const minute of [...minutes, ...minutes]) minute();
  await writeFile(`${directory}/go`, '');
  t.equal(await status, 0);
  t.strictSame(slow, [
    ['a.mjs', 1],
    ['a.mjs', 2],
  ]);
});

t.test('a file whose time is over is named', async (t) => {
  const directory = t.testdir({
    'a.mjs': file("t.setTimeout(1); t.test('first', () => new Promise(() => {}));"),
  });
  const lines: string[] = [];
  t.equal(await runFiles([`${directory}/a.mjs`], { workers: 1, onLine: (line) => lines.push(line) }), 1);
  t.strictSame(resultsIn(lines), [
    'not ok 1 - first',
    `not ok 1 - ${relative('', directory)}/a.mjs: its time was over`,
    'not ok 1 - a.mjs: its process exited (status 1) before the file had finished',
  ]);
});

t.test('a process that fails after its last file is reported', async (t) => {
  const directory = t.testdir({
    'a.mjs': file("process.on('exit', () => process.exit(3)); t.test('first', async () => {});"),
  });
  const lines: string[] = [];
  t.equal(await runFiles([`${directory}/a.mjs`], { workers: 1, onLine: (line) => lines.push(line) }), 1);
  t.match(
    resultsIn(lines).at(-1),
    /^not ok 1 - a process exited \(status 3\) after it had run its files; a\.mjs/,
  );
});

t.test('a file that harms the files after it is named', async (t) => {
  const directory = t.testdir({
    'ends.mjs': file("t.test('first', async () => {}); t.end();"),
    'after.mjs': file("t.test('second', async () => {});"),
    'changes.mjs': file(
      "process.env.LEFT = '1'; process.on('warning', () => {}); t.test('third', async () => {});",
    ),
    // Thrown when the next file has begun its test, but in the context of this one, as by a late timer.
    'throws.mjs': file(
      `import { AsyncResource } from 'node:async_hooks';
       t.test('fourth', async () => {
         process.once('fifth', AsyncResource.bind(() => setImmediate(() => { throw new Error('late'); })));
       });`,
    ),
    'waits.mjs': file(
      "t.test('fifth', () => new Promise(() => { setInterval(() => {}, 1000); process.emit('fifth'); }));",
    ),
  });
  const lines: string[] = [];
  const files = ['ends', 'after', 'changes', 'throws', 'waits'].map((name) => `${directory}/${name}.mjs`);
  const log = await open(`${directory}/log`, 'w');
  const stderr = log.fd;
  t.equal(await runFiles(files, { workers: 1, onLine: (line) => lines.push(line), stderr }), 1);
  await log.close();
  t.match(await readFile(`${directory}/log`, 'utf8'), 'Error: late');
  t.strictSame(resultsIn(lines), [
    'ok 1 - first',
    `not ok 1 - ${relative('', directory)}/ends.mjs: the root test of tap has ended, by t.end() or t.plan()`,
    'not ok 1 - ends.mjs: its process exited (status 1) before the file had finished',
    'ok 1 - second',
    'ok 2 - third',
    `not ok 1 - ${relative('', directory)}/changes.mjs leaves changed: environment variable LEFT, listeners of warning`,
    'ok 3 - fourth',
    'not ok 4 - fifth',
    'not ok 1 - waits.mjs: its process exited (status 1) before the file had finished; throws.mjs ran in it before',
  ]);
});
