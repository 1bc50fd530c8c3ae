// Follows what happens to a guest: its resets, its end, and vmd's decision to end it.

import type { Device } from '../device/device.js';
import type { Guest } from '../guest/start.js';
import type { Kill } from '../vmd/host.js';

export class VmLife {
  #kill: Kill | undefined;
  #ignoresKills = false;
  #hasEnded = false;
  #hasRestarted = false;

  constructor({ machine, terminals }: Guest, device: Device) {
    device.onKill((decision) => {
      this.#kill ??= decision;
      if (this.#ignoresKills) return;
      // When the process of vmd ends, all acknowledged writes are in the image, since vioqcow2.c of vmd
      // writes its tables at once. QEMU keeps qcow2 tables in memory until the guest flushes, so SIGKILL
      // would lose more and sometimes leave unreferenced clusters. Its `quit` command loses nothing. QEMU may
      // already have ended.
      machine.qmp.execute('quit').catch(() => void machine.kill());
    });
    void machine.exit.then(() => {
      this.#hasEnded = true;
    });
    machine.qmp.onEvent(({ event }) => {
      if (event !== 'RESET') return;
      this.#hasRestarted = true;
      terminals.reset();
    });
  }

  /** The reason for which vmd ended the VM, if it did. */
  get kill(): Kill | undefined {
    return this.#kill;
  }

  /** From now on vmd's decision to end the VM is only noted. */
  ignoreKills(): void {
    this.#ignoresKills = true;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get hasRestarted(): boolean {
    return this.#hasRestarted;
  }
}
