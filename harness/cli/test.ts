// `vmmci test`: runs the scenarios against the user's driver.

import { HarnessError } from '../base/errors.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { tapDigest } from '../report/tap-digest.js';
import { runFiles } from '../run/run-files.js';
import { filesFor, scenarioFilesWith } from '../run/scenario-files.js';
import { distroOf } from '../scenario/distro.js';
import { type CommandTable, defineCommand } from './define-command.js';
import { guestEntrance } from './guest-entrance.js';
import { runInGuests } from './guest-run.js';
import { requireTerminal } from './interact.js';
import { flag, type Values } from './option.js';
import { print } from './print.js';
import { choiceOf, jobs, runOptions } from './run-options.js';

const options = {
  ...runOptions,
  jobs,
  shell: flag('stop at the first failed check, and open a terminal in the guest as it is then'),
  dump: flag(
    'keep the memory of a guest that panics, hangs or goes down in a failed scenario, for drgn or crash',
  ),
  exact: flag('run only the named scenarios, not the others in their files'),
};

/** Exit status: 0 if all scenarios passed, 1 if one failed, 3 if one was broken or none ran. */
const run = async (
  values: Values<typeof options>,
  names: readonly string[],
  all: CommandTable,
): Promise<number> => {
  if (values.shell) requireTerminal('--shell');
  if (values.exact && names.length === 0)
    throw new HarnessError('MISSING_VALUE', {
      name: 'SCENARIO',
      expected: 'names of scenarios after --exact',
    });
  const known = await scenarioFilesWith(values.scenarios, names.length === 0 ? [] : ['slow', 'distro']);
  const files = names.length === 0 ? known.map(({ path }) => path) : filesFor(known, names);
  const workers = values.shell ? 1 : (values.jobs ?? defaultJobs(resources()));
  const choice = {
    ...choiceOf(values),
    ...(values.shell && { shell: true }),
    ...(values.dump && { dump: true }),
    ...(values.exact && { only: [...names] }),
  };
  const inDistro = known.some(({ path, tier }) => tier === 'distro' && files.includes(path));
  return runInGuests(choice, async ({ environment, progress, options }) => {
    if (inDistro) await distroOf(environment, progress);
    const digest = tapDigest(print, { quiet: false, maxLines: 12 });
    const enter = guestEntrance(options.signal, all);
    const onLine = (line: string): void => {
      digest.feed(line);
      if (values.shell) enter(line);
    };
    return runFiles(files, { ...options, workers, onLine });
  });
};

export const command = defineCommand({
  operands: [
    {
      syntax: '[SCENARIO...]',
      help: 'scenarios or scenario files to run, or patterns of files (default: all but slow ones and those of the Debian guest)',
    },
  ],
  options,
  notes: [
    'A driver that does not compile gets the verdict failed.',
    'A scenario that needs a feature that the driver does not have is skipped, with the reason.',
  ],
  run,
});
