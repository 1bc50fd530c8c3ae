// The types of commands and groups of actions, and the functions that define them.

import type { Options, Values } from './option.js';

/** A positional argument. */
export interface Operand {
  /** `[SCENARIO...]`: `[…]` is optional, `<…>` is required, `...` accepts any number. */
  readonly syntax: string;
  readonly help: string;
  /** The accepted values, if they are fixed. */
  readonly words?: readonly string[];
}

/** A row of the table of all commands. */
export interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command | Group }>;
}

export type CommandTable = Readonly<Record<string, Entry>>;

/**
 * `given` has the names of the options on the command line, without those that a variable or default sets.
 */
type Run<O extends Options> = (
  values: Values<O>,
  operands: readonly string[],
  all: CommandTable,
  given: readonly string[],
) => Promise<number>;

export interface Command<O extends Options = Options> {
  readonly kind: 'command';
  readonly operands: readonly Operand[];
  readonly options: O;
  /** Paragraphs that the help prints below the options. */
  readonly notes: readonly string[];
  /** Resolves with the exit status. */
  readonly run: Run<O>;
}

export interface Action extends Command {
  readonly summary: string;
}

export interface Group {
  readonly kind: 'group';
  readonly actions: Readonly<Record<string, Action>>;
  /** The default action. */
  readonly usual?: string | undefined;
  /** Options of all actions; they may also precede the name of the action. */
  readonly options: Options;
  readonly notes: readonly string[];
}

interface CommandParts<O extends Options> {
  readonly operands?: readonly Operand[];
  readonly options: O;
  readonly notes?: readonly string[];
  readonly run: Run<O>;
}

export const defineCommand = <const O extends Options>(parts: CommandParts<O>): Command<O> => ({
  kind: 'command',
  operands: [],
  notes: [],
  ...parts,
});

export const defineAction = <const O extends Options>(summary: string, parts: CommandParts<O>): Action => ({
  ...(defineCommand(parts) as unknown as Command),
  summary,
});

export const defineGroup = (
  parts: Omit<Group, 'kind' | 'notes' | 'options'> & Partial<Pick<Group, 'notes' | 'options'>>,
): Group => ({
  kind: 'group',
  notes: [],
  options: {},
  ...parts,
});
