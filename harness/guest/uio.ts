// Binds a device to uio_pci_generic, which every kernel package has. It accepts any device with an interrupt
// status bit and counts the interrupts.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { shellWord } from '../base/text.js';
import { parseNumber, unexpectedText } from './guest-text.js';
import type { Shell } from './shell.js';

export const uioModules = ['uio', 'uio_pci_generic'] as const;

const driver = 'uio_pci_generic';

/** Bit of the PCI command register. The driver sets it at each interrupt and leaves clearing it to others. */
const COMMAND_INTERRUPT_DISABLE = 0x400;

/**
 * Bit of the PCI command register. The driver does not set it, and QEMU 11.1 clears DRIVER_OK of a virtio
 * device without it.
 */
const COMMAND_BUS_MASTER = 0x4;

export interface Uio {
  /** The number of interrupts that the kernel took since the device was bound. */
  interrupts(): Promise<number>;
  /** Resolves when there have been `count` interrupts. Rejects with GUEST_TIMEOUT. */
  waitInterrupts(count: number): Promise<void>;
  /** Unmasks the device, which the driver masks at each interrupt. */
  unmask(): Promise<void>;
}

/**
 * Unbinds the PCI device at `address` from its driver, binds it to uio_pci_generic, and enables memory
 * accesses and bus mastering. `files` are the `uioModules` on the host, `.ko` or `.ko.xz`, in load order.
 * Rejects with GUEST_COMMAND.
 */
export const bindUio = async (shell: Shell, address: string, files: readonly string[]): Promise<Uio> => {
  for (const file of files) {
    const path = `/tmp/${basename(file)}`;
    await shell.put(path, await readFile(file));
    if (path.endsWith('.xz')) await shell.text(`unxz ${shellWord(path)}`);
    await shell.text(`insmod ${shellWord(path.replace(/\.xz$/, ''))}`);
  }
  const device = `/sys/bus/pci/devices/${address}`;
  await shell.text(`if [ -e ${device}/driver ]; then echo ${address} >${device}/driver/unbind; fi
echo ${driver} >${device}/driver_override
echo ${address} >/sys/bus/pci/drivers/${driver}/bind`);
  const changeCommandRegister = async (change: (value: number) => number): Promise<void> => {
    const { stdout } = await shell.run(`head -c 6 ${device}/config | tail -c 2`);
    if (stdout.length !== 2) throw unexpectedText('command register', '2 bytes', `${stdout.length} bytes`);
    const value = change(stdout.readUInt16LE(0));
    const octal = [value & 0xff, value >> 8].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    await shell.text(
      `printf '${octal}' | dd of=${device}/config bs=2 seek=2 count=1 conv=notrunc status=none`,
    );
  };
  await changeCommandRegister((value) => value | COMMAND_BUS_MASTER);
  const count = `awk '$NF == "${driver}" { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts`;
  return {
    interrupts: async () => parseNumber(`interrupts of ${driver}`, await shell.text(count)),
    waitInterrupts: async (wanted) => {
      const what = `interrupt ${wanted} of ${address}`;
      await shell.text(`until [ "$(${count})" -ge ${wanted} ]; do usleep 1000; done`, { what });
    },
    unmask: () => changeCommandRegister((value) => value & ~COMMAND_INTERRUPT_DISABLE),
  };
};
