// A machine without a CPU. Tests make each access, and plug one function after another in.

import { join } from 'node:path';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { type MachineDescription, slots } from '../qemu/argv.js';
import { findQemu } from '../qemu/find.js';
import { plugFunction } from '../qemu/hot-plug.js';
import { startQemu } from '../qemu/process.js';
import { timersFor } from '../qemu/timers.js';
import { currentChoice } from '../run/current-choice.js';
import { privateDirectory } from '../socket/private-directory.js';
import { Qtest, type Width } from './qtest.js';

/** The I/O port of BAR0 in tests: the port that vmd assigns to its first device. */
export const functionPort = 0x1000;

/** The interrupt line of the function's INTA in tests. */
export const functionLine = 10;

/** The slot of the ISA bridge (PIIX3). Its configuration space maps PCI interrupts to lines. */
const isaBridge = 1;
/** The register for the first of four PCI interrupts, to which INTA of slot 5 is connected. */
const routeRegister = 0x60;

/**
 * The ACPI hot-plug registers (QEMU 11.1, docs/specs/acpi_pci_hotplug): the bus, and the slots that the guest
 * ejects.
 */
const ejectBus = 0xae10;
const ejectSlots = 0xae08;

const enableIo = 0x1;
const enableMaster = 0x4;

/** Upper bound for a removal in milliseconds. */
const removalMs = 5000;

export interface QtestMachine {
  readonly qtest: Qtest;
  /** The directory for the sockets of functions. QEMU sees no other. */
  readonly directory: string;
  /** Plugs the function at `socket` in, and configures it. */
  plug(socket: string): Promise<void>;
  /**
   * Configures the function as firmware does: BAR0 at `functionPort`, I/O and bus mastering on, INTA on
   * `functionLine`.
   */
  configure(): Promise<void>;
  /** Routes only the interrupt. */
  routeInterrupt(): Promise<void>;
  /** Unplugs the function. Resolves when QEMU has closed its socket. */
  unplug(): Promise<void>;
  /** Resets the machine to its state after power-on. The function stays plugged in, but is not configured. */
  reset(): Promise<void>;
  readConfig(offset: number, width: Width): Promise<number>;
  writeConfig(offset: number, width: Width, value: number): Promise<void>;
  stop(): Promise<void>;
}

/** Additions to the machine. `directory` is for the sockets that it needs at its start. */
export type Extras = (directory: string) => Promise<Partial<MachineDescription>>;

/** Starts the machine with the QEMU of `--qemu` or of the tool root. */
export const startQtestMachine = async (extras: Extras = async () => ({})): Promise<QtestMachine> => {
  const root = await ensureToolRoot();
  const qemu = await findQemu({ path: currentChoice().qemu, root });
  const privateFiles = privateDirectory();
  const machine = await startQemu({
    qemu,
    machine: { accelerator: 'qtest', memory: 16, cpus: 1, ...(await extras(privateFiles.path)) },
    binds: [{ path: privateFiles.path }],
    timers: timersFor(1),
  });
  const qtest = new Qtest(machine.channel('qtest'));
  await qtest.interceptIrqs('ioapic');
  await machine.qmp.execute('set-action', { reboot: 'reset' });
  const { function: slot } = slots;
  const routeInterrupt = () => qtest.configWrite(isaBridge, routeRegister, 1, functionLine);
  const configure = async (): Promise<void> => {
    await qtest.configWrite(slot, 0x10, 4, functionPort);
    await qtest.configWrite(slot, 0x04, 2, enableIo | enableMaster);
    await routeInterrupt();
  };
  return {
    qtest,
    directory: join(privateFiles.path, 'functions'),
    plug: async (socket) => {
      await plugFunction(machine, socket);
      await configure();
    },
    configure,
    routeInterrupt,
    unplug: async () => {
      const gone = machine.qmp.waitEvent('DEVICE_DELETED', {
        ms: removalMs,
        accept: ({ device }) => device === 'function',
      });
      // The await below gets the rejection.
      gone.catch(() => {});
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
