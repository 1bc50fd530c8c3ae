// What differs from one vmd to the next, as data. A generation is named by the OpenBSD release that shipped
// it. Facts are dated by the file revision they were read in. Where a revision between two that were read is
// missing, the cell says so: `bounded` means the change lies between the two revisions named.

import * as feature from './features.js';

export interface Generation {
  readonly name: string;
  /** The low 32 bits of the host features register. */
  readonly features: number;
  /** How long the guest has to acknowledge SHUTDOWN or REBOOT, in ms. */
  readonly ackMs: number;
  /** How long the guest has to go down after it acknowledged, in ms. */
  readonly gracefulMs: number;
  /** Whether an acknowledgement starts the graceful timer only while a timer is pending, or always. */
  readonly gracefulStart: 'while-pending' | 'always';
  /** Whether a read of ISR lowers the interrupt line besides clearing ISR. */
  readonly isrReadLowersLine: boolean;
  /**
   * What becomes of an interrupt raised while the guest's PIC masks it. QEMU's own PIC latches, but between a
   * signal and the UNMASK that answers it this holds.
   */
  readonly maskedAssert: 'lost' | 'latched';
  /** Whether the line is looked at once per raise, or again after each unmask while ISR is set. */
  readonly interrupt: 'one-shot' | 'level';
  /**
   * Where a write of 1 or 2 bytes to configuration space goes that begins within a dword: to its low bytes,
   * or in place.
   */
  readonly configWrites: 'low-bytes' | 'in-place';
  /** How far a read of 1 byte at byte n of a dword in configuration space shifts it: 3n bits, or 8n. */
  readonly configByteReads: 'shifted-by-3n' | 'in-place';
  /** Whether interrupt pin 0, written by the guest, silences the device. */
  readonly interruptPin: 'stored' | 'obeyed';
  /** What an interrupt 8 to 15 raises: itself, or another, so that the guest misses it. */
  readonly slavePic: 'another' | 'right';
  /** How the VM process ends when a timer expires. */
  readonly expiry: 'exit' | 'crash';
  /**
   * The devices in the slots before this one: entropy, then these two, then the CD-ROM. They are virtio 0.9,
   * or virtio 1.
   */
  readonly siblings: {
    readonly order: readonly ['network', 'disk'] | readonly ['disk', 'network'];
    readonly virtio: 'legacy' | 'modern';
    readonly msix: boolean;
  };
  /** `vmctl stop -f`: ms between SIGTERM and SIGKILL, or null where the VM is terminated at once. */
  readonly forcedStopGraceMs: number | null;
}

const ALL_FEATURES = feature.TIMESYNC | feature.ACK | feature.SYNCRTC;

const v62: Generation = {
  name: '6.2',
  features: ALL_FEATURES, // vmd virtio.c 1.54, virtio.h 1.20
  ackMs: 3_000, // vmd virtio.h 1.20, VMMCI_TIMEOUT
  gracefulMs: 30_000, // vmd virtio.h 1.20, VMMCI_SHUTDOWN_TIMEOUT
  gracefulStart: 'while-pending', // vmd virtio.c 1.54
  isrReadLowersLine: false, // vmd virtio.c 1.54 and 1.59
  maskedAssert: 'lost', // vmd i8259.c 1.15
  interrupt: 'one-shot', // vmd i8259.c of 2016: the PIC clears IRR when it acknowledges
  configWrites: 'low-bytes', // vmd pci.c 1.22
  configByteReads: 'shifted-by-3n', // vmd pci.c 1.15 to 1.22
  interruptPin: 'stored', // vmd pci.c 1.22
  slavePic: 'another', // vmd i8259.c 1.15: the wrong bits of the slave, so that 9 raises 8
  expiry: 'exit', // vmd virtio.c 1.54
  siblings: { order: ['disk', 'network'], virtio: 'legacy', msix: false }, // vmd virtio.c 1.54
  forcedStopGraceMs: null, // vmd vmm.c 1.91 (2019): terminate ioctl; taken as there
};

const v64: Generation = {
  ...v62,
  name: '6.4',
  gracefulMs: 30_000, // vmd virtio.h 1.34
  gracefulStart: 'while-pending', // vmd virtio.c 1.77
  isrReadLowersLine: true, // vmd virtio.c 1.75; bounded by 1.59 (2018-04), most likely with i8259.c 1.19 (2018-07)
  maskedAssert: 'lost', // vmd i8259.c 1.19
  interrupt: 'one-shot', // vmd i8259.c 1.19
  configByteReads: 'in-place', // vmd pci.c 1.27; 1.23 (6.3) has it right already
  slavePic: 'right', // vmd i8259.c 1.19
  forcedStopGraceMs: null, // vmd vmm.c 1.91
};

const v65: Generation = {
  ...v64,
  name: '6.5',
  siblings: { order: ['network', 'disk'], virtio: 'legacy', msix: false }, // vmd virtio.c 1.77
};

const v73: Generation = {
  ...v65,
  name: '7.3',
  gracefulMs: 120_000, // vmd virtio.h 1.45; bounded by 1.35.6.1 (2021-05)
  gracefulStart: 'while-pending', // vmd virtio.c 1.102
  maskedAssert: 'lost', // vmd i8259.c 1.21
};

const v74: Generation = {
  ...v73,
  name: '7.4',
  maskedAssert: 'latched', // vmd i8259.c 1.22 (2023-09)
};

const v77: Generation = {
  ...v74,
  name: '7.7',
  // From here on the event thread sets the timer, a moment after the guest's OUT completes. No guest can
  // tell.
  gracefulStart: 'always', // vmd virtio.c 1.123; 1.122 still asked whether the timer is pending
  forcedStopGraceMs: null, // vmd vmm.c of 2025-01: terminate ioctl
};

const v78: Generation = {
  ...v77,
  name: '7.8',
  siblings: { order: ['network', 'disk'], virtio: 'modern', msix: false }, // vmd virtio.c 1.127
  expiry: 'crash', // vmd virtio.c 1.127: the timer's callback is registered with NULL and follows it
};

const v79: Generation = {
  ...v78,
  name: '7.9',
  configWrites: 'in-place', // bounded by pci.c 1.39 (7.8) and 1.42 (8.0); taken as the newer
  expiry: 'exit', // vmd virtio.c 1.137 (2026-04): the argument is there
  forcedStopGraceMs: null, // bounded by vmm.c of 2025-01 and 1.143 (2026-09); taken as the older
};

const v80: Generation = {
  ...v79,
  name: '8.0',
  features: ALL_FEATURES, // vmd virtio.c 1.153
  ackMs: 3_000, // vmd virtio.h 1.66, VMMCI_TIMEOUT_SHORT
  gracefulMs: 120_000, // vmd virtio.h 1.66, VMMCI_TIMEOUT_LONG
  gracefulStart: 'always', // vmd virtio.c 1.153
  isrReadLowersLine: true, // vmd virtio.c 1.153
  maskedAssert: 'latched', // vmd i8259.c 1.22 and later
  interrupt: 'level', // vmd i82093aa.c 1.3: EOI delivers again while the pin is high
  configWrites: 'in-place', // vmd pci.c 1.42
  interruptPin: 'obeyed', // vmd pci.c 1.42
  siblings: { order: ['network', 'disk'], virtio: 'modern', msix: true }, // vmd virtio.c 1.153, pci.c 1.42
  expiry: 'exit', // vmd virtio.c 1.153
  forcedStopGraceMs: 10_000, // vmd vmm.c 1.143: SIGTERM, SIGKILL after 10 s
};

export const generations = {
  '6.2': v62,
  '6.4': v64,
  '6.5': v65,
  '7.3': v73,
  '7.4': v74,
  '7.7': v77,
  '7.8': v78,
  '7.9': v79,
  '8.0': v80,
} as const satisfies Record<string, Generation>;

export type GenerationName = keyof typeof generations;

/** Oldest first. */
export const generationNames = Object.keys(generations) as readonly GenerationName[];

export const DEFAULT_GENERATION: GenerationName = '8.0';

/** Whether a caller's word names a generation. */
export const isGenerationName = (name: string): name is GenerationName => Object.hasOwn(generations, name);
