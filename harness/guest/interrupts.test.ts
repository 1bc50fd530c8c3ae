// Tests the parsing of the kernel's interrupt files.

import t from 'tap';
import { interruptChips, isName, readInterrupt, runsHandlersInThreads } from './interrupts.js';
import type { Programs } from './shell.js';

const shell = (text: string): Programs => ({ output: async () => text }) as unknown as Programs;

t.test('parses counts of all CPUs, handlers and unhandled interrupts', async (t) => {
  const text = '5,7\nXT-PIC\nvirtio-pci-obsd,other\ncount 12\nunhandled 3\nlast_unhandled 4294967295 ms';
  const handlers = ['virtio-pci-obsd', 'other'];
  t.same(await readInterrupt(shell(text), 10), { count: 12, unhandled: 3, chip: 'XT-PIC', handlers });
});

t.test('parses an interrupt without handlers', async (t) => {
  const text = '0\nIO-APIC\n\ncount 0\nunhandled 0\nlast_unhandled 0 ms';
  t.same(await readInterrupt(shell(text), 10), { count: 0, unhandled: 0, chip: 'IO-APIC', handlers: [] });
});

for (const text of ['', 'none\nIO-APIC\na\nunhandled 0', '1\nIO-APIC\na\ncount 1']) {
  t.test(`refuses ${JSON.stringify(text)}`, (t) =>
    t.rejects(readInterrupt(shell(text), 10), { code: 'GUEST_READ' }),
  );
}

t.test('lists the interrupt controllers', async (t) => {
  t.same(await interruptChips(shell('\nXT-PIC\nXT-PIC')), ['XT-PIC']);
});

t.test('a handler that was registered before its device had a name has no name', async (t) => {
  t.strictSame(['virtio-pci-obsd', 'virtio0', '(null)', ''].map(isName), [true, true, false, false]);
});

t.test('tells kernels that run interrupt handlers in threads', async (t) => {
  const version = (kind: string) =>
    `Linux version 6.12.118 (gcc) #1 SMP ${kind} Debian 6.12.118-1 (2026-11-01)\n`;
  t.equal(await runsHandlersInThreads(shell(`${version('PREEMPT_RT')}quiet`)), true);
  t.equal(await runsHandlersInThreads(shell(`${version('PREEMPT_DYNAMIC')}quiet threadirqs`)), true);
  t.equal(await runsHandlersInThreads(shell(`${version('PREEMPT_DYNAMIC')}quiet`)), false);
});
