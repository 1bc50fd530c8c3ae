// `vmmci demo`: runs the main scenarios and shows each check as it happens.

import { runFiles } from '../run/run-files.js';
import { scenarioFiles } from '../run/scenario-files.js';
import { defineCommand } from './define-command.js';
import { runInGuests } from './guest-run.js';
import type { Values } from './option.js';
import { note } from './print.js';
import { choiceOf, runOptions } from './run-options.js';

/** The scenarios of the demo, in order. */
const demoScenarios = [
  'identity',
  'stock-driver',
  'clock-registers',
  'clock-bytewise',
  'clock-driver',
  'drift',
  'sync-rtc',
  'stop',
];

const check = /^ {4}(not )?ok \d+ - (.*?)(?: # time=.*)?$/;
const beginning = /^# Subtest: (.*)$/;

/** Exit status: 0 if all scenarios passed, 1 if one failed, 3 if one was broken or none ran. */
const run = async (values: Values<typeof runOptions>): Promise<number> => {
  const files = await scenarioFiles();
  const paths = demoScenarios.flatMap((name) => files.find((file) => file.name === name)?.path ?? []);
  return runInGuests(choiceOf(values), ({ environment, progress, options }) => {
    const { kernel, qemu, accelerator, driver } = environment;
    progress(`kernel ${kernel.release}, driver ${driver.name}, QEMU ${qemu.version}`);
    progress(`accelerator ${accelerator.name}: ${accelerator.reason}`);
    const onLine = (line: string): void => {
      const [, scenario] = beginning.exec(line) ?? [];
      if (scenario !== undefined) progress(`scenario ${scenario}`);
      const [, no, text] = check.exec(line) ?? [];
      if (text !== undefined) note(`    ${no ? '✗' : '✓'} ${text}`);
    };
    return runFiles(paths, { ...options, workers: 1, onLine });
  });
};

export const command = defineCommand({ options: runOptions, run });
