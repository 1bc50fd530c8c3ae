// The guest of one scenario with its device: what vmd's VM process and its vCPUs are together.

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

export interface VmOptions extends MachineOptions {
  /** `distro`: Debian with systemd, the driver installed, instead of our own small one. */
  readonly guest?: 'initramfs' | 'distro' | undefined;
  readonly environment: Environment;
  readonly device: Device;
  /** Where the disks go. */
  readonly directory: string;
  /** Sockets of functions are somewhere below this directory: QEMU sees no other. */
  readonly sockets: string;
  readonly boot: 'restored' | 'cold';
  readonly generation: GenerationName;
  /** The function is there from the start; else the scenario plugs it in. */
  readonly plugged: boolean;
  /** The data disk holds an ext4. */
  readonly disk: boolean;
  readonly trace: TraceSink;
}

export interface Vm extends Guest {
  /** Where the function is, as Linux names it: `0000:00:05.0`. */
  readonly address: string;
  /** The data disk. SCENARIO_LACKS where the machine has none. */
  data(): Disk;
  /** What vmd decided to end the VM for, if it did. */
  kill(): Kill | undefined;
  /** `vmctl pause`: the vCPUs stand still, and so does the watch on the host's clock. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Plugs a function in; resolves when the guest shows it. At its own slot when no other address is given. */
  plug(device?: Pick<Device, 'functionSocket'>, address?: string): Promise<void>;
  /** Asks the guest to let the function at 00:05.0 go; resolves when it has. GUEST_TIMEOUT if it does not. */
  unplug(): Promise<void>;
  /** From now on a reset of the guest is not its end: it boots again. */
  allowReset(): Promise<void>;
  /** Resolves when a guest that went through a reset answers again. */
  restarted(): Promise<void>;
  /** QEMU is gone. */
  hasEnded(): boolean;
  /** The guest was reset, and its kernel log with it. */
  hasRestarted(): boolean;
  /** How the machine ended by itself, or by vmd's decision; waits for it. GUEST_TIMEOUT, GUEST_PANIC. */
  ended(what: string, timeoutMs: number): Promise<QemuExit>;
}

/** Another slot: its INTA is wired to the same interrupt as that of 00:05.0 (PIIX3: slots four apart share). */
export const sharingAddress = linuxAddress(slots.function + 8);

const unplugMs = 10_000;
const bootMs = 60_000;

/** The resource file is the last thing that the kernel adds for a device before it looks for a driver (pci_bus_add_device). */
const appeared = (shell: Shell, address: string): Promise<void> =>
  shell.await(`/sys/bus/pci/devices/${address}/resource0`, { what: `the function at ${address}` });

/** Starts the guest; its clock is the host's when it resolves, and it has seen the function if that is plugged in. */
export const startVm = async (options: VmOptions): Promise<Vm> => {
  const { environment, device, directory, sockets, boot, plugged, disk, trace } = options;
  const { qemu } = environment;
  const functionSocket = plugged ? device.functionSocket : undefined;
  const common = { qemu, binds: [{ path: sockets }], timers: environment.timers, trace };
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
      ? await makeDisks(environment, directory, { format: disk })
      : await makeVmdDisks(environment, directory, siblings));
  const machine = distro?.machine ?? machineOf(environment, disks, options, siblings);
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

  let kill: Kill | undefined;
  device.onKill((decision) => {
    kill ??= decision;
    // vmd's process ends, and what it had acknowledged to the guest is in the image: vmd keeps nothing of one in memory (vmd
    // vioqcow2.c writes its tables at once). QEMU keeps qcow2 tables until the guest flushes, so its sudden death would lose more, and
    // now and then leaves clusters that nothing refers to. Its `quit` loses none. It may be gone already.
    qmp.execute('quit').catch(() => void guest.machine.kill());
  });
  let gone = false;
  void guest.machine.exit.then(() => {
    gone = true;
  });
  let resets = 0;
  qmp.onEvent(({ event }) => {
    if (event === 'RESET') resets += 1;
  });
  if (boot === 'restored') {
    // There since before the restore, and not heard of by the guest.
    if (plugged && siblings !== undefined)
      await guest.shell.output(['write-file', '/sys/bus/pci/rescan', '1']);
    if (plugged) await appeared(guest.shell, address);
    await syncGuestClock(guest.shell);
  }
  return {
    ...guest,
    address,
    data: () => {
      const data = disks.find(({ name }) => name === 'data');
      if (data === undefined) throw new HarnessError('SCENARIO_LACKS', { what: 'a data disk' });
      return data;
    },
    kill: () => kill,
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
    // A driver that does not let go of the function hangs in its remove: no fault of QEMU.
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
