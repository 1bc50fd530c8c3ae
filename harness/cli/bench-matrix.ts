// `vmmci bench-matrix`: measures the duration of the kernel matrix, the overhead of a scenario, and memory
// use.

import { availableParallelism, cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { removeTree } from '../base/cache/remove-tree.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { matrixFigures, renderMatrixFigures } from '../bench/matrix-figures.js';
import { type MatrixRun, runMatrixOnce, wasWarm } from '../bench/matrix-run.js';
import { exitStatusOf } from '../report/counts.js';
import { defineCommand } from './define-command.js';
import { count, flag, list, type Values, value } from './option.js';
import { progressLines } from './progress-lines.js';

const options = {
  kernel: list('PATTERN', 'as for vmmci matrix'),
  scenario: list('PATTERN', 'as for vmmci matrix'),
  jobs: value('N', 'as for vmmci matrix', { read: count(99) }),
  cold: flag(
    'also measure a run with an empty cache; it fetches everything and needs about 3 GB in the temporary directory',
  ),
  keep: value('DIR', 'keep the reports of the runs in DIR'),
  json: flag('print JSON instead of the table'),
};

const repeatOption = (option: string, values: readonly string[]): string[] =>
  values.flatMap((value) => [option, value]);

/** Returns the exit status of the matrix: 0 if all scenarios passed; otherwise the figures are unreliable. */
const run = async (values: Values<typeof options>): Promise<number> => {
  const temporary = temporaryDirectory().path;
  const reports = values.keep === undefined ? temporary : resolve(values.keep);
  const forMatrix = [
    ...repeatOption('--kernel', values.kernel),
    ...repeatOption('--scenario', values.scenario),
    ...(values.jobs === undefined ? [] : ['--jobs', `${values.jobs}`]),
  ];
  const progress = progressLines();
  const measure = (name: string, cache?: string): Promise<MatrixRun> =>
    runMatrixOnce({ args: forMatrix, output: join(reports, name), cache });
  try {
    progress('measuring with the existing cache');
    let warm = await measure('warm');
    if (!wasWarm(warm)) {
      progress('the cache was incomplete; measuring again');
      warm = await measure('warm-again');
    }
    if (values.cold) progress('measuring with an empty cache');
    const cold = values.cold ? await measure('cold', join(temporary, 'cache')) : undefined;
    const figures = matrixFigures(warm, cold);
    const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}, QEMU ${warm.report.qemu}`;
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ machine, figures }, null, 2)}\n`
        : `${machine}\n\n${renderMatrixFigures(figures, warm)}\n`,
    );
    return Math.max(...[warm, cold].map((done) => (done === undefined ? 0 : exitStatusOf(done.report))));
  } finally {
    await removeTree(temporary);
  }
};

export const command = defineCommand({ options, run });
