// Causes of crashes that the trace explains: what the device or the kernel has answered right before.

import type { TraceEvent } from '../../base/trace-event.js';
import { commandName } from '../../vmmci/commands.js';
import { isAck, isCommandRead } from './events.js';
import type { Cause, Facts } from './facts.js';
import { instructionPointer, isInDriver, reportsOf } from './kernel-reports.js';

/** The address in the first words of an oops that a wrong pointer causes, also in those of KASAN. */
const badAddress =
  /(?:NULL pointer dereference, address: |page fault for address: |null-ptr-deref in range \[)(?:0x)?([\da-f]{8,16})/;

/** The size of the memory below which an address comes from a null pointer, or from an error pointer. */
const page = 0x1000n;

/** True for an address near a null pointer, or near an error pointer such as ERR_PTR(-12). */
const isNearError = (line: string): boolean => {
  const [, digits = ''] = badAddress.exec(line) ?? [];
  if (digits === '') return false;
  const address = BigInt(`0x${digits}`);
  return address < page || address >= (1n << BigInt(4 * digits.length)) - page;
};

/** The headline and the place of a crash, if it is in the driver or in a function that the driver called. */
const crashOfDriver = (facts: Facts, isHeadline: (line: string) => boolean): string[] => {
  const crash = reportsOf(facts).find(({ kind, lines }) => kind === 'crash' && lines.some(isInDriver));
  const headline = crash?.lines.find(isHeadline);
  const at = crash?.lines.find((line) => instructionPointer.test(line));
  return headline === undefined || at === undefined ? [] : [headline, at];
};

const isShell =
  (form: RegExp) =>
  (event: TraceEvent): boolean =>
    event.kind === 'shell' && event.status === 0 && form.test(event.command);

export const crashCauses = {
  'failed-call-ignored': {
    sentence: 'The driver goes on with the result of a call that has failed.',
    change:
      'Check what the call in the lines below returns, an error pointer with IS_ERR(), and do not use it after a failure.',
    requirement: 'undoes-failures',
    find: (facts) => {
      const { trace } = facts;
      const failing = trace.findLast(isShell(/^load failing_call call=\S+ .*\bvalue=-?\d+$/));
      // Without such a failure before it, the driver may crash whatever fails.
      const survived = trace.some(
        (event) => isShell(/^unload failing_call$/)(event) && event.seq < (failing?.seq ?? 0),
      );
      const crash = crashOfDriver(facts, isNearError);
      return failing === undefined || !survived || crash.length === 0 ? [] : [failing, ...crash];
    },
  },
  'unknown-command-crashes': {
    sentence: 'The driver crashes when the command is one that it does not know.',
    change:
      'Compare the command (BAR0 offset 20), as an unsigned number, with those of the device before it becomes an index.',
    requirement: 'acknowledges-known-only',
    find: (facts) => {
      // The driver may acknowledge the command before it crashes.
      const last = facts.accesses.findLast((access) => !isAck(access));
      if (last === undefined || !isCommandRead(last) || last.value === 0) return [];
      if (commandName(last.value) !== undefined || last.value === 0xffff_ffff) return [];
      const crash = crashOfDriver(facts, (line) => badAddress.test(line));
      return crash.length === 0 ? [] : [last, ...crash];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
