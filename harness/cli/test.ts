// `vmmci test`: the scenarios against somebody's own driver.
import { defaultJobs, resources } from '../matrix/jobs.js';
import { tapDigest } from '../report/tap-digest.js';
import { runFiles } from '../run/run-files.js';
import { filesFor, scenarioFiles } from '../run/scenario-files.js';
import { defineCommand } from './define-command.js';
import type { Values } from './option.js';
import { applyRunOptions, jobs, runOptions } from './run-options.js';
import { withEnvironment } from './with-environment.js';

const options = { ...runOptions, jobs };

/** The exit status: 0 when nothing failed or broke, else 1. */
const run = async (values: Values<typeof options>, names: readonly string[]): Promise<number> => {
  const known = await scenarioFiles();
  const files = names.length === 0 ? known.map(({ path }) => path) : filesFor(known, names);
  const workers = values.jobs ?? defaultJobs(resources());
  const directory = await applyRunOptions(values);
  const passed = await withEnvironment(directory, async () => {
    const digest = tapDigest((line) => void process.stdout.write(`${line}\n`), {
      quiet: false,
      maxLines: 12,
    });
    const status = await runFiles(files, { workers, onLine: (line) => digest.feed(line) });
    return status === 0 && digest.sums().failed === 0;
  });
  return passed ? 0 : 1;
};

export const command = defineCommand({
  operands: [{ syntax: '[SCENARIO...]', help: 'run only these scenarios (default: all)' }],
  options,
  notes: [
    'A driver that does not compile has failed.',
    'A scenario that needs what the driver does not have is skipped, with the reason.',
  ],
  run,
});
