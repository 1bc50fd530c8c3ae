import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { cpuMs, descendantsCpuMs } from './descendants.js';

t.test('the times are found after a name with any characters', async (t) => {
  t.equal(cpuMs('17 (a) b) (c) S 1 17 17 0 -1 4194560 100 0 0 0 25 5 900 900 20 0 1 0 1 1 1'), 300);
});

t.test('the time of a grandchild counts', async (t) => {
  const busy =
    'let i = 0; while (process.cpuUsage().user < 100_000) i += 1; console.log(i); setInterval(() => {}, 1000)';
  // Before the start: it may have used all of the time when this process runs again.
  const before = descendantsCpuMs();
  const child = spawn('sh', ['-c', `"$0" -e '${busy}'; :`, process.execPath], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await once(child.stdout, 'data');
  t.ok(descendantsCpuMs() - before >= 50);
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await once(child, 'close');
});
