import t from 'tap';
import { capabilities } from './capabilities.js';

const config = (bytes: Readonly<Record<number, number>>): Buffer => {
  const config = Buffer.alloc(256);
  for (const [at, value] of Object.entries(bytes)) config.writeUInt8(value, Number(at));
  return config;
};

const list = (config: Buffer): [number, number][] =>
  capabilities(config).map(({ id, offset }) => [id, offset]);

t.test('follows the list from its pointer, without the reserved bits', async (t) => {
  const bytes = { 6: 0x10, 52: 0x9b, 152: 0x11, 153: 0x41, 64: 0x09 };
  t.strictSame(list(config(bytes)), [
    [0x11, 152],
    [0x09, 64],
  ]);
});

t.test('returns nothing without the status bit, whatever the pointer is', async (t) => {
  t.strictSame(list(config({ 52: 0x98, 152: 0x11 })), []);
});

t.test('stops at a loop and at a capability beyond the end', async (t) => {
  t.strictSame(list(config({ 6: 0x10, 52: 0x40, 64: 0x05, 65: 0x40 })), [[0x05, 64]]);
  t.strictSame(list(config({ 6: 0x10, 52: 0x40, 64: 0x05, 65: 0x80 }).subarray(0, 80)), [[0x05, 64]]);
});
