// Causes that are visible in how the driver acknowledges the host's commands.

import type { TraceEvent } from '../../base/trace-event.js';
import { commandName } from '../../vmmci/commands.js';
import { ACK, TIMESYNC } from '../../vmmci/features.js';
import { registers } from '../../vmmci/registers.js';
import { repeatedStep } from '../check-names.js';
import { checkCause } from './check-cause.js';
import {
  type Exchange,
  exchangesOf,
  following,
  inExchange,
  isAck,
  isCommandRead,
  isDown,
  isExit,
  isRead,
  isSent,
  isSignal,
  isUp,
  isWrite,
  type Read,
  second,
  sleeps,
  untilSent,
} from './events.js';
import type { Cause, Facts } from './facts.js';
import { signals } from './interrupt-causes.js';

const { command } = registers;

export const wantsAck = ({ offered }: Facts): boolean => (offered & ACK) !== 0;

/** Matches any write that may be meant as an acknowledgement. */
const isAnswer = (event: TraceEvent): boolean => event.kind === 'bar-write' && event.offset >= command.offset;

/** Finds a command that the driver read and did not acknowledge before the host or the scenario timed out. */
export const unanswered = (events: readonly TraceEvent[]): TraceEvent<'bar-read'> | undefined => {
  const read = events.find(
    (event) => isCommandRead(event) && commandName(event.value) !== undefined && event.value !== 0,
  );
  if (read === undefined || read.kind !== 'bar-read' || events.some(isAnswer)) return undefined;
  const waited = events.some(({ at }) => at - read.at > 2 * second);
  const ended = events.some(
    (event) => isExit(event) || (event.kind === 'timer' && event.event === 'expired'),
  );
  return waited || ended ? read : undefined;
};

/** Finds an earlier acknowledgement of the same command by a driver that has been up since. */
const answeredBefore = (
  { trace }: Facts,
  { sent }: Exchange,
  exchanges: readonly Exchange[],
): TraceEvent | undefined => {
  const before = exchanges.filter((exchange) => exchange.sent.seq < sent.seq);
  const same = before.findLast((exchange) => exchange.sent.name === sent.name);
  const ack = same?.events.find(isAck);
  const reset = trace.some(
    (event) => isDown(event) && ack !== undefined && event.seq > ack.seq && event.seq < sent.seq,
  );
  return reset ? undefined : ack;
};

/** Finds a command after which the driver read neither the ISR nor the command register for more than 3 s. */
const unasked = (facts: Facts): TraceEvent[] =>
  inExchange(facts, ({ sent, events }) => {
    const last = events.at(-1);
    const served = events.some((event) => isCommandRead(event) || isRead(event, 'isr'));
    const expired = events.find((event) => event.kind === 'timer' && event.event === 'expired');
    // The last event shows nothing but the end of the guest.
    return !served && last !== undefined && last.at - sent.at > 3 * second ? [expired] : undefined;
  });

/** The polls since the driver came up: reads of the command without an interrupt. */
export const looksUnasked = ({ trace }: Facts): TraceEvent[] => {
  let up = false;
  let served = false;
  return trace.filter((event) => {
    if (isUp(event)) up = true;
    if (isDown(event)) up = false;
    if (isRead(event, 'isr')) served = true;
    if (!isCommandRead(event)) return false;
    const asked = served;
    served = false;
    return up && !asked;
  });
};

export const commandCauses = {
  'command-never-acknowledged': {
    sentence: 'The driver reads a command and never acknowledges it.',
    change:
      'Write the command back (32 bits) to BAR0 offset 20 as soon as it is read: vmd waits 3 s for that.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time'],
    find: (facts) => {
      // A driver that acknowledges some commands has a different fault.
      if (!wantsAck(facts) || facts.trace.some(isAck)) return [];
      return inExchange(facts, ({ events }) => {
        const read = unanswered(events);
        return read === undefined ? undefined : [read];
      });
    },
  },
  'same-command-ignored': {
    sentence: 'The driver ignores a command that is the same as the one before.',
    change:
      'Forget the last command when BAR0 offset 20 reads as NONE or another value, and SYNCRTC as soon as it is acknowledged.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time', 'acts-once'],
    find: (facts) => {
      const exchanges = exchangesOf(facts);
      const ignored = wantsAck(facts) ? exchanges.filter(({ events }) => unanswered(events)) : [];
      return ignored
        .flatMap((exchange) => {
          const before = answeredBefore(facts, exchange, exchanges);
          const read = unanswered(exchange.events);
          return before === undefined || read === undefined ? [] : [before, exchange.sent, read];
        })
        .slice(0, 3);
    },
  },
  'kind-not-acknowledged': {
    sentence: 'The driver acknowledges some kinds of commands and not others.',
    change:
      'Write each SHUTDOWN (1), REBOOT (2) and SYNCRTC (3) back (32 bits) to BAR0 offset 20 as soon as it is read.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time'],
    find: (facts) => {
      const exchanges = exchangesOf(facts);
      const answers = exchanges.flatMap(({ sent, events }) => {
        const ack = events.find(isAck);
        return ack === undefined ? [] : [{ name: sent.name, ack }];
      });
      for (const { sent, events } of exchanges.filter(({ events }) => unanswered(events))) {
        const offer = facts.trace.findLast((event) => event.seq < sent.seq && isRead(event, 'hostFeatures'));
        if (offer?.kind !== 'bar-read' || (offer.value & ACK) === 0) continue;
        if (sleeps(events) || answers.some(({ name }) => name === sent.name)) continue;
        // A driver that handles only its first command is up since then.
        const other = answers.find(
          ({ ack }) =>
            ack.seq > sent.seq ||
            facts.trace.some((event) => isDown(event) && event.seq > ack.seq && event.seq < sent.seq),
        );
        const read = unanswered(events);
        if (other !== undefined && read !== undefined) return [other.ack, sent, read];
      }
      return [];
    },
  },
  'acknowledged-with-wrong-value': {
    sentence: 'The driver acknowledges a command with a value other than the command.',
    change: 'Write back exactly the value that was read from BAR0 offset 20.',
    requirement: 'acknowledges',
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        let read: TraceEvent<'bar-read'> | undefined;
        for (const event of events) {
          if (isCommandRead(event)) read = event;
          if (isAck(event) && event.width === 4 && read !== undefined && read.width === 4) {
            if (event.value !== read.value && read.value !== 0) return [read, event];
          }
        }
        return undefined;
      }),
  },
  'command-cut-off': checkCause(
    {
      of: ['shows-commands'],
      what: /^last command$/,
      besides: ({ seq, seen }, { trace }) => {
        const read = trace.findLast(
          (event): event is Read => event.seq < seq && isCommandRead(event) && event.value > 0xff,
        );
        const parts = read === undefined ? [] : [read.value & 0xff, read.value & 0xffff];
        return read !== undefined && parts.some((part) => part !== 0 && commandName(part) === seen)
          ? [read]
          : [];
      },
    },
    {
      sentence: 'The driver looks at a part of the command register only.',
      change: 'Compare all 32 bits of the value at BAR0 offset 20 with 1, 2 and 3.',
      requirement: 'acknowledges-known-only',
      explains: ['acknowledges-known-only', 'shows-commands'],
    },
  ),
  'unknown-command-counted-once': checkCause(
    {
      what: /^(?:last command|unknown commands)/,
      holds: (_, { checks }) => checks.every(({ what }) => what.endsWith(repeatedStep)),
    },
    {
      sentence: 'The driver ignores an unknown command if the last unknown one had the same value.',
      change:
        'Compare the register at BAR0 offset 20 with what it read last, not with the last unknown command.',
      requirement: 'shows-commands',
    },
  ),
  'unknown-command-acknowledged': {
    sentence: 'The driver acknowledges a command that it does not know.',
    change:
      'Write back only 1 (SHUTDOWN), 2 (REBOOT) and 3 (SYNCRTC) to BAR0 offset 20, and ignore any other value.',
    requirement: 'acknowledges-known-only',
    explains: ['acknowledges-known-only'],
    find: ({ accesses }) => {
      const index = accesses.findIndex((read, index) => {
        const next = accesses[index + 1];
        const unknown = isCommandRead(read) && read.value !== 0 && commandName(read.value) === undefined;
        return unknown && next !== undefined && isAck(next) && next.value === read.value;
      });
      return index === -1 ? [] : accesses.slice(index, index + 2);
    },
  },
  'acknowledged-twice': {
    sentence: 'The driver acknowledges one command more than once.',
    change: 'Write the command back to BAR0 offset 20 once, before the work for it.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acts-once', 'no-needless-accesses', 'quiet-on-the-way-down'],
    find: (facts) =>
      // The device may have been reset in between, by a sleep of the guest.
      following(facts, isSent, (_, after) => {
        const events = untilSent(after);
        const [first, again] = events.filter((event) => isAck(event) && event.width === 4);
        if (first === undefined || again === undefined) return undefined;
        // If the command was read again in between, it was acted on again, which is a different cause.
        const between = events.filter(({ seq }) => seq > first.seq && seq < again.seq);
        return between.some((event) => isCommandRead(event) && event.value !== 0)
          ? undefined
          : [first, again];
      }),
  },
  'acknowledged-late': {
    sentence: 'The driver acknowledges a command more than 1 s after its interrupt.',
    change:
      'Write the command back to BAR0 offset 20 in the interrupt handler, before any work that waits or is queued.',
    requirement: 'acknowledges-in-time',
    explains: ['acknowledges-in-time', 'acknowledges'],
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        const raised = events.find(isSignal);
        const served = events.find((event) => isRead(event, 'isr'));
        const ack = events.find(isAck);
        if (raised === undefined || served === undefined || ack === undefined) return undefined;
        const read = events.find((event) => isCommandRead(event) && event.seq > served.seq);
        // A reading before the acknowledgement is another cause.
        if (events.some((event) => isRead(event, 'secondsLow') && event.seq < ack.seq)) return undefined;
        const late = ack.at - served.at > second;
        // A command that a poll found within 2 s of the interrupt, and that was acknowledged at once, does
        // not count.
        return late && read !== undefined && ack.at - read.at < second && read.at - served.at > 2 * second
          ? [served, read, ack]
          : late && read !== undefined && ack.at - read.at > second
            ? [served, read, ack]
            : undefined;
      }),
  },
  'acknowledged-after-work': {
    sentence: 'The driver acknowledges SYNCRTC only after it has read the time.',
    change:
      'Write the command back to BAR0 offset 20 in the interrupt handler, and read the time (BAR0 offset 24) after that.',
    requirement: 'acknowledges-in-time',
    explains: ['acknowledges-in-time'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const ack = events.find(isAck);
        const read = events.find((event) => isCommandRead(event) && event.value === 3);
        const time = events.find(
          (event) => isRead(event, 'secondsLow') && read !== undefined && event.seq > read.seq,
        );
        if (sent.name !== 'SYNCRTC' || ack === undefined || time === undefined) return undefined;
        return time.seq < ack.seq ? [read, time, ack] : undefined;
      }),
  },
  'acknowledged-without-feature': {
    sentence: 'The driver acknowledges commands although the host does not offer ACK.',
    change:
      'Write the command back to BAR0 offset 20 only if bit 1 (ACK) of the host features (BAR0 offset 0) is set.',
    requirement: 'respects-offer',
    explains: ['respects-offer'],
    find: (facts) => {
      let offer: TraceEvent<'bar-read'> | undefined;
      for (const event of facts.trace) {
        if (isRead(event, 'hostFeatures')) offer = event;
        if (isAck(event) && offer !== undefined && (offer.value & ACK) === 0) return [offer, event];
      }
      return [];
    },
  },
  'ack-feature-by-number': {
    sentence:
      'The driver acknowledges commands if the host offers TIMESYNC (bit 0), not if it offers ACK (bit 1).',
    change: 'Test for ACK with virtio_has_feature(vdev, 1): a feature is the number of a bit, not a mask.',
    requirement: 'respects-offer',
    explains: ['respects-offer'],
    find: (facts) => {
      const hosts = exchangesOf(facts).flatMap(({ sent, events }) => {
        const offer = facts.trace.findLast((event) => event.seq < sent.seq && isRead(event, 'hostFeatures'));
        const read = events.find((event) => isCommandRead(event) && event.value !== 0);
        return offer?.kind !== 'bar-read' || read === undefined
          ? []
          : [{ features: offer.value, ack: events.find(isAck), shown: [offer, events.find(isAck) ?? read] }];
      });
      const fits = (expected: (features: number) => boolean): boolean =>
        hosts.every(({ features, ack }) => (ack !== undefined) === expected(features));
      // A driver that does the opposite of what is offered differs on other hosts.
      if (!fits((features) => (features & TIMESYNC) !== 0) || fits((features) => (features & ACK) === 0))
        return [];
      const without = hosts.find(({ features, ack }) => ack !== undefined && (features & ACK) === 0);
      const missing = hosts.find(({ features, ack }) => ack === undefined && (features & ACK) !== 0);
      return without === undefined || missing === undefined ? [] : [...without.shown, ...missing.shown];
    },
  },
  'not-acknowledged-though-offered': {
    sentence: 'The driver does not acknowledge commands on some hosts that offer ACK.',
    change:
      'Write the command back to BAR0 offset 20 whenever bit 1 (ACK) of the features is set, whatever the other bits are.',
    requirement: 'respects-offer',
    explains: ['respects-offer'],
    find: (facts) => {
      let offer: TraceEvent<'bar-read'> | undefined;
      let written: TraceEvent | undefined;
      const { trace } = facts;
      for (const [index, event] of trace.entries()) {
        if (isRead(event, 'hostFeatures')) offer = event;
        if (isWrite(event, 'guestFeatures')) written = event;
        if (!isSent(event) || offer === undefined || (offer.value & ACK) === 0) continue;
        const rest = trace.slice(index + 1);
        const end = rest.findIndex((later) => isSent(later) || isDown(later));
        const events = end === -1 ? rest : rest.slice(0, end);
        const reads = events.filter((later) => isCommandRead(later) && later.value !== 0);
        const [first] = reads;
        // The driver has finished when it reads the command again, or when the guest's shell answers.
        const answers = events.some(({ kind, seq }) => kind === 'shell' && seq > (first?.seq ?? seq));
        const isOver = reads.length > 1 || answers;
        if (isOver && first !== undefined && !events.some(isAnswer) && trace.some(isAck))
          return [offer, written, event, first].filter((each) => each !== undefined);
      }
      return [];
    },
  },
  'never-looks-unasked': {
    sentence:
      'The driver does not read the command without an interrupt, so it misses one whose interrupt is lost.',
    change:
      'Also poll the command (BAR0 offset 20), at least every second. If the driver does poll, check the unit of the interval.',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    requirement: 'looks-unasked',
    explains: ['looks-unasked'],
    find: (facts) => {
      const idle = unasked(facts);
      // A driver that does not read the command when it is interrupted either has another fault.
      const asked = facts.trace.some(isCommandRead) || signals(facts).length === 0;
      return idle.length > 0 && asked && looksUnasked(facts).length === 0 ? idle : [];
    },
  },
  'stops-looking-unasked': {
    sentence: 'The driver stops polling the command after a few polls.',
    change: 'Queue the work that polls the command (BAR0 offset 20) again at the end of each poll.',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    requirement: 'looks-unasked',
    explains: ['looks-unasked'],
    find: (facts) => {
      const idle = unasked(facts);
      const reads = looksUnasked(facts);
      return idle.length > 0 && reads.length > 0 ? [...reads.slice(-1), ...idle] : [];
    },
  },
  'looks-too-seldom': {
    sentence: 'The driver polls the command too rarely: it reads it more than 3 s after it was sent.',
    change:
      'Poll the command (BAR0 offset 20) at least every second; check the unit of the interval (ms or s).',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    requirement: 'looks-unasked',
    explains: ['looks-unasked'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const read = events.find(isCommandRead);
        if (read === undefined || read.at - sent.at < 3 * second) return undefined;
        return events.some((event) => isRead(event, 'isr') && event.seq < read.seq) ? undefined : [read];
      }),
  },
} as const satisfies Readonly<Record<string, Cause>>;
