// Hands a command's table to commander, which reads command lines and writes help.
import { Argument, type Command as Commander, Option as CommanderOption } from 'commander';
import type { Command, CommandTable, Group, Operand } from './define-command.js';
import { type Option, optionValue } from './option.js';

/** Gets the exit status. */
export type Finish = (status: number) => void;

const helpOf = ({ help, shown, fallback = shown, variable }: Option<unknown>): string => {
  const notes = [
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
    ...(variable === undefined ? [] : [`or ${variable}`]),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join('; ')})`;
};

/** Commander only collects the texts. */
const toCommander = (name: string, option: Option<unknown>): CommanderOption => {
  const { kind, short, placeholder } = option;
  const dashes = short === undefined ? `--${name}` : `-${short}, --${name}`;
  const made = new CommanderOption(kind === 'flag' ? dashes : `${dashes} <${placeholder}>`, helpOf(option));
  return kind === 'list'
    ? made.argParser((text: string, before: readonly string[] = []) => [...before, text])
    : made;
};

const toArgument = ({ syntax, help, words }: Operand): Argument => {
  const made = new Argument(syntax, help);
  return words === undefined ? made : made.choices(words);
};

const addNotes = (commander: Commander, notes: readonly string[]): void => {
  if (notes.length > 0) commander.addHelpText('after', `\n${notes.join('\n')}`);
};

/** The last parameter is the group that a command is an action of. */
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
  // The first word after a group that is no action of it ends here, too.
  const siblings = commander.name() === usual ? `; actions: ${Object.keys(actions).join(', ')}` : '';
  commander.allowExcessArguments().action(async () => {
    const extra = commander.args[taken];
    if (extra !== undefined) commander.error(`unexpected argument '${extra}'${siblings}`);
    const given = commander.optsWithGlobals();
    const values = rows.map(({ name, option, made }) => {
      const value = optionValue(name, option, given[made.attributeName()]);
      // Not left to commander, which would tell of it before it tells of an option that is misspelt.
      if (option.needed && value === undefined) commander.error(`option '${made.flags}' is missing`);
      return [name, value];
    });
    finish(await run(Object.fromEntries(values), commander.args, all));
  });
};

/** Gives a commander command the options, operands and actions of one of ours. */
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
