import t from 'tap';
import { capabilities } from './capabilities.js';

const config = (bytes: Readonly<Record<number, number>>): Buffer => {
  const config = Buffer.alloc(256);
  for (const [at, value] of Object.entries(bytes)) config.writeUInt8(value, Number(at));
  return config;
};

t.test('the list is followed from its pointer', async (t) => {
  t.strictSame(capabilities(config({ 6: 0x10, 52: 0x98, 152: 0x11, 153: 0x40, 64: 0x09 })), [0x11, 0x09]);
});

t.test('without the bit in the status there is none, whatever the pointer says', async (t) => {
  t.strictSame(capabilities(config({ 52: 0x98, 152: 0x11 })), []);
});

t.test('a circle, and a member beyond the end, end the list', async (t) => {
  t.strictSame(capabilities(config({ 6: 0x10, 52: 0x40, 64: 0x05, 65: 0x40 })), [0x05]);
  t.strictSame(capabilities(config({ 6: 0x10, 52: 0x40, 64: 0x05, 65: 0xff })), [0x05]);
});
