// Executes a fault plan: counts the messages that sessions report and decides what happens to each.

import { seededRandom } from '../base/random.js';
import type { Fault, FaultPlan, When } from './fault.js';
import type { Action, FaultHook, MessageView, Outcome } from './hook.js';
import { takesQemuDown } from './takes-qemu-down.js';

/** Effects of faults on more than the message itself. */
export interface FaultEffects {
  /** Steps the device clock by `us` microseconds. */
  jumpClock(us: bigint): void;
}

interface Armed {
  readonly fault: Fault;
  /** The number of matching messages so far. */
  seen: number;
  /** The number of affected messages so far. */
  hits: number;
}

/** The commands whose replies contain the data of a register, which a fault can change. */
const dataCommands: ReadonlySet<string> = new Set(['REGION_READ', 'GET_CONFIG']);

const matches = (when: When, message: MessageView): boolean =>
  (when.protocol === undefined || when.protocol === message.protocol) &&
  (when.command === undefined || when.command === message.command) &&
  (when.region === undefined || when.region === message.region) &&
  (when.offset === undefined || when.offset === message.offset) &&
  (when.width === undefined || when.width === message.width);

const needsData = (fault: Fault): boolean =>
  fault.kind === 'short' || fault.kind === 'ones' || fault.kind === 'value';

const outcomeOf = (fault: Fault): Outcome | undefined => {
  switch (fault.kind) {
    case 'delay':
    case 'clock-jump':
      return undefined;
    case 'error':
      return { kind: 'error', errno: fault.errno };
    case 'short':
      return { kind: 'short', bytes: fault.bytes };
    case 'value':
      return { kind: 'value', value: fault.value };
    default:
      return { kind: fault.kind };
  }
};

/**
 * The hook that sessions call. Faults combine: delays add up, every clock jump happens, and of the faults
 * that change the answer the first in the plan applies.
 */
export class FaultEngine implements FaultHook {
  readonly #effects: FaultEffects;
  #armed: Armed[] = [];
  #random = seededRandom(0);

  /** @internal */
  constructor(effects: FaultEffects) {
    this.#effects = effects;
  }

  /** Replaces the plan and resets all counts. */
  set({ seed = 0, faults }: FaultPlan): void {
    this.#random = seededRandom(seed);
    this.#armed = faults.map((fault) => ({ fault, seen: 0, hits: 0 }));
  }

  clear(): void {
    this.set({ faults: [] });
  }

  /** The faults of the plan, with the number of messages that each has affected. */
  state(): { fault: Fault; hits: number }[] {
    return this.#armed.map(({ fault, hits }) => ({ fault, hits }));
  }

  /** @internal */
  before(message: MessageView): Action | undefined {
    let action: Action | undefined;
    for (const armed of this.#armed) {
      if (!this.#hits(armed, message)) continue;
      action ??= { delayMs: 0, outcome: undefined, takesQemuDown: undefined };
      this.#apply(armed.fault, message, action);
    }
    // Delays that are harmless alone may be harmful together.
    if (action !== undefined)
      action.takesQemuDown ??= takesQemuDown({ kind: 'delay', ms: action.delayMs }, message);
    return action;
  }

  #hits(armed: Armed, message: MessageView): boolean {
    const { fault } = armed;
    const { when = {} } = fault;
    if (needsData(fault) && !dataCommands.has(message.command)) return false;
    if (!matches(when, message)) return false;
    armed.seen++;
    const { from = 1, times = Number.POSITIVE_INFINITY, probability = 1 } = when;
    if (armed.seen < from || armed.seen >= from + times) return false;
    if (probability < 1 && this.#random() >= probability) return false;
    armed.hits++;
    return true;
  }

  #apply(fault: Fault, message: MessageView, action: Action): void {
    if (fault.kind === 'clock-jump') this.#effects.jumpClock(BigInt(fault.us));
    if (fault.kind === 'delay') action.delayMs += fault.ms;
    action.outcome ??= outcomeOf(fault);
    action.takesQemuDown ??= takesQemuDown(fault, message);
  }
}
