import t from 'tap';
import { dependsOf } from './module-depends.js';

const module = (...fields: string[]): Buffer =>
  Buffer.from(`\x7fELF depends=no\0${fields.join('\0')}\0name=x\0`, 'latin1');

t.test('the names in the field, and nothing that looks like it', async (t) => {
  t.strictSame(dependsOf(module('license=GPL', 'depends=ptp,pps_core')), ['ptp', 'pps_core']);
  t.strictSame(dependsOf(module('depends=')), []);
  t.strictSame(dependsOf(module('description=it depends=on')), []);
  t.strictSame(dependsOf(Buffer.alloc(0)), []);
});
