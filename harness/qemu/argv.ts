// A machine as data, and the QEMU command line that makes it. Pure: no file is looked at.

import { type Disk, diskArguments, filesOfDisk } from './disk.js';
import {
  functionAddress,
  machineType,
  rootBus,
  type Siblings,
  siblingArguments,
  virtioProperties,
} from './layout.js';

export type { Disk } from './disk.js';
export { type Siblings, slots } from './layout.js';

export type Accelerator = 'kvm' | 'tcg' | 'qtest';

/** The byte streams between QEMU and us. Each is one inherited descriptor, so no path is ever raced for. */
export type ChannelName = 'console' | 'shell' | 'qmp' | 'qtest';

/** Descriptor of each channel in QEMU; 0 to 2 are the standard ones. */
export const channelDescriptors: Readonly<Record<ChannelName, number>> = {
  console: 3,
  shell: 4,
  qmp: 5,
  qtest: 6,
};

/** QEMU's generic virtio device, for which a vhost-user backend answers. A modern PCI device at 00:05.0. */
export interface GenericDevice {
  /** The backend's socket. */
  socket: string;
  /** The virtio id that the guest sees. QEMU 11.1 has a list of those it takes, and aborts on others. */
  virtioId: number;
  /** Bytes of device-specific configuration space. */
  configSize: number;
}

/** A file that is the machine's memory. */
export interface MemoryFile {
  path: string;
  /** `written`: the guest's writes go into the file. `copied`: its pages are read from the file and its writes are QEMU's own. */
  use: 'written' | 'copied';
}

export interface MachineDescription {
  accelerator: Accelerator;
  /** Mebibytes. */
  memory: number;
  /** Memory of QEMU's own when absent. */
  memoryFile?: MemoryFile | undefined;
  cpus: number;
  /** Mebibytes of translated code that TCG keeps before it begins anew; as many as it likes when absent. */
  translations?: number | undefined;
  /** A bzImage or an ELF with a PVH note; absent only with `qtest`. */
  kernel?: string | undefined;
  initramfs?: string | undefined;
  /** Kernel parameters. */
  parameters?: readonly string[] | undefined;
  disks?: readonly Disk[] | undefined;
  /** vmd's machine, with these devices. The function must be there from power-on, or from before the restore. */
  siblings?: Siblings | undefined;
  /** vfio-user socket of the function when it is there from power-on. */
  functionSocket?: string | undefined;
  /** Its backend shares the machine's memory. */
  generic?: GenericDevice | undefined;
  /** Start of the emulated RTC, `YYYY-MM-DDTHH:MM:SS` in UTC; the host's time when absent. */
  rtcBase?: string | undefined;
  /** Wait for a snapshot instead of starting the CPU. */
  incoming?: boolean | undefined;
}

type Accelerated = Pick<MachineDescription, 'translations'>;

const accelerators: Readonly<Record<Accelerator, (machine: Accelerated) => readonly string[]>> = {
  kvm: () => ['-accel', 'kvm', '-cpu', 'host'],
  tcg: ({ translations: size }) => [
    '-accel',
    size === undefined ? 'tcg' : `tcg,tb-size=${size}`,
    ...['-cpu', 'qemu64'],
  ],
  // Without the log option qtest writes every command to standard error.
  qtest: () => ['-accel', 'qtest', '-qtest-log', 'none'],
};

const channelArguments: Readonly<Record<ChannelName, readonly string[]>> = {
  console: ['-serial', 'chardev:console'],
  shell: ['-serial', 'chardev:shell'],
  qmp: ['-qmp', 'chardev:qmp'],
  qtest: ['-qtest', 'chardev:qtest'],
};

/** The channels that a machine has: a serial log and a shell need a running CPU, qtest replaces it. */
export const channelsOf = (machine: MachineDescription): readonly ChannelName[] =>
  machine.accelerator === 'qtest' ? ['qmp', 'qtest'] : ['console', 'shell', 'qmp'];

/** Properties of the function as `device_add` and `-device` take them. */
export const functionDevice = (socket: string, siblings?: Siblings): Record<string, unknown> => ({
  driver: 'vfio-user-pci',
  id: 'function',
  bus: rootBus(siblings),
  addr: functionAddress(siblings),
  socket: { type: 'unix', path: socket },
});

const memoryUses = {
  written: { share: true },
  // Its own option since QEMU 8.2: without `rom`, a file that is only read would be memory that is only read.
  copied: { share: false, readonly: true, rom: 'off' },
} as const;

/** What the memory is, where it is not just QEMU's own. */
const memoryBackend = ({
  memory,
  memoryFile,
  generic,
}: MachineDescription): Record<string, unknown> | undefined => {
  const common = { id: 'memory', size: memory * 2 ** 20 };
  if (memoryFile !== undefined) {
    const { path, use } = memoryFile;
    return { 'qom-type': 'memory-backend-file', ...common, 'mem-path': path, ...memoryUses[use] };
  }
  // A vhost-user backend is given the guest's memory as a descriptor, also one that has no use for it.
  return generic && { 'qom-type': 'memory-backend-memfd', ...common, share: true };
};

const memoryArguments = (machine: MachineDescription): string[] => {
  const backend = memoryBackend(machine);
  const size = ['-m', String(machine.memory)];
  return backend === undefined ? size : [...size, '-object', JSON.stringify(backend)];
};

const machineOption = (machine: MachineDescription): string =>
  [
    machineType(machine.siblings),
    ...(memoryBackend(machine) === undefined ? [] : ['memory-backend=memory']),
  ].join();

/** Disks and siblings are of one kind: vmd's own. */
const deviceArguments = ({ disks = [], siblings }: MachineDescription): string[] => {
  const virtio = siblings && virtioProperties(siblings);
  return [
    ...disks.flatMap((disk) => diskArguments(disk, rootBus(siblings), virtio)),
    ...(siblings === undefined ? [] : siblingArguments(siblings)),
  ];
};

const genericArguments = ({ socket, virtioId, configSize }: GenericDevice): string[] => [
  ...['-chardev', `socket,id=generic,path=${socket.replaceAll(',', ',,')}`],
  '-device',
  JSON.stringify({
    driver: 'vhost-user-test-device-pci',
    id: 'generic',
    bus: 'pci.0',
    addr: functionAddress(),
    chardev: 'generic',
    'virtio-id': virtioId,
    config_size: configSize,
  }),
];

const option = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [name, value];

/** QEMU's arguments, without the program's name. */
export const argv = (machine: MachineDescription): string[] => [
  ...['-machine', machineOption(machine)],
  ...accelerators[machine.accelerator](machine),
  ...memoryArguments(machine),
  ...['-smp', String(machine.cpus)],
  ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
  ...option('-rtc', machine.rtcBase === undefined ? undefined : `base=${machine.rtcBase}`),
  ...channelsOf(machine).flatMap((name) => [
    '-chardev',
    `socket,id=${name},fd=${channelDescriptors[name]}`,
    ...channelArguments[name],
  ]),
  ...deviceArguments(machine),
  ...option(
    '-device',
    machine.functionSocket === undefined
      ? undefined
      : JSON.stringify(functionDevice(machine.functionSocket, machine.siblings)),
  ),
  ...(machine.generic === undefined ? [] : genericArguments(machine.generic)),
  ...option('-kernel', machine.kernel),
  ...option('-initrd', machine.initramfs),
  ...option('-append', machine.parameters?.join(' ')),
  ...(machine.incoming ? ['-incoming', 'defer'] : []),
];

/** Every file that QEMU opens by path. */
export const filesOf = (machine: MachineDescription): { path: string; writable: boolean }[] => [
  ...[
    { path: machine.kernel, writable: false },
    { path: machine.initramfs, writable: false },
    { path: machine.memoryFile?.path, writable: machine.memoryFile?.use === 'written' },
    { path: machine.functionSocket, writable: true },
    { path: machine.generic?.socket, writable: true },
  ].flatMap(({ path, writable }) => (path === undefined ? [] : [{ path, writable }])),
  ...(machine.disks ?? []).flatMap(filesOfDisk),
];
