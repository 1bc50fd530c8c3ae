// `vmmci test`: the scenarios against somebody's own driver.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { tapDigest } from '../report/tap-digest.js';
import { runFiles } from '../run/run-files.js';
import { filesFor, scenarioFiles } from '../run/scenario-files.js';
import { jobsOption } from './jobs-option.js';
import { applyRunOptions, runOptions, runOptionsUsage } from './run-options.js';
import { withEnvironment } from './with-environment.js';

export const summary = 'run the scenarios against a driver of your own';

const usage = `usage: vmmci test --driver DIR [SCENARIO…] [--driver-description NAME] [--kernel NAME] [--jobs N] [--keep]
  SCENARIO        only these; all when not given
${runOptionsUsage}  --jobs N        scenario files at once; the number of processors when not given
A driver that does not compile has failed. A scenario that needs what the driver does not have is skipped, with the reason.
`;

const options = { ...runOptions, jobs: { type: 'string' } } as const;

/** The exit status: 0 when nothing failed or broke, else 1. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const known = await scenarioFiles();
  const files = positionals.length === 0 ? known.map(({ path }) => path) : filesFor(known, positionals);
  const workers = jobsOption(values.jobs) ?? availableParallelism();
  const directory = await applyRunOptions(values);
  const passed = await withEnvironment(directory, async () => {
    const digest = tapDigest((line) => void process.stdout.write(`${line}\n`), { quiet: false });
    const status = await runFiles(files, { workers, onLine: (line) => digest.feed(line) });
    return status === 0 && digest.sums().failed === 0;
  });
  return passed ? 0 : 1;
};
