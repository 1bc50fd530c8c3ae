// What a plan may do to QEMU, told before it is at work.

import type { Fault, FaultPlan } from './fault.js';
import { takesQemuDown } from './takes-qemu-down.js';

/** Whether one message can be hit by both: no field that both ask for differs. */
const canMeet = ({ when: one = {} }: Fault, { when: other = {} }: Fault): boolean =>
  (['protocol', 'command', 'region', 'offset', 'width'] as const).every(
    (field) => one[field] === undefined || other[field] === undefined || one[field] === other[field],
  );

/** The fault, with the delays added that may come on top of its own. */
const atWorst = (fault: Fault, { faults }: FaultPlan): Fault => {
  if (fault.kind !== 'delay') return fault;
  const total = faults
    .filter((other) => canMeet(fault, other))
    .reduce((ms, other) => ms + (other.kind === 'delay' ? other.ms : 0), 0);
  return { ...fault, ms: total };
};

/**
 * For each fault of the plan, in its order: why QEMU may not outlive it, `undefined` where it does.
 * `commands` are those of vfio-user that a fault may hit; a fault for one command of its own is judged by
 * that.
 */
export const forecast = (plan: FaultPlan, commands: readonly string[]): (string | undefined)[] =>
  plan.faults.map((fault) => {
    const { protocol = 'vfio-user', command } = fault.when ?? {};
    const worst = atWorst(fault, plan);
    for (const name of command === undefined ? commands : [command]) {
      const reason = takesQemuDown(worst, { protocol, command: name });
      if (reason !== undefined) return reason;
    }
    return undefined;
  });
