// uio_pci_generic (in every kernel's package): takes any device that can say whether it interrupts, and counts that.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { shellWord } from '../base/text.js';
import type { Shell } from './shell.js';

/** Names of the modules, in no order. */
export const uioModules = ['uio', 'uio_pci_generic'] as const;

const driver = 'uio_pci_generic';

/** Of the PCI command register. The driver sets it at each interrupt, and leaves it to others to clear it. */
const interruptDisable = 0x400;

/** Of the same. The driver leaves it off; QEMU 11.1 takes DRIVER_OK back from a virtio device that has it off. */
const busMaster = 0x4;

export interface Uio {
  /** Interrupts that the kernel took since the device was bound. */
  interrupts(): Promise<number>;
  /** Resolves once there have been `count`. GUEST_TIMEOUT when there are not. */
  waitInterrupts(count: number): Promise<void>;
  /** The driver masks the device at each interrupt: takes that back. */
  unmask(): Promise<void>;
}

/**
 * Binds the PCI device at `address` to uio_pci_generic, away from the driver it has; memory and bus mastering are on then. `files` are those modules on the host,
 * `.ko` or `.ko.xz`, in the order to load them. GUEST_COMMAND.
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
  /** Changes the PCI command register. */
  const command = async (next: (now: number) => number): Promise<void> => {
    const { stdout } = await shell.run(`head -c 6 ${device}/config | tail -c 2`);
    const value = next(stdout.readUInt16LE(0));
    const octal = [value & 0xff, value >> 8].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    await shell.text(
      `printf '${octal}' | dd of=${device}/config bs=2 seek=2 count=1 conv=notrunc status=none`,
    );
  };
  await command((now) => now | busMaster);
  const count = `awk '$NF == "${driver}" { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts`;
  return {
    interrupts: async () => Number(await shell.text(count)),
    waitInterrupts: async (wanted) => {
      const what = `interrupt ${wanted} of ${address}`;
      await shell.text(`until [ "$(${count})" -ge ${wanted} ]; do usleep 1000; done`, { what });
    },
    unmask: () => command((now) => now & ~interruptDisable),
  };
};
