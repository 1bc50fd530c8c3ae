// The guest of one scenario with its device: the counterpart of the VM process of vmd.

import { HarnessError } from '../base/errors.js';
import type { TraceSink } from '../base/trace.js';
import type { Device } from '../device/device.js';
import { syncGuestClock } from '../guest/clock.js';
import type { Shell } from '../guest/shell.js';
import { bootGuest, describeRemake, type Guest, restoreGuest } from '../guest/start.js';
import { type Disk, functionDevice, slots } from '../qemu/argv.js';
import type { QemuExit } from '../qemu/exit.js';
import { unplugFunction } from '../qemu/hot-plug.js';
import { linuxAddress } from '../qemu/layout.js';
import type { Environment } from '../run/environment.js';
import type { Kill } from '../vmd/host.js';
import type { GenerationName } from '../vmmci/generations.js';
import { makeDisks, makeVmdDisks } from './disks.js';
import { startDistro } from './distro.js';
import { type MachineOptions, machineOf, siblingsOf, unpacked } from './machine.js';
import { PostMortem } from './post-mortem.js';

export interface VmOptions extends MachineOptions {
  /** `distro`: Debian with systemd and the driver installed, instead of the small guest. */
  readonly guest?: 'initramfs' | 'distro' | undefined;
  readonly environment: Environment;
  readonly device: Device;
  /** The directory for the disks. */
  readonly directory: string;
  /** The directory above all sockets of functions; QEMU sees no other. */
  readonly sockets: string;
  /** A directory that QEMU may write to. */
  readonly shared?: string | undefined;
  readonly boot: 'restored' | 'cold';
  readonly generation: GenerationName;
  /** The function is present from the start. Otherwise the scenario plugs it in. */
  readonly plugged: boolean;
  /** The data disk has an ext4 file system. */
  readonly disk: boolean;
  /** The harness's own kernel modules are installed, too. */
  readonly helpers?: boolean | undefined;
  readonly trace: TraceSink;
}

export interface Vm extends Guest {
  /** The address of the function, as Linux writes it: `0000:00:05.0`. */
  readonly address: string;
  /** The data disk. Throws SCENARIO_LACKS if the machine has none. */
  data(): Disk;
  /** The disk with the driver's modules; undefined if they are part of the guest. */
  readonly payload: Disk | undefined;
  /** The reason for which vmd ended the VM, if it did. */
  kill(): Kill | undefined;
  readonly postMortem: PostMortem;
  /** From now on vmd's decision to end the VM is only noted, and the VM keeps running. */
  ignoreKills(): void;
  /** Pauses the VM like `vmctl pause`: the vCPUs stop, and so do vmd's checks of the host's clock. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Plugs a function in, by default in its usual slot. Resolves when the guest shows it. */
  plug(device?: Pick<Device, 'functionSocket'>, address?: string): Promise<void>;
  /** Asks the guest to release the function at 00:05.0. Resolves when it has. Throws GUEST_TIMEOUT. */
  unplug(): Promise<void>;
  /** Lets the guest boot again after a reset from now on, instead of ending it. */
  allowReset(): Promise<void>;
  /** Resolves when the guest answers again after a reset. */
  restarted(): Promise<void>;
  /** The output of the probes of an instrumented driver. */
  coverage(): Buffer;
  /** True if QEMU has ended. */
  hasEnded(): boolean;
  /** True if the guest was reset, which also cleared its kernel log. */
  hasRestarted(): boolean;
  /**
   * Waits until the guest or vmd ends the machine. Resolves with how it ended. Throws GUEST_TIMEOUT or
   * GUEST_PANIC.
   */
  ended(what: string, timeoutMs: number): Promise<QemuExit>;
}

/** A slot whose INTA shares the interrupt of 00:05.0: on PIIX3, slots four apart do. */
export const sharingAddress = linuxAddress(slots.function + 8);

const unplugMs = 10_000;
const bootMs = 60_000;

/**
 * The resource file is the last that the kernel creates for a device before it probes it
 * (pci_bus_add_device).
 */
const appeared = (shell: Shell, address: string): Promise<void> =>
  shell.await(`/sys/bus/pci/devices/${address}/resource0`, { what: `the function at ${address}` });

/** Starts the guest. Resolves when its clock is set to that of the host and it has detected the function. */
export const startVm = async (options: VmOptions): Promise<Vm> => {
  const { environment, device, directory, sockets, boot, plugged, disk, trace } = options;
  const { qemu } = environment;
  const functionSocket = plugged ? device.functionSocket : undefined;
  const { shared } = options;
  const binds = [{ path: sockets }, ...(shared === undefined ? [] : [{ path: shared, writable: true }])];
  const common = { qemu, binds, timers: environment.timers, trace };
  const distro =
    options.guest === 'distro'
      ? await startDistro({
          environment,
          directory,
          sockets,
          functionSocket,
          boot,
          cpus: options.cpus,
          trace,
        })
      : undefined;
  const siblings = distro ? undefined : siblingsOf(options, options.generation);
  const address = linuxAddress(siblings?.functionSlot ?? slots.function);
  const disks: readonly Disk[] =
    distro?.disks ??
    (siblings === undefined
      ? await makeDisks(environment, directory, { format: disk, helpers: options.helpers })
      : await makeVmdDisks(environment, directory, siblings));
  const { coverage } = environment.choice;
  const machine = distro?.machine ?? machineOf(environment, disks, { ...options, coverage }, siblings);
  const guest = distro
    ? distro.guest
    : boot === 'cold'
      ? await bootGuest({ ...common, machine: { ...unpacked(machine, environment), functionSocket } })
      : await restoreGuest({
          ...common,
          machine,
          functionSocket,
          onSnapshot: ({ reason, error }) =>
            trace({ kind: 'snapshot', reason, error: error && describeRemake(error) }),
        });
  const { qmp } = guest.machine;
  const written: Buffer[] = [];
  if (machine.coverage) guest.machine.channel('coverage').on('data', (bytes: Buffer) => written.push(bytes));

  const dumped = environment.choice.dump && shared !== undefined;
  const postMortem = new PostMortem(
    guest.machine,
    dumped ? { directory: shared, release: environment.kernel.release } : undefined,
  );
  let kill: Kill | undefined;
  let ignoresKills = false;
  device.onKill((decision) => {
    kill ??= decision;
    if (ignoresKills) return;
    // When the process of vmd ends, all acknowledged writes are in the image, since vioqcow2.c of vmd writes
    // its tables at once. QEMU keeps qcow2 tables in memory until the guest flushes, so SIGKILL would lose
    // more and sometimes leave unreferenced clusters. Its `quit` command loses nothing. QEMU may already have
    // ended.
    qmp.execute('quit').catch(() => void guest.machine.kill());
  });
  let gone = false;
  void guest.machine.exit.then(() => {
    gone = true;
  });
  let resets = 0;
  qmp.onEvent(({ event }) => {
    if (event !== 'RESET') return;
    resets += 1;
    guest.terminals.reset();
  });
  try {
    await postMortem.watch();
    if (boot === 'restored') {
      // The function was present before the restore, and the guest was not notified.
      if (plugged && siblings !== undefined)
        await guest.shell.output(['write-file', '/sys/bus/pci/rescan', '1']);
      if (plugged) await appeared(guest.shell, address);
      await syncGuestClock(guest.shell);
    }
  } catch (error) {
    // No other code has the guest yet to end it, and this process would not end as long as its QEMU runs.
    await guest.machine.kill();
    throw error;
  }
  return {
    ...guest,
    address,
    postMortem,
    payload: disks.find(({ name }) => name === 'payload'),
    data: () => {
      const data = disks.find(({ name }) => name === 'data');
      if (data === undefined) throw new HarnessError('SCENARIO_LACKS', { what: 'a data disk' });
      return data;
    },
    kill: () => kill,
    coverage: () => Buffer.concat(written),
    ignoreKills: () => {
      ignoresKills = true;
    },
    hasEnded: () => gone,
    hasRestarted: () => resets > 0,
    pause: async () => {
      device.host.pause();
      await qmp.execute('stop');
    },
    unpause: async () => {
      await qmp.execute('cont');
      device.host.unpause();
    },
    plug: async (plugging = device, at = address) => {
      const slot = at.slice('0000:00:'.length);
      const properties = functionDevice(plugging.functionSocket);
      const id = at === address ? properties.id : `function-${slot.slice(0, 2)}`;
      await qmp.execute('device_add', { ...properties, id, addr: slot });
      await appeared(guest.shell, at);
    },
    // A driver that does not release the function hangs in its remove; that is not a fault of QEMU.
    unplug: () =>
      guest.console.guard(unplugFunction(guest.machine, 2 * unplugMs), {
        what: 'removal of the function by the guest',
        timeoutMs: unplugMs,
      }),
    allowReset: async () => {
      await qmp.execute('set-action', { reboot: 'reset' });
    },
    restarted: () => guest.shell.ready(bootMs),
    ended: async (what, timeoutMs) => {
      const exit = await guest.console.waitExit({ what, timeoutMs });
      if (exit.shutdown === 'guest-reset') device.host.guestExit('reset');
      return exit;
    },
  };
};
