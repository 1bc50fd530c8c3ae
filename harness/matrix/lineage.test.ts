import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { eventually } from '../testing/eventually.js';
import { endLineage, markLineage } from './lineage.js';

t.test('orphans of this run are killed, processes of other runs are not', async (t) => {
  t.teardown(() => delete process.env.VMMCI_LINEAGE);
  markLineage();
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.teardown(() => stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');

  const mark = markLineage();
  // The shell ends at once and leaves its child behind, in a session of its own; it lives until the pipe
  // tells its number.
  const parent = spawn('sh', ['-c', 'setsid sleep 600 >/dev/null & echo $!'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output] = await once(parent.stdout, 'data');
  const orphan = Number(String(output));
  const commOf = (pid: number): string => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^\d+ \((.*)\) (\S).*$/s, '$1 $2');
    } catch {
      return 'gone';
    }
  };
  await eventually(() => commOf(orphan).startsWith('sleep'));
  endLineage(mark, 'another-program');
  t.match(commOf(orphan), /^sleep [^Z]/);
  endLineage(mark, 'sleep');
  // Whoever adopts it may never reap it.
  await eventually(() => /gone| Z/.test(commOf(orphan)));
  t.match(commOf(stranger.pid ?? 0), /^sleep [^Z]/, 'the other one');
});
