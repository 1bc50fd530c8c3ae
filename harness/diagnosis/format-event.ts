// Formats a trace event as text, with registers by name, decoded bits and commands, and units.

import { durationOfMs } from '../base/duration.js';
import type { TraceEvent } from '../base/trace-event.js';
import { commandName } from '../vmmci/commands.js';
import { ACK, SYNCRTC, TIMESYNC } from '../vmmci/features.js';
import { formatInstant } from '../vmmci/instant.js';
import { registerAt, registers, status } from '../vmmci/registers.js';

const hex = (value: number): string => `0x${value.toString(16)}`;

/** Formats bits as `0x7 (ACKNOWLEDGE, DRIVER, DRIVER_OK)`; bits without a name are left out. */
const bits = (value: number, names: Readonly<Record<string, number | bigint>>): string => {
  const set = Object.entries(names).filter(([, bit]) => (BigInt(value) & BigInt(bit)) !== 0n);
  return set.length === 0 ? hex(value) : `${hex(value)} (${set.map(([name]) => name).join(', ')})`;
};

/** The features in the order of their bits. */
const feature = { TIMESYNC, ACK, SYNCRTC };

const isrText = (value: number): string =>
  bits(value, { 'used queue': 1, 'config change': 2 }).replace(/^0x0$/, '0x0 (nothing)');

const decoders: Readonly<Record<string, (value: number) => string>> = {
  status: (value) => bits(value, status),
  isr: isrText,
  hostFeatures: (value) => bits(value, feature),
  guestFeatures: (value) => bits(value, feature),
  command: (value) => commandName(value) ?? hex(value),
};

const access = ({ kind, offset, width, value }: TraceEvent<'bar-read' | 'bar-write'>): string => {
  const name = registerAt(offset);
  const natural = name !== undefined && registers[name].size === width;
  const where = `${name ?? `offset ${offset}`}${natural ? '' : ` (${8 * width} bits)`}`;
  const decode = (natural ? decoders[name] : undefined) ?? hex;
  return `${kind === 'bar-read' ? 'read' : 'write'} ${where} = ${decode(value)}`;
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
        : `interrupt line raised, ISR ${isrText(event.isr)}${event.signalled ? '' : ', the guest is not interrupted'}`;
    case 'status':
      return `device status is ${bits(event.value, status)}`;
    case 'features':
      return `negotiated features are ${bits(event.value, feature)}`;
    case 'command':
      return `host asks for ${event.name}: ${event.result}`;
    case 'ack':
      return `acknowledgement ${commandName(event.value) ?? hex(event.value)}: ${event.effect}`;
    case 'sample':
      return `host clock sampled: ${formatInstant(event.us)} (${event.us} µs)`;
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
