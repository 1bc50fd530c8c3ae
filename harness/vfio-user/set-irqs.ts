// DEVICE_SET_IRQS: argsz, flags, index, start, count (u32 each), then one byte per interrupt for boolean
// data.

import { IRQS } from './info.js';
import { require } from './refusal.js';

export const SET_IRQS_SIZE = 20;

export const irqData = { NONE: 0x01, BOOL: 0x02, EVENTFD: 0x04 } as const;
export const irqAction = { MASK: 0x08, UNMASK: 0x10, TRIGGER: 0x20 } as const;

export interface SetIrqs {
  kind: 'set-irqs';
  data: 'none' | 'bool' | 'eventfd';
  action: 'mask' | 'unmask' | 'trigger';
  index: number;
  start: number;
  count: number;
  /** One per interrupt if `data` is `bool`, otherwise empty. */
  booleans: boolean[];
}

const dataNames = new Map([
  [irqData.NONE, 'none'],
  [irqData.BOOL, 'bool'],
  [irqData.EVENTFD, 'eventfd'],
] as const);
const actionNames = new Map([
  [irqAction.MASK, 'mask'],
  [irqAction.UNMASK, 'unmask'],
  [irqAction.TRIGGER, 'trigger'],
] as const);

const lookUp = <Value>(names: ReadonlyMap<number, Value>, bits: number): Value | undefined => names.get(bits);

/**
 * Decodes the body. `descriptors` is the number of descriptors of the message: with eventfd data one per
 * interrupt, or none to remove the eventfds; with other data none.
 */
export const decodeSetIrqs = (body: Buffer, descriptors: number): SetIrqs => {
  const argsz = body.readUInt32LE(0);
  require(argsz >= SET_IRQS_SIZE, () => `argsz ${argsz} is less than ${SET_IRQS_SIZE}`);
  const flags = body.readUInt32LE(4);
  const data = lookUp(dataNames, flags & 0x07);
  const action = lookUp(actionNames, flags & 0x38);
  require((flags & ~0x3f) === 0 && data !== undefined && action !== undefined, () =>
    `flags 0x${flags.toString(16)} do not have one kind of data and one action`);
  const index = body.readUInt32LE(8);
  const start = body.readUInt32LE(12);
  const count = body.readUInt32LE(16);
  require(index < IRQS, () => `interrupt type ${index} is not one of the ${IRQS}`);
  const expected = SET_IRQS_SIZE + (data === 'bool' ? count : 0);
  require(body.length === expected, () => `body of ${body.length} bytes, flags and count need ${expected}`);
  require(descriptors === 0 || (data === 'eventfd' && descriptors === count), () =>
    `${descriptors} descriptors for ${count} interrupts with ${data} data`);
  return {
    kind: 'set-irqs',
    data,
    action,
    index,
    start,
    count,
    booleans: Array.from(body.subarray(SET_IRQS_SIZE), (byte) => byte !== 0),
  };
};

export const encodeSetIrqs = (set: {
  flags: number;
  index: number;
  start: number;
  count: number;
  booleans?: readonly boolean[];
}): Buffer => {
  const booleans = set.booleans ?? [];
  const body = Buffer.alloc(SET_IRQS_SIZE + booleans.length);
  [body.length, set.flags, set.index, set.start, set.count].forEach((word, at) => {
    body.writeUInt32LE(word, 4 * at);
  });
  booleans.forEach((value, at) => {
    body.writeUInt8(value ? 1 : 0, SET_IRQS_SIZE + at);
  });
  return body;
};
