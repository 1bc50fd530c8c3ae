import t from 'tap';
import type { Programs } from '../guest/shell.js';
import { verdictOf } from '../run/verdict.js';
import { oldTaint, readBefore, requireModules } from './before.js';

const guest = (text: string): Programs => ({
  output: async () => text,
  execute: async () => ({ status: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0) }),
});

t.test('taint flags, and whether signatures are enforced', async (t) => {
  t.strictSame(await readBefore(guest('512\nN')), { taint: 512, enforcesSignatures: false });
  t.strictSame(await readBefore(guest('0\nY')), { taint: 0, enforcesSignatures: true });
  t.strictSame(await readBefore(guest('4096')), { taint: 4096, enforcesSignatures: false });
  for (const text of ['', 'N', '0\nmaybe', '-1\nN', '0\nN\n'])
    await t.rejects(readBefore(guest(text)), { code: 'GUEST_READ', blame: 'broken' });
});

t.test('a kernel that refuses unsigned modules makes a scenario a skipped one', async (t) => {
  requireModules({ taint: 0, enforcesSignatures: false }, '6.12');
  try {
    requireModules({ taint: 0, enforcesSignatures: true }, '6.12');
    t.fail('it was accepted');
  } catch (error) {
    t.equal(verdictOf(error), 'skipped');
    t.match(error, { message: /^kernel 6\.12: it loads no module without a valid signature/ });
  }
});

t.test('flags that were set before are reported once for each kernel', async (t) => {
  const before = { taint: 1 << 9, enforcesSignatures: false };
  t.match(oldTaint(before, '6.12'), /^kernel 6\.12 is tainted before the driver is loaded: W \(/);
  t.equal(oldTaint(before, '6.12'), undefined);
  t.match(oldTaint(before, '7.3'), 'kernel 7.3');
  t.equal(oldTaint({ ...before, taint: 1 << 12 }, '6.1'), undefined, 'an out-of-tree module is expected');
});
