import t from 'tap';
import { wrongData } from './wrong-data.js';

const data = Buffer.from('0badcafe', 'hex');
const hex = (...args: Parameters<typeof wrongData>) => wrongData(...args).toString('hex');

t.test('each outcome changes the data as described', async (t) => {
  t.equal(hex(data, { kind: 'short', bytes: 1 }), '0b');
  t.equal(hex(data, { kind: 'short', bytes: 9 }), '0badcafe', 'data is shortened, never extended');
  t.equal(hex(data, { kind: 'ones' }), 'ffffffff');
  t.equal(hex(data, { kind: 'value', value: 0xfffffffe }), 'feffffff');
  t.equal(hex(data.subarray(2), { kind: 'value', value: 0x12345678 }), '7856', 'truncated to the width');
  t.equal(hex(Buffer.alloc(6), { kind: 'value', value: 1 }), '010000000000', 'zero-extended');
  t.equal(wrongData(data, { kind: 'drop' }), data);
});
