import t from 'tap';
import type { Programs } from '../guest/shell.js';
import { verdictOf } from '../run/verdict.js';
import { oldTaint, readBefore, requireModules, requireRelease } from './before.js';

const guest = (text: string): Programs => ({
  output: async () => text,
  execute: async () => ({ status: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0) }),
});

t.test('reads the taint flags and whether signatures are enforced', async (t) => {
  const none = undefined;
  for (const [text, taint, enforced] of [
    ['512\nN', 512, none],
    ['4096', 4096, none],
    ['0\nY', 0, /^\S+\/sig_enforce is Y; boot it without module.sig_enforce$/],
    ['0\nN\n[none] integrity confidentiality', 0, none],
    [
      '0\nN\nnone [integrity] confidentiality',
      0,
      /^its lockdown is integrity; boot it without lockdown=integrity$/,
    ],
    ['0\nnone integrity [confidentiality]', 0, /^its lockdown is confidentiality; /],
  ] as const)
    t.match(
      await readBefore(guest(`6.12.1+x\n${text}`)),
      { release: '6.12.1+x', taint, enforcesSignatures: enforced },
      JSON.stringify(text),
    );
  for (const text of ['', 'N', '0\nmaybe', '-1\nN', '0\nN\n', '0\nN\nnone', '0\nN\n[none]\n'])
    await t.rejects(readBefore(guest(`6.12.1+x\n${text}`)), { code: 'GUEST_READ', blame: 'broken' });
});

t.test('another kernel, from a wrong snapshot, is not blamed on the driver', async (t) => {
  const before = { release: '6.1.0-50', taint: 0, enforcesSignatures: undefined };
  requireRelease(before, '6.1.0-50');
  t.throws(() => requireRelease(before, '6.12.1'), {
    code: 'GUEST_KERNEL',
    blame: 'broken',
    message: /^the snapshot has kernel 6\.1\.0-50, not 6\.12\.1; remove it: vmmci cache clean snapshots$/,
  });
});

t.test('skips a scenario on a kernel that refuses unsigned modules', async (t) => {
  requireModules({ release: '6.12', taint: 0, enforcesSignatures: undefined }, '6.12');
  try {
    requireModules({ release: '6.12', taint: 0, enforcesSignatures: 'its lockdown is integrity' }, '6.12');
    t.fail('it was accepted');
  } catch (error) {
    t.equal(verdictOf(error), 'skipped');
    t.match(error, {
      message: /^kernel 6\.12: it refuses modules without a valid signature: its lockdown is/,
    });
  }
});

t.test('reports taint flags that were set before once for each kernel', async (t) => {
  const before = { release: '6.12', taint: 1 << 9, enforcesSignatures: undefined };
  t.match(oldTaint(before, '6.12'), /^kernel 6\.12 is tainted before the driver is loaded: W \(/);
  t.equal(oldTaint(before, '6.12'), undefined);
  t.match(oldTaint(before, '7.3'), 'kernel 7.3');
  t.equal(oldTaint({ ...before, taint: 1 << 12 }, '6.1'), undefined, 'an out-of-tree module is expected');
});
