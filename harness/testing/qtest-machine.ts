// A machine without a CPU, which tests drive access by access, and into which one function after another is
// plugged.

import { join } from 'node:path';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { type MachineDescription, slots } from '../qemu/argv.js';
import { findQemu } from '../qemu/find.js';
import { plugFunction } from '../qemu/hot-plug.js';
import { startQemu } from '../qemu/process.js';
import { realTimers } from '../qemu/timers.js';
import { currentChoice } from '../run/current-choice.js';
import { privateDirectory } from '../socket/private-directory.js';
import { Qtest, type Width } from './qtest.js';

/** Where tests put BAR0 of the function, in I/O space: what vmd gives the first device. */
export const functionPort = 0x1000;

/** Where tests have the function's INTA arrive. */
export const functionLine = 10;

/** The ISA bridge, in whose configuration space the PCI interrupt wires are given their lines (PIIX3). */
const isaBridge = 1;
/** INTA of slot 5 is on the first of four wires. */
const wireRegister = 0x60;

/**
 * The ACPI hot-plug registers (QEMU 11.1, docs/specs/acpi_pci_hotplug): bus, and slots that the guest has let
 * go.
 */
const ejectBus = 0xae10;
const ejectSlots = 0xae08;

const enableIo = 0x1;
const enableMaster = 0x4;

/** Long beyond what a removal takes, in ms. */
const removalMs = 5000;

export interface QtestMachine {
  readonly qtest: Qtest;
  /** Sockets of functions go somewhere below this directory: QEMU sees nothing else. */
  readonly directory: string;
  /** Plugs the function at `socket` in, and wires it. */
  plug(socket: string): Promise<void>;
  /** What firmware does: BAR0 at `functionPort`, I/O and bus mastering on, INTA on `functionLine`. */
  wire(): Promise<void>;
  /** The last of these alone. */
  wireInterrupt(): Promise<void>;
  /** Pulls it out. QEMU has let its socket go when it resolves. */
  unplug(): Promise<void>;
  /**
   * `system_reset`: everything in the machine as after power-on; the function is there and wired to nothing.
   */
  reset(): Promise<void>;
  readConfig(offset: number, width: Width): Promise<number>;
  writeConfig(offset: number, width: Width, value: number): Promise<void>;
  stop(): Promise<void>;
}

/** What a machine has besides; `directory` is for the sockets that it needs from the start. */
export type Extras = (directory: string) => Promise<Partial<MachineDescription>>;

/**
 * Starts it with the QEMU that `--qemu` chose, else the tool root's, which must be there. Throws what the
 * parts throw.
 */
export const startQtestMachine = async (extras: Extras = async () => ({})): Promise<QtestMachine> => {
  const root = await ensureToolRoot();
  const qemu = await findQemu({ path: currentChoice().qemu, root });
  const privateFiles = privateDirectory();
  const machine = await startQemu({
    qemu,
    machine: { accelerator: 'qtest', memory: 16, cpus: 1, ...(await extras(privateFiles.path)) },
    binds: [{ path: privateFiles.path }],
    timers: realTimers,
  });
  const qtest = new Qtest(machine.channel('qtest'));
  await qtest.interceptIrqs('ioapic');
  await machine.qmp.execute('set-action', { reboot: 'reset' });
  const { function: slot } = slots;
  const wireInterrupt = () => qtest.configWrite(isaBridge, wireRegister, 1, functionLine);
  const wire = async (): Promise<void> => {
    await qtest.configWrite(slot, 0x10, 4, functionPort);
    await qtest.configWrite(slot, 0x04, 2, enableIo | enableMaster);
    await wireInterrupt();
  };
  return {
    qtest,
    directory: join(privateFiles.path, 'functions'),
    plug: async (socket) => {
      await plugFunction(machine, socket);
      await wire();
    },
    wire,
    wireInterrupt,
    unplug: async () => {
      const gone = machine.qmp.waitEvent('DEVICE_DELETED', {
        ms: removalMs,
        accept: ({ device }) => device === 'function',
      });
      gone.catch(() => {}); // whoever awaits it below has the rejection
      await machine.qmp.execute('device_del', { id: 'function' });
      await qtest.out(ejectBus, 4, 0);
      await qtest.out(ejectSlots, 4, 1 << slot);
      await gone;
    },
    reset: async () => {
      const done = machine.qmp.waitEvent('RESET', { ms: removalMs });
      done.catch(() => {});
      await machine.qmp.execute('system_reset');
      await done;
    },
    readConfig: (offset, width) => qtest.configRead(slot, offset, width),
    writeConfig: (offset, width, value) => qtest.configWrite(slot, offset, width, value),
    stop: async () => {
      await machine.kill();
      privateFiles.remove();
    },
  };
};
