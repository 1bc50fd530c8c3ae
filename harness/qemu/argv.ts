// Describes a machine as data and makes its QEMU command line. Pure: reads no files.

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

/**
 * The byte streams between QEMU and the harness. Each is an inherited descriptor, so there is no path to race
 * for.
 */
export type ChannelName = 'console' | 'shell' | 'terminal' | 'qmp' | 'qtest' | 'coverage';

/** The descriptor of each channel in QEMU. 0 to 2 are standard input, output and error. */
export const channelDescriptors: Readonly<Record<ChannelName, number>> = {
  console: 3,
  shell: 4,
  qmp: 5,
  qtest: 6,
  coverage: 7,
  terminal: 8,
};

/** QEMU's generic virtio device, which a vhost-user backend implements: a modern PCI device at 00:05.0. */
export interface GenericDevice {
  /** The backend's socket. */
  socket: string;
  /**
   * The virtio device id that the guest sees. QEMU 11.1 accepts only the ids in its list and aborts on
   * others.
   */
  virtioId: number;
  /** Size of the device-specific configuration space in bytes. */
  configSize: number;
}

/** A file that backs the machine's memory. */
export interface MemoryFile {
  path: string;
  /**
   * `shared`: the guest writes to the file. `private`: the guest reads the file's pages and keeps its writes
   * to itself.
   */
  mapping: 'shared' | 'private';
}

export interface MachineDescription {
  accelerator: Accelerator;
  /** In mebibytes. */
  memory: number;
  /** Default: anonymous memory. */
  memoryFile?: MemoryFile | undefined;
  cpus: number;
  /** Size of TCG's cache of translated code in mebibytes (default: QEMU's). */
  translationCache?: number | undefined;
  /** A bzImage, or an ELF file with a PVH note. Absent only with `qtest`. */
  kernel?: string | undefined;
  initramfs?: string | undefined;
  parameters?: readonly string[] | undefined;
  disks?: readonly Disk[] | undefined;
  /**
   * The other devices of vmd's machine. If present, the function cannot be hot-plugged into the running
   * machine.
   */
  siblings?: Siblings | undefined;
  /** vfio-user socket of a function that is present from power-on. */
  functionSocket?: string | undefined;
  /** A generic virtio device, whose backend shares the machine's memory. */
  generic?: GenericDevice | undefined;
  /** Start of the emulated RTC, `YYYY-MM-DDTHH:MM:SS` in UTC (default: the host's time). */
  rtcBase?: string | undefined;
  /** Has a port that an instrumented driver writes its coverage to. */
  coverage?: boolean | undefined;
  /** Waits for a snapshot instead of starting the CPU. */
  incoming?: boolean | undefined;
}

type Accelerated = Pick<MachineDescription, 'translationCache'>;

const accelerators: Readonly<Record<Accelerator, (machine: Accelerated) => readonly string[]>> = {
  kvm: () => ['-accel', 'kvm', '-cpu', 'host'],
  tcg: ({ translationCache: size }) => [
    '-accel',
    size === undefined ? 'tcg' : `tcg,tb-size=${size}`,
    ...['-cpu', 'qemu64'],
  ],
  // Without this option, qtest logs every command to standard error.
  qtest: () => ['-accel', 'qtest', '-qtest-log', 'none'],
};

/** The I/O port of the coverage channel, one byte wide. Not 0x402, where the firmware writes, too. */
export const coveragePort = 0xe9;

const channelArguments: Readonly<Record<ChannelName, readonly string[]>> = {
  console: ['-serial', 'chardev:console'],
  shell: ['-serial', 'chardev:shell'],
  terminal: ['-serial', 'chardev:terminal'],
  qmp: ['-qmp', 'chardev:qmp'],
  qtest: ['-qtest', 'chardev:qtest'],
  coverage: ['-device', `isa-debugcon,iobase=${coveragePort},chardev=coverage`],
};

/**
 * The channels of a machine. The serial ports (log, shell, terminals for people) need a running CPU, which
 * qtest replaces. QEMU numbers the ports in this order.
 */
export const channelsOf = (machine: MachineDescription): readonly ChannelName[] =>
  machine.accelerator === 'qtest'
    ? ['qmp', 'qtest']
    : ['console', 'shell', 'terminal', 'qmp', ...(machine.coverage ? (['coverage'] as const) : [])];

/** The function's properties, in the form of `device_add` and `-device`. */
export const functionDevice = (socket: string, siblings?: Siblings): Record<string, unknown> => ({
  driver: 'vfio-user-pci',
  id: 'function',
  bus: rootBus(siblings),
  addr: functionAddress(siblings),
  socket: { type: 'unix', path: socket },
});

const memoryMappings = {
  shared: { share: true },
  // QEMU 8.2 separated `rom` from `readonly`. Without `rom: 'off'`, a read-only file makes read-only memory.
  private: { share: false, readonly: true, rom: 'off' },
} as const;

/** The memory backend; undefined if anonymous memory will do. */
const memoryBackend = ({
  memory,
  memoryFile,
  generic,
}: MachineDescription): Record<string, unknown> | undefined => {
  const common = { id: 'memory', size: memory * 2 ** 20 };
  if (memoryFile !== undefined) {
    const { path, mapping } = memoryFile;
    return { 'qom-type': 'memory-backend-file', ...common, 'mem-path': path, ...memoryMappings[mapping] };
  }
  // QEMU passes the guest's memory to every vhost-user backend as a descriptor, even if the backend does not
  // use it.
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

/**
 * Disks take the virtio properties of the siblings: in vmd's machine all devices have the same virtio
 * version.
 */
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

/** The arguments of QEMU, without the program name. */
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
  // Lets a kernel describe where its structures are in a dump of its memory.
  ...(machine.accelerator === 'qtest' ? [] : ['-device', JSON.stringify({ driver: 'vmcoreinfo' })]),
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
    { path: machine.memoryFile?.path, writable: machine.memoryFile?.mapping === 'shared' },
    { path: machine.functionSocket, writable: true },
    { path: machine.generic?.socket, writable: true },
  ].flatMap(({ path, writable }) => (path === undefined ? [] : [{ path, writable }])),
  ...(machine.disks ?? []).flatMap(filesOfDisk),
];
