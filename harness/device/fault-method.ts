// Adds faults to the control socket: a method that sets them, and their part of the reply to `state`.

import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import type { TraceSink } from '../base/trace.js';
import type { FaultEngine } from '../faults/engine.js';
import type { Fault, FaultPlan } from '../faults/fault.js';
import { forecast } from '../faults/forecast.js';
import { parseFaultPlan } from '../faults/parse.js';
import { command } from '../vfio-user/command.js';
import { type MethodTable, method } from '../vmd/control.js';

export interface FaultOptions {
  readonly engine: FaultEngine;
  /**
   * The protocols that this process serves. A fault in another protocol, or without a local clock, would
   * never happen.
   */
  readonly serves: readonly Exclude<NonNullable<Fault['when']>['protocol'], undefined>[];
  readonly hasClock: boolean;
  readonly trace: TraceSink;
}

/** One active fault, as `fault` and `state` show it. */
interface ActiveFault {
  readonly fault: Fault;
  /** The number of messages that it has affected. */
  readonly hits: number;
  /** Why the fault may end QEMU; `undefined` if it cannot. */
  readonly takesQemuDown: string | undefined;
}

/** Present at least: parseFaultPlan checks the rest. */
const anyPlan = v.custom<unknown>(
  (value) => value !== undefined,
  'expected a fault plan {"seed"?, "faults": […]}, or null to clear it',
);

const refuse = (index: number, reason: string): never => {
  throw new HarnessError('FAULT_PLAN', { where: `faults[${index}]`, reason });
};

/** Rejects faults that cannot happen here, because the guest would seem to survive them. */
const requirePossible = ({ faults }: FaultPlan, { serves, hasClock }: FaultOptions): void => {
  for (const [index, { kind, when }] of faults.entries()) {
    if (when?.protocol !== undefined && !serves.includes(when.protocol))
      refuse(index, `this process does not serve ${when.protocol}, only ${serves.join(', ')}`);
    if (kind === 'clock-jump' && !hasClock)
      refuse(index, 'the clock belongs to a backend in another process; send the request to that one');
  }
};

/**
 * The method table with `fault` added. `{plan}` sets the faults, null clears them, and the reply lists the
 * active faults. `state` also lists them, under `faults`.
 */
export const withFaults = (methods: MethodTable, options: FaultOptions): MethodTable => {
  const { engine, serves, trace } = options;
  const commands = serves.includes('vfio-user') ? Object.keys(command) : [];
  const active = (): ActiveFault[] => {
    const now = engine.state();
    const reasons = forecast({ faults: now.map(({ fault }) => fault) }, commands);
    return now.map((one, index) => ({ ...one, takesQemuDown: reasons[index] }));
  };
  return {
    ...methods,
    ...(methods.state && {
      state: {
        call: async (name, raw) => ({
          ...((await methods.state?.call(name, raw)) as Readonly<Record<string, unknown>>),
          faults: active(),
        }),
      },
    }),
    fault: method({
      params: { plan: anyPlan },
      run: (params) => {
        const plan = params.plan === null ? null : parseFaultPlan(params.plan);
        if (plan === null) engine.clear();
        else {
          requirePossible(plan, options);
          engine.set(plan);
        }
        const faults = active();
        trace({
          kind: 'fault-plan',
          plan: plan === null ? null : JSON.stringify(plan),
          takesQemuDown: faults.find((one) => one.takesQemuDown !== undefined)?.takesQemuDown,
        });
        return { faults };
      },
    }),
  };
};
