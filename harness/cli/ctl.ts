// `vmmci ctl`: ask a running backend or function something, or tell it to do something.
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { resolveClock } from '../device/clock-spec.js';
import { callControl } from '../vmd/control-client.js';
import { CLOCK_FORMS } from '../vmmci/clock.js';
import { requests } from '../vmmci/commands.js';
import { type Action, defineAction, defineGroup, type Operand } from './define-command.js';
import { FAULT_FORMS, readFaultPlan } from './fault-plan.js';
import { flag, needed, type Options, type Values } from './option.js';

const shared = { control: needed('PATH', 'the control socket of a daemon') };

/** A line each, in one write. */
const print = (values: readonly unknown[]): void =>
  void process.stdout.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

const object = v.record(v.string(), v.unknown());

/** Some of the trace: `next` is where it goes on, `more` that it does already. */
const page = v.object({
  events: v.array(object),
  next: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  more: v.boolean(),
});

/** The whole trace as it is now, a page at a time. */
const printTrace = async (path: string): Promise<void> => {
  for (let since = 0, more = true; more; ) {
    const { events, next, ...rest } = await callControl(path, 'trace', { since }, { schema: page });
    print(events);
    if (rest.more && next <= since)
      throw new HarnessError('CONTROL_REPLY', {
        path,
        reason: `the trace goes on at ${next} after ${since}`,
      });
    since = next;
    more = rest.more;
  }
};

interface Request<O extends Options> {
  readonly operand?: Operand;
  readonly options?: O;
  /** What goes with the request. Throws before anything is sent. */
  readonly params?: (word: string, values: Values<O & typeof shared>) => Readonly<Record<string, unknown>>;
}

/** An action that is one request, whose result is printed as JSON. */
const ask = <O extends Options = Record<never, never>>(
  method: string,
  summary: string,
  { operand, options, params = () => ({}) }: Request<O> = {},
): Action =>
  defineAction(summary, {
    operands: operand === undefined ? [] : [operand],
    options: { ...shared, ...options } as O & typeof shared,
    run: async (values, [word = '']) => {
      const { control } = values as Values<typeof shared>;
      print([await callControl(control, method, params(word, values), { schema: object })]);
      return 0;
    },
  });

export const command = defineGroup({
  options: shared,
  actions: {
    state: ask('state', 'print what the device holds, as JSON'),
    stop: ask('stop', 'do what vmctl stop does', {
      options: { force: flag('kill the VM, as vmctl stop -f does') },
      params: (_, { force }) => ({ force }),
    }),
    command: ask('command', 'put a command into the command register', {
      operand: { syntax: '<NAME>', help: 'the command', words: requests },
      params: (name) => ({ name }),
    }),
    clock: ask('clock', "set the host's clock", {
      operand: { syntax: '<SPEC>', help: CLOCK_FORMS },
      params: (spec) => ({ spec: resolveClock(spec, 'clock') }),
    }),
    pause: ask('pause', 'do what vmctl pause does'),
    unpause: ask('unpause', 'do what vmctl unpause does'),
    fault: ask('fault', 'make the device misbehave', {
      operand: { syntax: '<PLAN>', help: FAULT_FORMS },
      params: (plan) => ({ plan: readFaultPlan(plan) }),
    }),
    trace: defineAction('print what happened, a JSON line an event', {
      options: shared,
      run: async ({ control }) => {
        await printTrace(control);
        return 0;
      },
    }),
  },
});
