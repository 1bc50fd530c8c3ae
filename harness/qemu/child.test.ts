import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../testing/eventually.js';
import { isRunning } from '../testing/is-running.js';
import { lateSetpriv } from '../testing/late-setpriv.js';
import { QemuChild } from './child.js';
import type { QemuExit } from './exit.js';

const start = (script: string, file = '/bin/sh') => {
  const closed: QemuExit[] = [];
  const child = new QemuChild({
    file,
    args: ['-c', script],
    names: ['console', 'qmp'],
    onClose: (ended) => closed.push(ended),
  });
  return { child, closed };
};

t.test('each channel is a descriptor of its own, and the end has the first reason', async (t) => {
  const { child, closed } = start('read line <&5; echo "$line" >&3; echo why >&2; exit 3');
  child.channel('qmp').write('hello\n');
  const [bytes] = await once(child.channel('console'), 'data');
  t.equal(String(bytes), 'hello\n');
  child.noteShutdown('guest-shutdown');
  child.noteShutdown('host-qmp-quit');
  const ended = await child.exit;
  t.match(ended, { status: 3, signal: null, shutdown: 'guest-shutdown', killed: false, stderr: /why/ });
  t.strictSame(closed, [ended]);
  t.match(child.stderr(), 'why');
  t.throws(() => child.channel('coverage'), { code: 'QEMU_START', message: /no channel coverage/ });
});

t.test('a channel that nobody reads does not keep the end from being seen', async (t) => {
  const { child } = start('echo unread >&3');
  t.match(await child.exit, { status: 0, stderr: '' });
});

t.test('a process that is killed says by whom', async (t) => {
  const killed = start('exec sleep 600').child;
  t.match(await killed.kill(), { signal: 'SIGKILL', killed: true });
  t.match(await killed.kill(), { killed: true }, 'once more');
  const aborted = start('exec sleep 600').child;
  aborted.abort();
  t.match(await aborted.exit, { signal: 'SIGKILL', killed: false });
  const ended = start('exit 0').child;
  await ended.exit;
  t.match(await ended.kill(), { status: 0, killed: false }, 'it had exited before');
});

t.test('a program that cannot be started is an end, not an error', async (t) => {
  const { child } = start('', '/nonexistent/qemu');
  t.match(await child.exit, { status: 127, signal: null, killed: false, stderr: /\/nonexistent\/qemu/ });
});

/** A process that starts another and dies. */
const starter = `
import { QemuChild } from ${JSON.stringify(new URL('child.js', import.meta.url).href)};
const args = ['-c', 'echo >"$0"; exec sleep 1000', process.argv[1]];
new QemuChild({ file: 'sh', args, names: [], onClose: () => {} });
process.kill(process.pid, 'SIGKILL');
`;

t.test('a process whose parent dies before it has begun does not begin', async (t) => {
  const programs = t.testdir({ setpriv: lateSetpriv() });
  await chmod(join(programs, 'setpriv'), 0o755);
  const begun = join(programs, 'begun');
  const parent = spawn(process.execPath, ['--input-type=module', '-e', starter, begun], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
  });
  await once(parent, 'exit');
  await eventually(() => existsSync(join(programs, 'pid')));
  const pid = Number(await readFile(join(programs, 'pid'), 'utf8'));
  t.teardown(() => isRunning(pid) && process.kill(pid, 'SIGKILL'));
  await eventually(() => !isRunning(pid) || existsSync(begun));
  t.notOk(existsSync(begun));
});
