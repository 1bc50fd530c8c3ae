// `vmmci ctl`: ask a running backend or function something, or tell it to do something.

import { parseArgs } from 'node:util';
import { type ErrorCode, HarnessError } from '../base/errors.js';
import { callControl } from '../vmd/control-client.js';
import { CLOCK_FORMS, parseClock } from '../vmmci/clock.js';
import { requests } from '../vmmci/commands.js';
import { FAULT_FORMS, readFaultPlan } from './fault-plan.js';

export const summary = 'talk to a running backend or function through its control socket';

const REQUESTS = requests.join(', ');

const usage = `usage: vmmci ctl --control PATH ACTION
  state                what the device holds, as JSON
  stop [--force]       what vmctl stop does
  command NAME         NAME is one of ${REQUESTS}
  clock SPEC           SPEC is one of ${CLOCK_FORMS}
  pause, unpause       what vmctl does
  fault PLAN           make the device misbehave; PLAN is one of ${FAULT_FORMS}
  trace                what happened, a JSON line an event
`;

interface Options {
  readonly control?: string | undefined;
  readonly force?: boolean | undefined;
  readonly help?: boolean | undefined;
}

interface Action {
  /** The one word that follows the action, and what checks it. */
  readonly operand?: {
    readonly name: string;
    readonly valid: string;
    readonly check: (word: string) => void;
  };
  readonly run: (path: string, word: string, options: Options) => Promise<void>;
}

const refuse = (reason: string): never => {
  throw new HarnessError('USAGE', { reason });
};

const checkRequest = (word: string): void => {
  if (!requests.some((name) => name === word)) refuse(`command '${word}'; valid: ${REQUESTS}`);
};

/** A line each, in one write. */
const print = (values: readonly unknown[]): void =>
  void process.stdout.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

interface Page {
  readonly events: readonly unknown[];
  readonly next: number;
  readonly more: boolean;
}

/** The whole trace as it is now, a page at a time. */
const printTrace = async (path: string): Promise<void> => {
  for (let since = 0, more = true; more; ) {
    const page = (await callControl(path, 'trace', { since })) as Page;
    print(page.events);
    ({ next: since, more } = page);
  }
};

const ask =
  (
    method: string,
    params: (word: string, options: Options) => Readonly<Record<string, unknown>> = () => ({}),
  ) =>
  async (path: string, word: string, options: Options): Promise<void> =>
    print([await callControl(path, method, params(word, options))]);

const actions: Readonly<Record<string, Action>> = {
  state: { run: ask('state') },
  stop: { run: ask('stop', (_, { force = false }) => ({ force })) },
  command: {
    operand: { name: 'NAME', valid: REQUESTS, check: checkRequest },
    run: ask('command', (name) => ({ name })),
  },
  clock: {
    operand: { name: 'SPEC', valid: CLOCK_FORMS, check: (word) => void parseClock(word, () => 0n, 'clock') },
    run: ask('clock', (spec) => ({ spec })),
  },
  pause: { run: ask('pause') },
  unpause: { run: ask('unpause') },
  fault: {
    operand: { name: 'PLAN', valid: FAULT_FORMS, check: (word) => void readFaultPlan(word) },
    run: ask('fault', (word) => ({ plan: readFaultPlan(word) })),
  },
  trace: { run: printTrace },
};

const parse = (args: readonly string[]): { values: Options; positionals: readonly string[] } => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { control: { type: 'string' }, force: { type: 'boolean' }, help: { type: 'boolean' } },
    });
  } catch (error) {
    const { message } = error as Error;
    return refuse(`${message}; valid options: --control PATH, --force, --help`);
  }
};

const select = (name: string | undefined, words: readonly string[], options: Options): Action => {
  const valid = Object.keys(actions).join(', ');
  if (name === undefined) return refuse(`an action is missing; valid: ${valid}`);
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) return refuse(`no action '${name}'; valid: ${valid}`);
  const { operand } = action;
  const [word] = words;
  if (operand && word === undefined) refuse(`${name}: ${operand.name} is missing; valid: ${operand.valid}`);
  if (operand && word !== undefined) operand.check(word);
  const extra = words[operand ? 1 : 0];
  if (extra !== undefined) refuse(`${name}: nothing goes where '${extra}' is`);
  if (options.force && name !== 'stop') refuse(`--force goes with stop, not with ${name}`);
  return action;
};

/** The daemon refused or is not there: the command line was fine. */
const peerErrors: ReadonlySet<ErrorCode> = new Set(['CONTROL_CONNECT', 'CONTROL_REFUSED']);

/** Prints the result as JSON. Gives the exit status: 0, 1 when the other end refuses or is not there, 2 for wrong use. */
export const run = async (args: readonly string[]): Promise<number> => {
  try {
    const { values, positionals } = parse(args);
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    const [name, ...words] = positionals;
    const action = select(name, words, values);
    const path = values.control ?? refuse('--control PATH is missing: the control socket of a daemon');
    await action.run(path, words[0] ?? '', values);
    return 0;
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    process.stderr.write(`vmmci ctl: ${error.message}\n`);
    return error.blame === 'usage' && !peerErrors.has(error.code) ? 2 : 1;
  }
};
