import t from 'tap';
import { capabilities } from './capabilities.js';

const config = (bytes: Readonly<Record<number, number>>): Buffer => {
  const config = Buffer.alloc(256);
  for (const [at, value] of Object.entries(bytes)) config.writeUInt8(value, Number(at));
  return config;
};

t.test('follows the list from its pointer', async (t) => {
  t.strictSame(capabilities(config({ 6: 0x10, 52: 0x98, 152: 0x11, 153: 0x40, 64: 0x09 })), [0x11, 0x09]);
});

t.test('returns nothing without the status bit, whatever the pointer is', async (t) => {
  t.strictSame(capabilities(config({ 52: 0x98, 152: 0x11 })), []);
});

t.test('stops at a loop and at a capability beyond the end', async (t) => {
  t.strictSame(capabilities(config({ 6: 0x10, 52: 0x40, 64: 0x05, 65: 0x40 })), [0x05]);
  t.strictSame(capabilities(config({ 6: 0x10, 52: 0x40, 64: 0x05, 65: 0xff })), [0x05]);
});
