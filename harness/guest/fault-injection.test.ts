import t from 'tap';
import { hasFailedInWorkers, limitFaultsTo, withFailure } from './fault-injection.js';
import type { Commands } from './shell.js';

/** A shell that answers with these texts, one after the other, and keeps what it was asked. */
const shellWith = (...answers: string[]): { shell: Commands; asked: string[] } => {
  const asked: string[] = [];
  const text = async (command: string): Promise<string> => {
    asked.push(command);
    return answers.shift() ?? '';
  };
  return { shell: { text } as unknown as Commands, asked };
};

t.test('the range of addresses goes from the first module to the end of the last', async (t) => {
  const modules = [
    'virtio_vmmci 24576 0 - Live 0xffffffffc0210000 (O)',
    'virtio_pci_obsd 20480 1 virtio_vmmci, Live 0xffffffffc0200000 (O)',
  ];
  const { shell, asked } = shellWith(modules.join('\n'), '');
  await limitFaultsTo(shell, ['virtio_pci_obsd', 'virtio_vmmci']);
  t.match(asked[2], /echo 0xffffffffc0200000 >\S+\/require-start\necho 0xffffffffc0216000 >\S+\/require-end/);
  t.match(asked[2], /echo N >\S+\/ignore-gfp-wait/);
  t.notMatch(asked[2], 'reject-');
});

t.test("allocations of the kernel's search for the interrupt do not count", async (t) => {
  const module = 'm 4096 0 - Live 0xffffffffc0200000';
  const symbols = ['ffffffff81500000 T acpi_pci_irq_enable', 'ffffffff81500300 t acpi_ns_init_one_object'];
  const { shell, asked } = shellWith(module, symbols.join('\n'));
  await limitFaultsTo(shell, ['m']);
  t.match(asked[2], /echo 0xffffffff81500000 >\S+\/reject-start\necho 0xffffffff81500300 >\S+\/reject-end/);
  await t.rejects(limitFaultsTo(shellWith(module, symbols[0] ?? '').shell, ['m']), {
    code: 'GUEST_READ',
    message: /acpi_pci_irq_enable and of the next symbol/,
  });
});

t.test('a module that is not loaded is an error that shows what was read', async (t) => {
  const { shell } = shellWith('virtio_vmmci 24576 0 - Live 0xffffffffc0210000 (O)');
  await t.rejects(limitFaultsTo(shell, ['virtio_pci_obsd', 'virtio_vmmci']), {
    code: 'GUEST_READ',
    message: /virtio_pci_obsd, virtio_vmmci/,
  });
});

t.test('an allocation failed when none is left to wait for', async (t) => {
  t.strictSame(await withFailure(shellWith('1 0').shell, 3, 'x'), { injected: true, status: 1 });
  t.strictSame(await withFailure(shellWith('0 2').shell, 3, 'x'), { injected: false, status: 0 });
  await t.rejects(withFailure(shellWith('sh: bad').shell, 3, 'x'), { code: 'GUEST_READ' });
});

t.test('one of many workers has failed', async (t) => {
  t.equal(await hasFailedInWorkers(shellWith('3\n0\n3').shell, 3), true);
  t.equal(await hasFailedInWorkers(shellWith('3\n10\n3').shell, 3), false);
  t.equal(await hasFailedInWorkers(shellWith('').shell, 3), false);
});
