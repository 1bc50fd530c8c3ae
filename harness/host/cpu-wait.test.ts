import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { withParent } from '../base/with-parent.js';
import { cpuWait } from './cpu-wait.js';

/** The last CPU that this process may use. */
const cpu = /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';

/** Two processes on that CPU, with threads of that name. */
const loops = (name: string) =>
  Array.from({ length: 2 }, () =>
    spawn(
      'setpriv',
      [
        // Whatever ends this process must not leave loops behind.
        ...withParent('KILL'),
        ...['taskset', '-c', cpu, 'sh', '-c'],
        `printf '${name}' >/proc/self/comm; printf '${name}' >/proc/$$/comm; echo; while :; do :; done`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    ),
  );

t.test('CPUs of guests that share one CPU of the host wait for each other', async (t) => {
  const others = loops('IO vfio-user');
  const guests = loops('CPU 0/TCG');
  t.teardown(() => {
    for (const loop of [...others, ...guests]) loop.kill('SIGKILL');
  });
  for (const loop of [...others, ...guests]) await once(loop.stdout, 'data');
  // They never end, so all but one wait at any time.
  while (cpuWait() < 10_000_000n) await new Promise(setImmediate);
  const ends = guests.map((loop) => once(loop, 'close'));
  for (const loop of guests) loop.kill('SIGKILL');
  await Promise.all(ends);
  t.equal(cpuWait(), 0n, 'without a guest');
});

t.test('a process that has ended meanwhile waits for nothing', async (t) => {
  const child = spawn('true');
  await once(child, 'exit');
  t.equal(cpuWait(child.pid), 0n);
});
