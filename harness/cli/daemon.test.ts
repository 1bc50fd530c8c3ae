// Tests the daemons as processes: their output, sockets and exit statuses.

import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, watch } from 'node:fs';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { connect } from '../socket/connect.js';
import { captured } from '../testing/captured.js';
import type { CommandResult } from '../testing/commands-process.js';
import { Client } from '../vfio-user/client.js';
import { startFrontEnd } from '../vhost-user/front-end.js';
import { runCommand } from './command.js';

const main = join(import.meta.dirname, 'main.js');
const clock = ['--clock', 'frozen:2019-03-02T05:57:01.123456Z'];

/** An empty directory, and a missing directory below it for the sockets. */
const freshDirectory = (t: Test) => {
  const top = temporaryDirectory().path;
  t.teardown(() => rmSync(top, { recursive: true }));
  const directory = join(top, 'run');
  return { top, directory, at: (name: string): string => join(directory, name) };
};

const launch = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(process.execPath, [main, ...args], {
    buffer: false,
    env,
    reject: false,
    forceKillAfterDelay: false,
  });

interface Daemon {
  /** What it has printed on standard error so far. */
  readonly notes: readonly string[];
  /** The next line of output, parsed; `undefined` at the end. */
  line(): Promise<Record<string, unknown> | undefined>;
  /** Sends a signal and resolves with the exit status. */
  end(signal: NodeJS.Signals): Promise<{ exitCode: number | undefined; signal: string | undefined }>;
}

const start = (t: Test, args: readonly string[]): Daemon => {
  const child = launch(args);
  const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const notes: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => notes.push(line));
  t.teardown(() => {
    child.kill('SIGKILL');
    if (!t.passing()) for (const line of notes) t.comment(line);
  });
  return {
    notes,
    line: async () => {
      const { value, done } = await output.next();
      return done ? undefined : (JSON.parse(String(value)) as Record<string, unknown>);
    },
    end: async (signal) => {
      child.kill(signal);
      const { exitCode, signal: by } = await child;
      return { exitCode, signal: by };
    },
  };
};

/** Runs `vmmci ctl` in this process. */
const ctl = async (t: Test, control: string, ...args: string[]): Promise<unknown> => {
  const { status, out, err } = await captured(t, () => runCommand(['ctl', '--control', control, ...args]));
  if (status !== 0) throw new Error(err);
  return JSON.parse(out) as unknown;
};

/**
 * Runs command lines one after another in one process, which must exit by itself, and returns their results.
 */
const resultsOf = async (lines: readonly (readonly string[])[]): Promise<CommandResult[]> => {
  const script = join(import.meta.dirname, '../testing/commands-process.js');
  const { stdout } = await execa(process.execPath, [script, JSON.stringify(lines)], { timeout: 300_000 });
  return JSON.parse(stdout) as CommandResult[];
};

/** Sends raw lines to a control socket and returns one answer per line. */
const converse = async (control: string, lines: readonly string[]): Promise<unknown[]> => {
  const socket = dial(control);
  await once(socket, 'connect');
  const answers: unknown[] = [];
  for (const line of lines) socket.write(`${line}\n`);
  for await (const line of createInterface({ input: socket })) {
    answers.push(JSON.parse(line));
    if (answers.length === lines.length) break;
  }
  socket.destroy();
  return answers;
};

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

t.test('vmmci backend starts, keeps its sockets private, answers and stops', async (t) => {
  const { directory, at } = freshDirectory(t);
  const [socket, control] = [at('backend'), at('control')];
  const daemon = start(t, ['backend', '--socket', socket, '--control', control, ...clock]);
  t.match(await daemon.line(), { ready: true, socket, control, pid: Number });
  t.same([mode(directory), mode(socket), mode(control)], ['700', '600', '600']);

  const frontEnd = await startFrontEnd(await connect(socket));
  t.same(await frontEnd.getConfig(4, 4), Buffer.from('2d1b7a5c', 'hex'));
  await frontEnd.setFeatures(7n);
  await frontEnd.setStatus(7);
  const interrupted = new Promise<void>((resolve) => frontEnd.onConfigChange(resolve));
  const asked = await execa(process.execPath, [main, 'ctl', '--control', control, 'command', 'SYNCRTC']);
  t.same(JSON.parse(asked.stdout), { result: 'sent' }, 'vmmci ctl in a process');
  await interrupted;
  await frontEnd.setConfig(0, Buffer.of(3, 0, 0, 0));
  t.match(await ctl(t, control, 'state'), {
    command: 'NONE',
    status: 7,
    guestFeatures: 7,
    hostFeatures: 7,
    lastSample: '2019-03-02T05:57:01.123456Z',
    timers: [],
    acks: 1,
    configChanges: 1,
  });

  t.same(await daemon.end('SIGTERM'), { exitCode: 0, signal: undefined }, 'with its front-end connected');
  await frontEnd.closed;
  t.same(readdirSync(directory), [], 'the sockets are gone');
  t.strictSame(daemon.notes, [`vmmci: created directory ${directory}`]);
});

t.test('vmmci function does the same and shows the interrupt line and ISR', async (t) => {
  const { directory, at } = freshDirectory(t);
  const [socket, control] = [at('function'), at('control')];
  const daemon = start(t, ['function', '--socket', socket, '--control', control, ...clock]);
  t.match(await daemon.line(), { ready: true, socket, backend: String, control, pid: Number });
  t.same([mode(directory), mode(socket), mode(control)], ['700', '600', '600']);

  const client = new Client(await connect(socket));
  await client.negotiate();
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
  await client.write(18, 1, 7);
  t.same(await ctl(t, control, 'stop'), { result: 'sent' });
  t.match(await ctl(t, control, 'state'), {
    command: 'REBOOT',
    isr: 2,
    line: 'high',
    interrupts: 0, // the interrupt is not armed
    status: 7,
    guestFeatures: 0,
    hostFeatures: 7,
    lastSample: '2019-03-02T05:57:01.123456Z',
    timers: [{ name: 'ack', remainingMs: Number }],
    acks: 0,
  });

  // A reset after a stop ends the VM; the daemon prints this decision of vmd.
  await client.reset();
  t.match(await daemon.line(), { event: 'kill', reason: 'guest-exit', outcome: 'exit' });
  t.same(await daemon.end('SIGINT'), { exitCode: 0, signal: undefined });
  t.same(readdirSync(directory), [], 'the sockets are gone');
});

t.test('an invalid request gets an error, and later requests are answered', async (t) => {
  const { at } = freshDirectory(t);
  const daemon = start(t, ['backend', '--socket', at('backend'), '--control', at('control')]);
  await daemon.line();
  t.match(
    await converse(at('control'), [
      '{"id":1,"method":',
      '{"id":2,"method":"halt"}',
      '{"id":3,"method":"command","params":{"name":"reboot"}}',
      '[]',
      '{"id":4,"method":"state"}',
    ]),
    [
      { id: null, error: { code: 'CONTROL_REQUEST', message: String } },
      { id: 2, error: { code: 'CONTROL_METHOD', message: /'halt'; valid: .*state.*stop/ } },
      { id: 3, error: { code: 'CONTROL_PARAMS', message: /SHUTDOWN, REBOOT, SYNCRTC/ } },
      { id: null, error: { code: 'CONTROL_REQUEST' } },
      { id: 4, result: { command: 'NONE' } },
    ],
  );
  t.same(await daemon.end('SIGHUP'), { exitCode: 0, signal: undefined });
});

t.test(
  'a daemon whose output is no longer read ends at the next line, and removes its sockets',
  async (t) => {
    const { directory, at } = freshDirectory(t);
    const child = launch(['backend', '--socket', at('backend'), '--control', at('control')]);
    t.teardown(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await ctl(t, at('control'), 'stop', '--force');
    t.match(await child, { exitCode: 141 });
    t.same(readdirSync(directory), []);
  },
);

t.test('a path belongs to one daemon until that has died', async (t) => {
  const { at } = freshDirectory(t);
  const args = ['backend', '--socket', at('backend'), '--control', at('control')];
  const first = start(t, args);
  await first.line();
  const [same, other, third] = await resultsOf([
    args,
    ['function', '--socket', at('backend')],
    ['function', '--socket', at('other'), '--control', at('control')],
  ]);
  const inUse = { exitCode: 2, stdout: '', stderr: /\/backend is in use.*SOCKET_IN_USE/ };
  t.match(same, inUse, 'backend');
  t.match(other, inUse, 'function');
  t.match(third, { exitCode: 2, stdout: '', stderr: /\/control is in use.*SOCKET_IN_USE/ });
  t.notOk(existsSync(at('other')), 'the first socket of a failed start is removed');
  t.match(await ctl(t, at('control'), 'state'), { command: 'NONE' }, 'the first daemon still answers');

  t.match(await first.end('SIGKILL'), { signal: 'SIGKILL' });
  t.ok(existsSync(at('backend')), 'SIGKILL leaves the socket file');
  const next = start(t, args);
  t.match(await next.line(), { ready: true });
  t.same(await next.end('SIGTERM'), { exitCode: 0, signal: undefined });
});

/** Command lines, where `@` stands for the test's directory, and the expected error. */
const wrong: readonly (readonly [string, RegExp])[] = [
  ['backend', /option '--socket <PATH>' is missing/],
  ['backend --socket @b --generation 5.9', /--generation: expected one of 6.2, 6.4, .*, 8.0, got '5.9'/],
  [
    'backend --socket @b --clock noon',
    /--clock: 'noon'.*valid: frozen:YYYY.*, running\[:YYYY.*, scripted:FILE/,
  ],
  ['backend --sock @b', /'--sock'.*\n.*--help lists the options/],
  ['backend --socket @b more', /'more'.*\n.*--help lists the options/],
  [`backend --socket @b --control @${'c'.repeat(108)}`, /is \d+ bytes long, the system allows 107/],
  ['function --control @c', /option '--socket <PATH>' is missing/],
  ['function --socket @f --stale maybe', /--stale: expected one of repeat, ones, zero, got 'maybe'/],
  ['function --socket @f --backend-socket @none', /--backend-socket: no backend answers on .*none/],
];

t.test('exits 2', async (t) => {
  const tops = wrong.map(() => freshDirectory(t).top);
  const outcomes = await resultsOf(
    wrong.map(([line], row) => line.split(' ').map((word) => word.replace(/^@/, `${tops[row]}/`))),
  );
  for (const [row, [line, message]] of wrong.entries()) {
    const name = line.slice(0, 60);
    t.match(outcomes[row], { exitCode: 2, stdout: '', stderr: message }, name);
    t.same(readdirSync(tops[row] ?? ''), [], `nothing listens: ${name}`);
  }
});

t.test('a signal during the start leaves nothing behind', async (t) => {
  const { top, at } = freshDirectory(t);
  mkdirSync(at(''));
  const temporary = join(top, 'tmp');
  for (const command of ['backend', 'function']) {
    mkdirSync(temporary);
    const watcher = watch(temporary);
    const child = launch([command, '--socket', at('socket'), '--control', at('control')], {
      TMPDIR: temporary,
    });
    // The first thing that the daemon creates.
    await once(watcher, 'change');
    child.kill('SIGTERM');
    watcher.close();
    t.equal((await child).exitCode, 0, command);
    t.strictSame([...readdirSync(temporary), ...readdirSync(at(''))], [], 'files that are left');
    rmSync(temporary, { recursive: true });
  }
});
