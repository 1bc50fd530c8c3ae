// `vmmci ctl`: sends requests to the control socket of a running backend or function.

import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { resolveClock } from '../device/clock-spec.js';
import { callControl } from '../vmd/control-client.js';
import { clockForms } from '../vmmci/clock.js';
import { requests } from '../vmmci/commands.js';
import { type Action, defineAction, defineGroup, type Operand } from './define-command.js';
import { faultForms, readFaultPlan } from './fault-plan.js';
import { flag, needed, type Options, type Values } from './option.js';

const shared = { control: needed('PATH', 'the control socket of a daemon') };

/** Prints one line per value, in a single write. */
const print = (values: readonly unknown[]): void =>
  void process.stdout.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

const object = v.record(v.string(), v.unknown());

/** A page of the trace. `next`: the start of the next page; `more`: true if that has events already. */
const page = v.object({
  events: v.array(object),
  next: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  more: v.boolean(),
});

/** Prints the current trace page by page. */
const printTrace = async (path: string): Promise<void> => {
  for (let since = 0, more = true; more; ) {
    const { events, next, ...rest } = await callControl(path, 'trace', { since }, { schema: page });
    print(events);
    if (rest.more && next <= since)
      throw new HarnessError('CONTROL_REPLY', {
        path,
        reason: `the next page of the trace starts at ${next}, which is not after ${since}`,
      });
    since = next;
    more = rest.more;
  }
};

interface Request<O extends Options> {
  readonly operand?: Operand;
  readonly options?: O;
  /** The parameters of the request. It throws before anything is sent. */
  readonly params?: (word: string, values: Values<O & typeof shared>) => Readonly<Record<string, unknown>>;
}

/** An action that sends one request and prints the result as JSON. */
const requestAction = <O extends Options = Record<never, never>>(
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
    state: requestAction('state', 'print the state of the device as JSON'),
    stop: requestAction('stop', 'do what vmctl stop does', {
      options: { force: flag('kill the VM, as vmctl stop -f does') },
      params: (_, { force }) => ({ force }),
    }),
    'stop-service': requestAction(
      'stop-service',
      'do what rcctl stop vmd does: stop, and end the VM 30 s later',
    ),
    command: requestAction('command', 'send a command to the guest', {
      operand: { syntax: '<NAME>', help: 'the command', words: requests },
      params: (name) => ({ name }),
    }),
    clock: requestAction('clock', "set the host's clock", {
      operand: { syntax: '<SPEC>', help: clockForms },
      params: (spec) => ({ spec: resolveClock(spec, 'clock') }),
    }),
    pause: requestAction('pause', 'do what vmctl pause does'),
    unpause: requestAction('unpause', 'do what vmctl unpause does'),
    fault: requestAction('fault', 'make the device misbehave', {
      operand: { syntax: '<PLAN>', help: faultForms },
      params: (plan) => ({ plan: readFaultPlan(plan) }),
    }),
    trace: defineAction('print the trace, one JSON line per event', {
      options: shared,
      run: async ({ control }) => {
        await printTrace(control);
        return 0;
      },
    }),
  },
});
