import { resolve } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../images/asset.js';
import { runFiles } from './run-files.js';

const tap = JSON.stringify(import.meta.resolve('tap'));
const file = (body: string): string => `import t from ${tap};\n${body}`;

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
    const status = await runFiles(files, { workers: 1, onLine: (line) => lines.push(line) });
    const results = lines
      .filter((line) => /^(not )?ok /.test(line))
      .map((line) => line.replace(/ # time=.*/, ''));
    t.strictSame(results, [
      'ok 1 - first',
      'ok 2 - second',
      'not ok 1 - c.mjs: its process exited (SIGKILL) before the file had finished',
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
