// What counts as left behind.
import t from 'tap';
import type { Shell } from '../guest/shell.js';
import { holdings, leftovers } from './leftovers.js';

t.test('what is new is left, also a second one of the same', async (t) => {
  const before = ['handler 10/a', 'I/O range 1000-1fff a'];
  t.same(leftovers(before, before), []);
  t.same(leftovers(before, []), [], 'what is gone is not left');
  t.same(leftovers(before, [...before, 'module b']), ['module b']);
  t.same(leftovers(before, [...before, 'handler 10/a']), ['handler 10/a']);
  t.same(leftovers([], ['x', 'x']), ['x', 'x']);
});

t.test("workers and the PCI core's ranges pass, the driver's own stay", async (t) => {
  const lines = [
    'I/O range 1000-1fff 0000:00:05.0',
    'I/O range 1000-1fff virtio_pci_obsd',
    'kernel thread (kworker/0:1-events)',
    'kernel thread (kworker/u4:0)',
    'kernel thread (kworker/R-vmmci/virtio0)',
    'kernel thread (kthreadd)',
  ];
  const shell = { text: async () => lines.join('\n') } as unknown as Shell;
  t.same(await holdings(shell), [
    'I/O range 1000-1fff virtio_pci_obsd',
    'kernel thread (kthreadd)',
    'kernel thread (kworker/R-vmmci/virtio0)',
  ]);
});
