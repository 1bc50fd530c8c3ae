// Predicts what a plan may do to QEMU.

import type { Fault, FaultPlan } from './fault.js';
import { takesQemuDown } from './takes-qemu-down.js';

/** True if one message can match both: no field that both select differs. */
const canMeet = ({ when: one = {} }: Fault, { when: other = {} }: Fault): boolean =>
  (['protocol', 'command', 'region', 'offset', 'width'] as const).every(
    (field) => one[field] === undefined || other[field] === undefined || one[field] === other[field],
  );

/** The fault. A delay includes the other delays that may apply to the same message. */
const atWorst = (fault: Fault, { faults }: FaultPlan): Fault => {
  if (fault.kind !== 'delay') return fault;
  const total = faults
    .filter((other) => canMeet(fault, other))
    .reduce((ms, other) => ms + (other.kind === 'delay' ? other.ms : 0), 0);
  return { ...fault, ms: total };
};

/**
 * For each fault of the plan, in order: why QEMU may not survive it, or `undefined` if it does. `commands`
 * are the vfio-user commands that a fault without a command can affect.
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
