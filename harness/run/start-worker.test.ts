import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { eventually } from '../testing/eventually.js';
import { isRunning } from '../testing/is-running.js';
import { startWorker } from './start-worker.js';

const tap = JSON.stringify(import.meta.resolve('tap'));
const file = (body: string): string => `import t from ${tap};\n${body}`;

t.test('each file gets the status that it would have in a process of its own', async (t) => {
  const directory = t.testdir({
    'good.mjs': file(
      "t.teardown(() => {}); t.test('good', async () => {}); t.test('lacks', async (t) => t.pass('', { skip: 1 }));",
    ),
    // The wait is long enough for tap to end its root test early, if the teardown makes it do so.
    'bad.mjs': file(
      "await new Promise((resolve) => setTimeout(resolve, 100)); t.test('bad', async (t) => t.fail());",
    ),
    'odd.mjs': 'process.exitCode = 7;',
    'none.mjs': file(''),
    'line\nbreak\u2028.mjs': file("t.test('good', async () => {});"),
    'good-again.mjs': file("t.test('good', async () => {});"),
    'gone.mjs': 'process.exit(0);',
  });
  const worker = startWorker({ stdout: 'pipe', stderr: 'inherit', detached: true });
  worker.stdout?.resume();
  const ends = [];
  for (const name of ['good', 'bad', 'odd', 'none', 'line\nbreak\u2028', 'good-again', 'gone'])
    ends.push(await worker.run(join(directory, `${name}.mjs`)));
  t.strictSame(ends, [
    { ok: true, how: 'status 0', isAlive: true },
    { ok: false, how: 'status 1', isAlive: true },
    { ok: false, how: 'status 7', isAlive: true },
    { ok: false, how: 'status 1', isAlive: true },
    { ok: true, how: 'status 0', isAlive: true },
    { ok: true, how: 'status 0', isAlive: true },
    { ok: false, how: 'status 1', isAlive: false },
  ]);
  t.match(
    await worker.run(join(directory, 'good.mjs')),
    { ok: false, isAlive: false },
    'the process has ended',
  );
});

t.test('variables for test runners do not reach a worker', async (t) => {
  const directory = t.testdir({
    'it.mjs': file(
      "t.test('failing', async (t) => t.fail(process.env.NODE_TEST_CONTEXT, { diff: process.env.NODE_OPTIONS }));",
    ),
  });
  const variables = {
    TAP: '1',
    TAP_BAIL: '1',
    TAP_GREP: '/nothing/',
    TAP_ONLY: '1',
    TAP_TIMEOUT: '0.001',
    NODE_TEST_CONTEXT: 'child-v8',
    NODE_OPTIONS: '--no-warnings',
  };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  t.teardown(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  Object.assign(process.env, variables);
  const log = join(directory, 'log');
  const output = await open(log, 'w');
  const worker = startWorker({ stdout: output.fd, stderr: 'inherit', detached: true });
  t.strictSame(await worker.run(join(directory, 'it.mjs')), { ok: false, how: 'status 1', isAlive: true });
  await worker.end();
  await output.close();
  const text = readFileSync(log, 'utf8');
  t.match(text, /^ {4}not ok 1 - /m);
  t.match(text, 'diff: --no-warnings');
});

t.test('a file that cannot be imported fails, with its reason, and not the file after it', async (t) => {
  const directory = t.testdir({
    'thrown.mjs': "throw new Error('on purpose');",
    'absent.mjs': "import './nothing.mjs';",
    'good.mjs': file("t.test('good', async () => {});"),
  });
  const log = join(directory, 'log');
  const output = await open(log, 'w');
  const worker = startWorker({ stdout: output.fd, stderr: 'inherit', detached: true });
  const run = (name: string) => worker.run(join(directory, name));
  for (const [name, reason] of [
    ['thrown.mjs', /^not ok \d+ - .*thrown\.mjs: on purpose$/m],
    ['absent.mjs', /^not ok \d+ - .*absent\.mjs: Cannot find module .*nothing\.mjs/m],
  ] as const) {
    t.strictSame(await run(name), { ok: false, how: 'status 1', isAlive: true });
    t.match(readFileSync(log, 'utf8'), reason, 'already written when the file has ended');
  }
  t.strictSame(await run('good.mjs'), { ok: true, how: 'status 0', isAlive: true });
  await worker.end();
  await output.close();
});

t.test('one signal kills many workers without a warning about a listener leak', async (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  t.teardown(() => void process.off('warning', note));
  const killer = new AbortController();
  const workers = Array.from({ length: 11 }, () =>
    startWorker({ stdout: 'pipe', stderr: 'inherit', detached: true, signal: killer.signal }),
  );
  killer.abort();
  for (const worker of workers) t.match(await worker.end(), { ok: false, how: 'SIGKILL', isAlive: false });
  t.strictSame(warnings, []);
});

t.test('a worker dies with its parent, even on SIGKILL', async (t) => {
  const directory = t.testdir({
    'it.mjs': `import { writeFileSync } from 'node:fs';
      writeFileSync(process.env.DIRECTORY + '/pid', String(process.pid)); await new Promise(() => setInterval(() => {}, 1000));`,
  });
  const module = pathToFileURL(join(import.meta.dirname, 'start-worker.js')).href;
  const starter = `import { startWorker } from ${JSON.stringify(module)};
    const worker = startWorker({ stdout: 'pipe', stderr: 'inherit', detached: true });
    await worker.run(process.env.DIRECTORY + '/it.mjs');`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', starter], {
    env: { ...process.env, DIRECTORY: directory },
    stdio: 'ignore',
  });
  t.teardown(() => parent.kill('SIGKILL'));
  const pidFile = join(directory, 'pid');
  const written = (): string => (existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '');
  await eventually(() => written() !== '');
  const pid = Number(written());
  t.ok(isRunning(pid));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await eventually(() => !isRunning(pid));
  t.pass('the worker has ended');
});
