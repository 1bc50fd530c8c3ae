// Runs a `vmmci` command line, and converts errors into a message and an exit status.

import { Command as Commander, CommanderError } from 'commander';
import { buildCommand, type Finish } from './build-command.js';
import { commands } from './commands.js';
import { note, print } from './print.js';
import { boundedMessage, reportError, statusOf } from './report-error.js';

/** Declares all commands, but loads only the file of the command that `args` names. */
const program = async (args: readonly string[], finish: Finish): Promise<Commander> => {
  const program = new Commander('vmmci')
    .description('Tests the vmmci device of vmd(8) and its Linux driver end to end.')
    .option('-V, --version', 'print the versions of vmmci, Node, QEMU and the kernels in the cache')
    .option('--debug', 'print the stack of an error')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void process.stdout.write(text),
      writeErr: (text) => void process.stderr.write(text),
      // Printed below, with the name of the command.
      outputError: () => {},
      getOutHelpWidth: () => 110,
      getErrHelpWidth: () => 110,
    })
    .configureHelp({ showGlobalOptions: true });
  const wanted = args.find((word) => !word.startsWith('-'));
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).description(summary);
    if (name === wanted) buildCommand(command, (await load()).command, finish, commands);
  }
  return program;
};

/** The command name that error messages begin with. */
export const nameOf = (args: readonly string[]): string => {
  const name = args.find((word) => !word.startsWith('-'));
  return name !== undefined && Object.hasOwn(commands, name) ? `vmmci ${name}` : 'vmmci';
};

/**
 * Rewrites `help NAME` to `NAME --help`. Keeps only the name of an unknown command, or commander would print
 * the general help.
 */
const wordsOf = (line: readonly string[]): readonly string[] => {
  const args = line[0] === 'help' ? [...line.slice(1), '--help'] : line;
  const [name = '--help'] = args;
  return name.startsWith('-') || Object.hasOwn(commands, name) ? args : [name];
};

/** Runs a command line, and resolves with the exit status. */
export const runCommand = async (line: readonly string[]): Promise<number> => {
  const args = wordsOf(line);
  let status = 0;
  const finish = (given: number): void => {
    status = given;
  };
  const name = nameOf(args);
  if (args[0] === '--version' || args[0] === '-V') {
    print(await (await import('./version.js')).versionText());
    return 0;
  }
  try {
    await (await program(args, finish)).parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander throws after printing help, too.
      if (error.exitCode === 0) return 0;
      if (error.code === 'commander.help') return statusOf.usage;
      note(`${name}: ${boundedMessage(error.message.replace(/^error: /, '').replaceAll('\n', ' '))}`);
      note(`${name} --help lists the options`);
      return statusOf.usage;
    }
    return reportError(name, { error, debug: args.includes('--debug') });
  }
};
