// Converts a command's table into a commander command, which parses command lines and prints help.

import { Argument, type Command as Commander, Option as CommanderOption } from 'commander';
import type { Command, CommandTable, Group, Operand } from './define-command.js';
import { addValue, type Option, optionValue } from './option.js';

/** Called with the exit status. */
export type Finish = (status: number) => void;

const helpOf = ({ help, shown, fallback = shown, variable }: Option<unknown>): string => {
  const notes = [
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
    ...(variable === undefined ? [] : [`or ${variable}`]),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join('; ')})`;
};

/** Commander only collects the raw values; `optionValue` reads them. */
const toCommander = (name: string, option: Option<unknown>): CommanderOption => {
  const { kind, short, placeholder } = option;
  const dashes = short === undefined ? `--${name}` : `-${short}, --${name}`;
  const made = new CommanderOption(kind === 'flag' ? dashes : `${dashes} <${placeholder}>`, helpOf(option));
  return kind === 'flag'
    ? made
    : made.argParser<string | readonly string[]>((text, before) => addValue(name, option, text, before));
};

const toArgument = ({ syntax, help, words }: Operand): Argument => {
  const made = new Argument(syntax, help);
  return words === undefined ? made : made.choices(words);
};

const addNotes = (commander: Commander, notes: readonly string[]): void => {
  if (notes.length > 0) commander.addHelpText('after', `\n${notes.join('\n')}`);
};

/** The last parameter is the group of an action. */
const addCommand = (
  commander: Commander,
  { options, operands, notes, run }: Command,
  finish: Finish,
  all: CommandTable,
  { options: inherited = {}, actions = {}, usual }: Partial<Group> = {},
): void => {
  const rows = Object.entries(options).map(([name, option]) => ({
    name,
    option,
    made: toCommander(name, option),
  }));
  for (const { name, made } of rows) if (!Object.hasOwn(inherited, name)) commander.addOption(made);
  for (const operand of operands) commander.addArgument(toArgument(operand));
  addNotes(commander, notes);
  const taken = operands.some(({ syntax }) => syntax.includes('...')) ? Infinity : operands.length;
  // An unknown action of a group is an unexpected argument of its default action.
  const siblings = commander.name() === usual ? `; actions: ${Object.keys(actions).join(', ')}` : '';
  commander.allowExcessArguments().action(async () => {
    const extra = commander.args[taken];
    if (extra !== undefined) commander.error(`unexpected argument '${extra}'${siblings}`);
    const given = commander.optsWithGlobals();
    const values = rows.map(({ name, option, made }) => {
      const value = optionValue(name, option, given[made.attributeName()]);
      // Commander would report a missing option before a misspelt one, so it is checked here.
      if (option.needed && value === undefined) commander.error(`option '${made.flags}' is missing`);
      return [name, value];
    });
    const names = rows
      .filter(({ made }) => given[made.attributeName()] !== undefined)
      .map(({ name }) => name);
    finish(await run(Object.fromEntries(values), commander.args, all, names));
  });
};

/** Adds the options, operands and actions of `command` to a commander command. */
export const buildCommand = (
  commander: Commander,
  command: Command | Group,
  finish: Finish,
  all: CommandTable,
): void => {
  if (command.kind === 'command') {
    addCommand(commander, command, finish, all);
    return;
  }
  const { actions, usual, options, notes } = command;
  for (const [name, option] of Object.entries(options)) commander.addOption(toCommander(name, option));
  for (const [name, action] of Object.entries(actions)) {
    const made = commander.command(name, { isDefault: name === usual }).description(action.summary);
    addCommand(made, action, finish, all, command);
  }
  addNotes(commander, notes);
};
