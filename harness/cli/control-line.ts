// Runs a line that the user types at the prompt of a terminal, as `vmmci ctl` would.

import { Command as Commander, CommanderError } from 'commander';
import { buildCommand } from './build-command.js';
import type { CommandTable } from './define-command.js';
import { note } from './print.js';
import { reportError } from './report-error.js';

/** The text after the action is options, or one operand that may contain spaces, such as a fault plan. */
const wordsOf = (line: string): string[] => {
  const [, action = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
  if (rest === '') return [action];
  return rest.startsWith('-') ? [action, ...rest.split(/\s+/)] : [action, rest];
};

/**
 * Prints the result or the error. `line` is an action of `vmmci ctl` with its operand, such as
 * `clock running:2038-01-19T03:14:08Z`.
 */
export const controlLine = async (line: string, control: string, all: CommandTable): Promise<void> => {
  const ctl = all.ctl;
  if (ctl === undefined) return;
  const program = new Commander('ctl').exitOverride().configureOutput({
    writeOut: (text) => void process.stdout.write(text),
    writeErr: () => {},
  });
  buildCommand(program, (await ctl.load()).command, () => {}, all);
  try {
    await program.parseAsync([...wordsOf(line), '--control', control], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) reportError('ctl', { error });
    else if (error.exitCode !== 0)
      note(
        `${error.message.replace(/^error: /, '')}; actions: ${program.commands.map((one) => one.name()).join(', ')}`,
      );
  }
};
