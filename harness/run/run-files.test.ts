import { pathToFileURL } from 'node:url';
import t from 'tap';
import { runFiles } from './run-files.js';

const tap = JSON.stringify(pathToFileURL(`${process.cwd()}/node_modules/tap/dist/esm/index.js`).href);
const file = (body: string): string => `import t from ${tap};\n${body}`;

t.test(
  'a worker takes one file after the other, and one that ends too early is told and replaced',
  async (t) => {
    const directory = t.testdir({
      'a.mjs': file(
        "t.test('first', async (t) => { t.equal(globalThis.loaded, undefined); globalThis.loaded = 1; });",
      ),
      'b.mjs': file("t.test('second', async (t) => t.equal(globalThis.loaded, 1, 'same process'));"),
      'c.mjs': file("t.test('third', async () => process.kill(process.pid, 'SIGKILL'));"),
      'd.mjs': file("t.test('fourth', async (t) => t.equal(globalThis.loaded, undefined, 'a new process'));"),
    });
    const lines: string[] = [];
    const files = ['a', 'b', 'c', 'd'].map((name) => `${directory}/${name}.mjs`);
    const status = await runFiles(files, { workers: 1, onLine: (line) => lines.push(line) });
    const told = lines
      .filter((line) => /^(not )?ok /.test(line))
      .map((line) => line.replace(/ # time=.*/, ''));
    t.strictSame(told, [
      'ok 1 - first',
      'ok 2 - second',
      'not ok 1 - c.mjs: its process ended (SIGKILL) in the middle of it',
      'ok 1 - fourth',
    ]);
    t.equal(status, 1);
  },
);

t.test('a file is over when all of its tests are, and the process when all files are', async (t) => {
  const directory = t.testdir({
    // Long enough for the next file to come, if it comes too early.
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
