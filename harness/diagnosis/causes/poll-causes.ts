// Causes that are visible in which devices the driver polls.

import type { TraceEvent } from '../../base/trace-event.js';
import { commandName } from '../../vmmci/commands.js';
import { ISR_CONFIG } from '../../vmmci/registers.js';
import { looksUnasked } from './command-causes.js';
import { isCommandRead, isDown, isRead, isUp, partsOf, second } from './events.js';
import type { Cause, Facts } from './facts.js';

/** A life of the driver, from DRIVER_OK to the reset. */
interface Life {
  readonly up: TraceEvent<'status'>;
  readonly end: TraceEvent;
  /** The read of the offer before it. */
  readonly offer: TraceEvent<'bar-read'>;
  /** The polls of this life. */
  readonly polls: readonly TraceEvent[];
}

const livesOf = (facts: Facts): Life[] => {
  const polls = looksUnasked(facts);
  return partsOf(facts.trace, isUp, isDown).flatMap(({ start: up, events }) => {
    const offer = facts.trace.findLast((event) => isRead(event, 'hostFeatures') && event.seq < up.seq);
    const end = events.at(-1);
    return offer?.kind !== 'bar-read' || end === undefined
      ? []
      : [{ up, end, offer, polls: polls.filter(({ seq }) => seq > up.seq && seq <= end.seq) }];
  });
};

const waitedInVain = /^no '(?:ack|bar-read|fault)' in the trace/;

export const pollCauses = {
  'polls-end-with-interrupt': {
    sentence: 'The driver stops polling the command when its first interrupt has come.',
    change: 'Poll the command (BAR0 offset 20) also while interrupts arrive: each of them can be lost.',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    requirement: 'looks-unasked',
    find: (facts) => {
      const reason = facts.reasons.find((line) => waitedInVain.test(line));
      const last = facts.trace.at(-1);
      const polls = looksUnasked(facts);
      const interrupt = facts.trace.find((event) => isRead(event, 'isr') && event.value === ISR_CONFIG);
      const command = facts.trace.find(
        (event) => isCommandRead(event) && event.seq > (interrupt?.seq ?? Number.POSITIVE_INFINITY),
      );
      if (reason === undefined || last === undefined || !command || !isCommandRead(command)) return [];
      // A driver may also stop polling when it has been asked to stop.
      if (commandName(command.value) !== undefined && commandName(command.value) !== 'SYNCRTC') return [];
      const before = polls.filter(({ seq }) => seq < command.seq);
      const isOver = polls.length === before.length && last.at - command.at > 3 * second;
      return isOver && before.length > 1
        ? [...before.slice(-2), command, reason.split('\n', 1)[0] ?? '']
        : [];
    },
  },
  'polls-need-feature': {
    sentence: 'The driver polls the command only if the host offers certain features.',
    change: 'Queue the work that polls the command (BAR0 offset 20) whatever the host offers.',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    requirement: 'looks-unasked',
    explains: ['looks-unasked'],
    find: (facts) => {
      const reason = facts.reasons.find((line) => /^no 'bar-read' in the trace, \d+ times/.test(line));
      const lives = livesOf(facts);
      const last = lives.at(-1);
      if (reason === undefined || last === undefined || last.polls.length > 0) return [];
      if (last.end.at - last.up.at < 3 * second) return [];
      // The same driver has polled a device that offers more.
      const other = lives.find(
        ({ offer, polls }) => polls.length > 1 && (offer.value & ~last.offer.value) !== 0,
      );
      return other === undefined ? [] : [other.offer, ...other.polls.slice(0, 1), last.offer, last.up];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
