import { once } from 'node:events';
import t from 'tap';
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
  t.match(await child.exit, { status: null, signal: null, killed: false, stderr: /ENOENT/ });
});
