import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import * as v from 'valibot';
import { startBenchProcess } from './bench-process.js';

t.test('a process that ends by itself is reported with its status or signal', async (t) => {
  const directory = t.testdir({});
  for (const [name, source, how] of [
    ['exits.mjs', 'process.exit(3)', 'status 3'],
    ['killed.mjs', "process.kill(process.pid, 'SIGKILL')", 'SIGKILL'],
  ] as const) {
    writeFileSync(join(directory, name), source);
    const file = relative(import.meta.dirname, join(directory, name));
    const benchProcess = startBenchProcess(file);
    const ended = { code: 'BENCH_PROCESS', blame: 'broken', fields: { how: `${file}: ${how}` } };
    await t.rejects(benchProcess.hear(v.unknown()), ended);
    await t.rejects(benchProcess.ask('usage', v.unknown()), ended, 'and at each later question');
    await benchProcess.stop();
  }
});
