// Formats a trace event as text, with registers by name, decoded bits and commands, and units.

import { durationOfMs } from '../base/duration.js';
import type { TraceEvent } from '../base/trace-event.js';
import { formatInstant } from '../vmmci/instant.js';
import { accessTarget } from '../vmmci/registers.js';
import { asAnswered } from './as-answered.js';
import { hex, showCommand, showFeatures, showIsr, showStatus } from './decode.js';

const decoders: Readonly<Record<string, (value: number) => string>> = {
  status: showStatus,
  isr: showIsr,
  hostFeatures: showFeatures,
  guestFeatures: showFeatures,
  command: showCommand,
};

const access = ({ kind, offset, width, value, absent }: TraceEvent<'bar-read' | 'bar-write'>): string => {
  // A value of another width, such as a byte of the command, has no name. The ones of an absent device mean
  // nothing.
  const where = accessTarget(offset, width);
  const isNothing = absent === true && kind === 'bar-read';
  const decode = (isNothing ? undefined : decoders[where]) ?? hex;
  return `${kind === 'bar-read' ? 'read' : 'write'} ${where} = ${decode(value)}`;
};

/** What a fault does to the message, by its effect. */
const effects: Readonly<Record<string, string>> = {
  'clock-jump': 'makes the device clock jump',
  disconnect: 'ends the connection',
  drop: 'is not answered',
  error: 'is answered with an error',
  ones: 'is answered with all ones',
  short: 'is answered with too little data',
  value: 'is answered with another value',
};

const faultText = ({
  command = 'a message',
  outcome,
  value,
  delayMs = 0,
  takesQemuDown,
}: TraceEvent<'fault'>): string => {
  const isOtherValue = outcome === 'value' && value !== undefined;
  const effect = isOtherValue ? `is answered with ${hex(value)}` : (effects[outcome ?? ''] ?? 'is answered');
  const delay = delayMs > 0 ? ` after ${durationOfMs(delayMs)}` : '';
  return `fault: ${command} ${effect}${delay}${takesQemuDown === undefined ? '' : `; ${takesQemuDown}`}`;
};

/** Formats the event without its number and time. */
const textOf = (event: TraceEvent): string => {
  switch (event.kind) {
    case 'bar-read':
    case 'bar-write':
      return `${access(event)}${event.absent ? ', the device is absent' : ''}`;
    case 'interrupt':
      return event.line === 'lower'
        ? 'interrupt line lowered'
        : `interrupt line raised, ISR ${showIsr(event.isr)}${event.signalled ? '' : ', the guest is not interrupted'}`;
    case 'status':
      return `device status is ${showStatus(event.value)}`;
    case 'features':
      return `negotiated features are ${showFeatures(event.value)}`;
    case 'command':
      return `host asks for ${event.name}: ${event.result}`;
    case 'ack':
      return `acknowledgement ${showCommand(event.value)}: ${event.effect}`;
    case 'sample':
      return `host clock sampled: ${formatInstant(event.us)} (${event.us} µs)`;
    case 'fault':
      return faultText(event);
    case 'timer':
      return `timer ${event.name} ${event.event}, ${durationOfMs(event.ms)}`;
    case 'check':
      return event.seen === undefined
        ? `check of ${event.what}: ${event.result}`
        : `${event.what}: expected ${event.expected}, seen ${event.seen}`;
    case 'reading':
      return `the driver shows ${event.what} ${event.value}${event.what === 'drift' ? ' ns' : ''}`;
    case 'ptp-reading':
      return `the PTP clock shows ${event.time} ns, the guest ${event.before} before and ${event.after} after it`;
    default: {
      const { seq: _, at: __, kind, ...data } = event;
      const fields = Object.entries(data).filter(([, value]) => value !== undefined && value !== false);
      return [kind, ...fields.map(([key, value]) => `${key}=${value}`)].join(' ');
    }
  }
};

/** Formats the event as `#12 3.456 ms read isr = 0x2 (config change)`. */
export const formatEvent = (event: TraceEvent): string =>
  `#${event.seq} ${(event.at / 1000).toFixed(3)} ms ${textOf(event)}`;

/**
 * Formats the last `count` of consecutive events. A read that a fault answered is shown with the value that
 * the guest got.
 */
export const formatEvents = (events: readonly TraceEvent[], count = events.length): string[] => {
  const first = Math.max(0, events.length - count);
  return asAnswered(events)
    .slice(first)
    .map((event, index) =>
      event === events[first + index] ? formatEvent(event) : `${formatEvent(event)}, by a fault`,
    );
};
