// Causes that are visible when the guest has two functions on one interrupt line.

import { firstLine } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { ISR_CONFIG } from '../../vmmci/registers.js';
import { isCommandRead, isRead, isSent, isSignal, untilSent } from './events.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

const linesOf = ({ reasons }: Facts): string[] => reasons.flatMap((reason) => reason.split('\n'));

const oops = /BUG: /;
const inDriver = /\+0x\S+ \[\w+\]/;

/** So many reads of the command before the first command was sent are polls: probe reads it, too. */
const pollsBefore = 4;

/** The name of a check of one of two devices. */
const withoutOrdinal = ({ what }: Pick<FailedCheck, 'what'>): string =>
  what.replace(/\b(?:first|second)\b/, '');

/** The removal of the first driver, when the second no longer acknowledges a command. */
const silentAlone = ({ reasons, trace }: Facts) => {
  const reason = reasons.find((line) => /^no acknowledgement by the second, alone/.test(line));
  const unbind = trace.findLast((event) => event.kind === 'shell' && /\/unbind$/.test(event.command));
  const answered = trace.some(
    (event) =>
      event.kind === 'check' &&
      event.result === 'ok' &&
      /requests to go down after the second/.test(event.what),
  );
  return reason === undefined || unbind === undefined || !answered ? undefined : { reason, unbind };
};

/** True if the second device then showed the change in its ISR, and to a handler that read it. */
const isServed = ({ second = [] }: Facts, unbind: TraceEvent): boolean =>
  second.some((event) => isRead(event, 'isr') && event.value === ISR_CONFIG && event.at > unbind.at);

export const neighbourCauses = {
  'line-disabled-on-remove': {
    sentence: 'The removed driver disables the interrupt line, also for the other device on the line.',
    change: 'Call only free_irq(): disable_irq() disables the whole line, which is shared.',
    requirement: 'keeps-devices-apart',
    explains: ['keeps-devices-apart'],
    find: (facts) => {
      const silent = silentAlone(facts);
      return silent === undefined || isServed(facts, silent.unbind) ? [] : [silent.unbind, silent.reason];
    },
  },
  'line-off-after-failed-resume': {
    sentence:
      'If the device does not respond on resume, the driver leaves the interrupt line off, also for another function on it.',
    change: 'Leave the line alone when the guest sleeps: disable_irq() disables it for all drivers.',
    requirement: 'keeps-devices-apart',
    find: ({ reasons, trace }) => {
      const reason = reasons.find((line) => /^no first acknowledgement beside an absent function/.test(line));
      const sent = trace.find(
        (event) =>
          event.kind === 'check' &&
          event.result === 'ok' &&
          event.what === 'first SYNCRTC to a function beside an absent one',
      );
      return reason === undefined || sent === undefined ? [] : [sent, firstLine(reason)];
    },
  },
  'absent-device-disables-line': {
    sentence:
      'The handler of a device that does not respond disables the interrupt line, also for another function on it.',
    change: 'Return IRQ_NONE if the ISR reads as 0xff, and leave the line on: it is shared.',
    requirement: 'keeps-devices-apart',
    // The events of the device that responds.
    find: ({ reasons, trace }) => {
      const reason = reasons.find((line) =>
        /^no second acknowledgement beside an absent function/.test(line),
      );
      const sent = trace.findLast(isSent);
      const after = trace.filter(({ seq }) => seq > (sent?.seq ?? Number.POSITIVE_INFINITY));
      const signal = after.find(isSignal);
      const isRun = after.some((event) => isRead(event, 'isr'));
      return reason === undefined || signal === undefined || isRun ? [] : [signal, firstLine(reason)];
    },
  },
  'state-shared-by-devices': {
    sentence: 'Two devices share state that each should have of its own, so the one affects the other.',
    change: 'Keep the state of a device in its own structure, not in static variables.',
    requirement: 'keeps-devices-apart',
    find: (facts) => {
      const { reasons, checks, trace } = facts;
      const alone = trace.some(
        (event) => event.kind === 'check' && /^SYNCRTC to the second alone/.test(event.what),
      );
      const reason = reasons.find((line) => /^no acknowledgement of \w+ by the second/.test(line));
      const silent = silentAlone(facts);
      if (silent !== undefined && isServed(facts, silent.unbind)) return [silent.unbind, silent.reason];
      const first = trace.some(
        (event) =>
          event.kind === 'check' &&
          event.result === 'ok' &&
          /acknowledgements by the first$/.test(event.what),
      );
      const apart = checks.filter((check) => check.requirement === 'keeps-devices-apart');
      const failsOnBoth = ({ what }: FailedCheck): boolean =>
        apart.some((other) => other.what !== what && withoutOrdinal(other) === withoutOrdinal({ what }));
      const shared = apart.filter(
        (check) =>
          /^(?:host time|PTP time|commands that the first|last command of the first|PTP clocks of the second)/.test(
            check.what,
          ) && !failsOnBoth(check),
      );
      const unpolled = reasons.find((line) => /^no \w+ poll of the (?:first|second) within/.test(line));
      // The first is bound again for it, and was polled before.
      const polls = untilSent(trace)
        .filter(isCommandRead)
        .slice(pollsBefore - 1);
      if (unpolled !== undefined && (unpolled.includes('second') || polls.length > 0))
        return [...polls.slice(-1), firstLine(unpolled)];
      const crash = reasons.find((line) => line.startsWith('the guest panicked'));
      if (alone && crash !== undefined)
        return linesOf(facts)
          .filter((line) => oops.test(line) || inDriver.test(line))
          .slice(0, 3);
      return reason !== undefined && first ? [reason] : shared.slice(0, 2);
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
