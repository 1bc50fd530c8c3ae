// Events of a trace from which tests have causes found.

import type { TraceData, TraceEvent } from '../base/trace-event.js';
import type { Material } from '../diagnosis/causes/facts.js';
import { findCauses } from '../diagnosis/causes/find-causes.js';

export const read = (offset: number, width: number, value: number): TraceData => ({
  kind: 'bar-read',
  offset,
  width,
  value,
});
export const write = (offset: number, width: number, value: number): TraceData => ({
  kind: 'bar-write',
  offset,
  width,
  value,
});
export const status = (value: number): TraceData => ({ kind: 'status', value });
export const failed = (requirement: string, what = 'x', expected = 'this', seen = 'that'): TraceData => {
  const [from = '', to = from] = expected.split(' to ');
  const numbers = [from, seen].every((text) => /^-?\d+$/.test(text)) && {
    from: BigInt(from),
    to: BigInt(to),
    seen: BigInt(seen),
  };
  return {
    kind: 'check',
    result: 'not ok',
    what,
    requirement,
    expected,
    seen,
    ...(numbers !== false && { numbers }),
  };
};
export const raise: TraceData = { kind: 'interrupt', line: 'raise', isr: 2, signalled: true };
export const expired: TraceData = { kind: 'timer', name: 'ack', event: 'expired', ms: 3000 };
export const send = (name: 'REBOOT' | 'SHUTDOWN' | 'SYNCRTC'): TraceData => ({
  kind: 'command',
  name,
  result: 'sent',
});

export const suspend: TraceData = { kind: 'qmp-event', event: 'SUSPEND', data: '{}' };

/** The events of a driver that comes up correctly. */
export const loaded: TraceData = { kind: 'shell', command: 'load a b', status: 0 };
export const up = [
  read(0, 4, 7),
  status(3),
  write(4, 4, 7),
  { kind: 'features', value: 7 } as const,
  status(7),
  loaded,
];
export const handled = [raise, read(19, 1, 2), read(20, 4, 2), write(20, 4, 2)];

/** Makes events that are a millisecond apart; a number among them is a pause in ms. */
export const trace = (items: readonly (TraceData | number)[]): TraceEvent[] => {
  let at = 0;
  const events: TraceEvent[] = [];
  for (const item of items) {
    at += typeof item === 'number' ? item * 1000 : 1000;
    if (typeof item !== 'number') events.push({ seq: events.length, at, ...item });
  }
  return events;
};

/** The ids of the causes that are found in these events, lines of the kernel log and reasons. */
export const found = (items: readonly (TraceData | number)[], more: Partial<Omit<Material, 'trace'>> = {}) =>
  findCauses({ trace: trace(items), dmesg: [], reasons: [], ...more }).map(({ id }) => id);
