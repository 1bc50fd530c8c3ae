// The kernel's words about an interrupt, read.
import t from 'tap';
import { readInterrupt } from './interrupts.js';
import type { Commands } from './shell.js';

const shell = (text: string): Commands => ({ text: async () => text }) as unknown as Commands;

t.test('counts of all CPUs, handlers, and what nobody claimed', async (t) => {
  const text = '5,7\nvirtio-pci-obsd,other\ncount 12\nunhandled 3\nlast_unhandled 4294967295 ms';
  const handlers = ['virtio-pci-obsd', 'other'];
  t.same(await readInterrupt(shell(text), 10), { count: 12, unhandled: 3, handlers });
});

t.test('a line that nobody listens to', async (t) => {
  const text = '0\n\ncount 0\nunhandled 0\nlast_unhandled 0 ms';
  t.same(await readInterrupt(shell(text), 10), { count: 0, unhandled: 0, handlers: [] });
});

for (const text of ['', 'none\na\nunhandled 0', '1\na\ncount 1']) {
  t.test(`refuses ${JSON.stringify(text)}`, (t) =>
    t.rejects(readInterrupt(shell(text), 10), { code: 'GUEST_READ' }),
  );
}
