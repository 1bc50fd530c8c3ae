import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import t from 'tap';
import { withParent } from '../base/with-parent.js';
import { cpuWait } from './cpu-wait.js';

/** Two processes on the last CPU, with threads of that name. */
const loops = (name: string) =>
  Array.from({ length: 2 }, () =>
    spawn(
      'setpriv',
      [
        // Whatever ends this process must not leave loops behind.
        ...withParent('KILL'),
        ...['taskset', '-c', String(availableParallelism() - 1), 'sh', '-c'],
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
