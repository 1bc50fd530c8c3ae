// Causes that show in how the driver answers the host's commands.

import type { TraceEvent } from '../../base/trace-event.js';
import { ACK } from '../../vmmci/features.js';
import { registers, status } from '../../vmmci/registers.js';
import type { Cause, Facts } from './facts.js';

const { command, isr } = registers;
const second = 1_000_000;

/** A command of the host that was sent, and everything until the next one, or until the driver is reset or gone. */
interface Exchange {
  readonly sent: TraceEvent<'command'>;
  readonly events: readonly TraceEvent[];
}

const endsExchange = (event: TraceEvent): boolean =>
  (event.kind === 'command' && event.result === 'sent') ||
  event.kind === 'reset' ||
  (event.kind === 'status' && event.value === 0);

const exchangesOf = ({ trace }: Facts): Exchange[] =>
  trace.flatMap((sent, index) => {
    if (sent.kind !== 'command' || sent.result !== 'sent') return [];
    const rest = trace.slice(index + 1);
    const end = rest.findIndex(endsExchange);
    return [{ sent, events: end === -1 ? rest : rest.slice(0, end) }];
  });

const isLook = (event: TraceEvent): event is TraceEvent<'bar-read'> =>
  event.kind === 'bar-read' && event.offset === command.offset && !event.absent;
const isAck = (event: TraceEvent): event is TraceEvent<'bar-write'> =>
  event.kind === 'bar-write' && event.offset === command.offset && !event.absent;

/** The first exchange in which `find` finds something. */
const inExchange = (
  facts: Facts,
  find: (exchange: Exchange) => readonly (TraceEvent | undefined)[] | undefined,
): TraceEvent[] => {
  for (const exchange of exchangesOf(facts)) {
    const found = find(exchange);
    if (found !== undefined) return [exchange.sent, ...found].filter((event) => event !== undefined);
  }
  return [];
};

const wantsAck = ({ offered }: Facts): boolean => (offered & ACK) !== 0;

export const commandCauses = {
  'command-never-acknowledged': {
    sentence: 'The driver reads a command and never acknowledges it.',
    change: 'Write the command back to BAR0 offset 20 as soon as it is read.',
    explains: ['acknowledges', 'acknowledges-in-time'],
    find: (facts) =>
      wantsAck(facts)
        ? inExchange(facts, ({ events }) => {
            const look = events.find((event) => isLook(event) && event.value !== 0);
            const answered = events.some(
              (event) => event.kind === 'bar-write' && event.offset >= command.offset,
            );
            const waited = events.some((event) => event.kind === 'timer' && event.event === 'expired');
            return look !== undefined && !answered && waited ? [look] : undefined;
          })
        : [],
  },
  'acknowledged-with-wrong-value': {
    sentence: 'The value that is written back is not the command that was read.',
    change: 'Write back the value that was read from BAR0 offset 20.',
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        let look: TraceEvent<'bar-read'> | undefined;
        for (const event of events) {
          if (isLook(event)) look = event;
          if (isAck(event) && event.width === 4 && look !== undefined && look.width === 4) {
            if (event.value !== look.value && look.value !== 0) return [look, event];
          }
        }
        return undefined;
      }),
  },
  'unknown-command-acknowledged': {
    sentence: 'A command that the driver does not know is acknowledged.',
    change: 'Write back 1, 2 and 3 only; leave any other value alone.',
    explains: ['acknowledges-known-only'],
    find: ({ trace }) =>
      trace.filter((event) => event.kind === 'ack' && event.effect === 'illegal').slice(0, 2),
  },
  'acknowledged-twice': {
    sentence: 'One command is acknowledged more than once.',
    change: 'Write the command back once, before the work.',
    explains: ['acknowledges', 'acts-once', 'no-needless-accesses'],
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        const acks = events.filter((event) => isAck(event) && event.width === 4);
        const between = events.filter(
          (event) =>
            event.kind === 'command' && event.seq > (acks[0]?.seq ?? 0) && event.seq < (acks[1]?.seq ?? 0),
        );
        return acks.length > 1 && between.length === 0 ? acks.slice(0, 3) : undefined;
      }),
  },
  'acknowledged-late': {
    sentence: 'A command is acknowledged long after the driver was interrupted for it.',
    change: 'Acknowledge in the interrupt handler, before any work that waits or is queued.',
    explains: ['acknowledges-in-time', 'acknowledges'],
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        const raised = events.find((event) => event.kind === 'interrupt' && event.signalled === true);
        const served = events.find((event) => event.kind === 'bar-read' && event.offset === isr.offset);
        const ack = events.find(isAck);
        if (raised === undefined || served === undefined || ack === undefined) return undefined;
        const look = events.find((event) => isLook(event) && event.seq > served.seq);
        const own = ack.at - served.at > second;
        // Looked at once and answered later, or not looked at before: the latter is a matter of polling.
        return own && look !== undefined && ack.at - look.at < second && look.at - served.at > 2 * second
          ? [served, look, ack]
          : own && look !== undefined && ack.at - look.at > second
            ? [served, look, ack]
            : undefined;
      }),
  },
  'interrupt-not-acted-on': {
    sentence: 'The handler reads the ISR and does not look at the command.',
    change:
      'When bit 1 of the ISR is set, read the command (BAR0 offset 20) in the handler or in work it queues.',
    explains: ['acknowledges', 'acknowledges-in-time', 'sets-clock', 'goes-down', 'reads-isr'],
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        const served = events.find(
          (event) => event.kind === 'bar-read' && event.offset === isr.offset && (event.value & 2) !== 0,
        );
        if (served === undefined) return undefined;
        const looked = events.some((event) => isLook(event) && event.seq > served.seq);
        return looked ? undefined : [served];
      }),
  },
  'acknowledged-without-feature': {
    sentence: 'Commands are acknowledged though the host does not offer the acknowledgement.',
    change: 'Write the command back only if bit 1 of the host features (BAR0 offset 0) is set.',
    explains: ['respects-offer'],
    find: (facts) => {
      let offer: TraceEvent<'bar-read'> | undefined;
      for (const event of facts.trace) {
        if (event.kind === 'bar-read' && event.offset === 0 && !event.absent) offer = event;
        if (isAck(event) && offer !== undefined && (offer.value & ACK) === 0) return [offer, event];
      }
      return [];
    },
  },
  'driver-ok-dropped-on-stop': {
    sentence: 'The device is reset while the guest still goes down.',
    change:
      'Leave the status alone on shutdown: vmd takes a guest without DRIVER_OK for one without a driver.',
    explains: ['driver-ok', 'quiet-on-the-way-down'],
    find: (facts) =>
      exchangesOf(facts)
        .filter(({ sent }) => sent.name !== 'SYNCRTC')
        .flatMap(({ sent, events }) => {
          const ack = events.find(isAck);
          const dropped = facts.trace.find(
            (event) =>
              event.kind === 'status' &&
              event.seq > (ack?.seq ?? sent.seq) &&
              (event.value & status.DRIVER_OK) === 0,
          );
          return ack !== undefined && dropped !== undefined ? [sent, ack, dropped] : [];
        })
        .slice(0, 3),
  },
  'never-looks-unasked': {
    sentence: 'The driver looks at the command only when it is interrupted.',
    change: 'Read the command (BAR0 offset 20) from a timer as well, every 10 s or oftener.',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    explains: ['looks-unasked'],
    find: (facts) => inExchange(facts, ({ events }) => (events.some(isLook) ? undefined : [])),
  },
  'not-reset-on-remove': {
    sentence: 'The device is not reset when the driver is unbound, so DRIVER_OK stays set.',
    change: 'Write 0 to the status (BAR0 offset 18) in remove, after timers and work are cancelled.',
    explains: ['drops-driver-ok'],
    find: ({ trace }) => {
      const last = trace.filter((event) => event.kind === 'status').at(-1);
      return last !== undefined && (last.value & status.DRIVER_OK) !== 0 ? [last] : [];
    },
  },
  'nothing-restored-after-sleep': {
    sentence: 'After a sleep of the guest the device is not set up again.',
    change: 'In the resume callback write features and status again: virtio_device_restore() does.',
    explains: ['restores-after-sleep'],
    find: ({ trace }) => {
      const states = trace.filter(
        (event) => event.kind === 'status' || event.kind === 'features' || event.kind === 'reset',
      );
      const reset = states.findLastIndex(
        (event) => event.kind === 'reset' || (event.kind === 'status' && event.value === 0),
      );
      const after = states.slice(reset);
      const negotiated = after.some((event) => event.kind === 'features' && event.value !== 0);
      const up = after.some((event) => event.kind === 'status' && (event.value & status.DRIVER_OK) !== 0);
      return reset !== -1 && !(negotiated && up) ? after.slice(0, 3) : [];
    },
  },
  'all-ones-taken-for-data': {
    sentence: 'What a device that is gone reads as, all ones, is taken for a value of it.',
    change: 'When a register reads as all ones, read a second one, and give ENODEV when the device is gone.',
    explains: ['survives-removal', 'no-time-is-an-error'],
    // Each driver reads all ones from such a device: it is what it made of them that shows the mistake.
    find: ({ trace, reasons, failed }) =>
      failed.has('survives-removal') ||
      reasons.some((reason) => /seen .*(?:4294967295|0xffffffff)/.test(reason))
        ? trace.filter((event) => event.kind === 'bar-read' && event.absent === true).slice(0, 2)
        : [],
  },
} as const satisfies Readonly<Record<string, Cause>>;
