// The daemons as others start them: faults through their control sockets.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { connect } from '../socket/connect.js';
import { captured } from '../testing/captured.js';
import { Client } from '../vfio-user/client.js';
import { startFrontEnd } from '../vhost-user/front-end.js';
import { runCommand } from './command.js';

const main = join(import.meta.dirname, 'main.js');

const freshDirectory = (t: Test): string => {
  const directory = temporaryDirectory().path;
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
};

/** Starts a daemon, waits until it listens, and lets `use` have it; then it must end well on SIGTERM. */
const withDaemon = async (t: Test, args: readonly string[], use: () => Promise<void>): Promise<void> => {
  const child = execa(process.execPath, [main, ...args], {
    stderr: 'inherit',
    buffer: false,
    reject: false,
    forceKillAfterDelay: false,
  });
  try {
    const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value: line } = await output.next();
    t.match(JSON.parse(String(line)), { ready: true });
    await use();
  } finally {
    child.kill('SIGTERM');
  }
  t.equal((await child).exitCode, 0, 'exits 0 on SIGTERM');
};

/** As `vmmci ctl` does it, without the start of a process. */
const ctl = async (t: Test, control: string, ...args: string[]): Promise<unknown> => {
  const { status, out, err } = await captured(t, () => runCommand(['ctl', '--control', control, ...args]));
  if (status !== 0) throw new Error(err);
  return JSON.parse(out) as unknown;
};

const clock = 'frozen:2019-03-02T05:57:01Z';

t.test('vmmci function', async (t) => {
  const directory = freshDirectory(t);
  const [socket, control] = [join(directory, 'function'), join(directory, 'control')];
  await withDaemon(t, ['function', '--socket', socket, '--control', control, '--clock', clock], async () => {
    const client = new Client(await connect(socket));
    await client.negotiate();
    const outer = { protocol: 'vfio-user', command: 'REGION_READ', times: 1 };
    const inner = { protocol: 'vhost-user', command: 'GET_CONFIG', offset: 4 };
    const faults = [
      { kind: 'value', value: 5, when: inner },
      { kind: 'clock-jump', us: 1_000_000, when: outer },
    ];
    t.match(await ctl(t, control, 'fault', JSON.stringify({ faults })), {
      faults: [{ hits: 0 }, { hits: 0 }],
    });
    t.equal(await client.read(24, 4), 5);
    t.same(await ctl(t, control, 'fault', 'off'), { faults: [] });
    t.equal(await client.read(24, 4), 0x5c7a1b2e);
    client.close();
  });
});

t.test('vmmci backend', async (t) => {
  const directory = freshDirectory(t);
  const [socket, control] = [join(directory, 'backend'), join(directory, 'control')];
  await withDaemon(t, ['backend', '--socket', socket, '--control', control, '--clock', clock], async () => {
    const frontEnd = await startFrontEnd(await connect(socket));
    const plan = { faults: [{ kind: 'error', errno: 5, when: { command: 'GET_CONFIG' } }] };
    t.match(await ctl(t, control, 'fault', JSON.stringify(plan)), { faults: [{ hits: 0 }] });
    t.equal((await frontEnd.getConfig(4, 4)).length, 0);
    t.match(await ctl(t, control, 'state'), { faults: [{ hits: 1 }], command: 'NONE' });
    frontEnd.close();
  });
});

t.test('vmmci function in front of the backend of another process', async (t) => {
  const directory = freshDirectory(t);
  const path = (name: string): string => join(directory, name);
  await withDaemon(t, ['backend', '--socket', path('backend'), '--clock', clock], async () => {
    const sockets = ['--socket', path('function'), '--backend-socket', path('backend')];
    await withDaemon(t, ['function', ...sockets, '--control', path('control')], async () => {
      const client = new Client(await connect(path('function')));
      await client.negotiate();
      const plan = { faults: [{ kind: 'ones', when: { offset: 24, times: 1 } }] };
      t.match(await ctl(t, path('control'), 'fault', JSON.stringify(plan)), { faults: [{ hits: 0 }] });
      t.equal(await client.read(24, 4), 0xffff_ffff);
      t.equal(await client.read(24, 4), 0x5c7a1b2d);
      t.match(await ctl(t, path('control'), 'state'), { faults: [{ hits: 1 }], attached: true });
      client.close();
    });
  });
});
