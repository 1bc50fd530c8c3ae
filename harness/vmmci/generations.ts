// The differences between releases of vmd, as data. A generation is named by the OpenBSD release that shipped
// it. Each fact names the file revision in which it was read; `bounded` means that the change lies between
// the two revisions named.

import * as feature from './features.js';

export interface Generation {
  readonly name: string;
  /** The low 32 bits of the host features register. */
  readonly features: number;
  /** The time that the guest has to acknowledge SHUTDOWN or REBOOT, in ms. */
  readonly ackMs: number;
  /** The time that the guest has to shut down after it acknowledged, in ms. */
  readonly gracefulMs: number;
  /** An acknowledgement starts the graceful timer only while a timer is pending, or always. */
  readonly gracefulStart: 'while-pending' | 'always';
  /** True if a read of ISR also lowers the interrupt line. */
  readonly isrReadLowersLine: boolean;
  /**
   * The fate of an interrupt that is raised while the guest's PIC masks it. QEMU's own PIC latches it, so
   * this rule applies between a signal and the UNMASK that answers it.
   */
  readonly maskedAssert: 'lost' | 'latched';
  /** `one-shot`: the line is looked at once per raise. `level`: also after each unmask while ISR is set. */
  readonly interrupt: 'one-shot' | 'level';
  /**
   * Where a write of 1 or 2 bytes into the middle of a dword of configuration space goes: into the low bytes
   * of the dword, or in place.
   */
  readonly configWrites: 'low-bytes' | 'in-place';
  /**
   * How far a read of byte n of a dword of configuration space shifts the dword: by 3n bits, or by 8n bits
   * (in place).
   */
  readonly configByteReads: 'shifted-by-3n' | 'in-place';
  /**
   * The effect of interrupt pin 0, if the guest writes it: it is only stored, or the device sends no more
   * interrupts.
   */
  readonly interruptPin: 'stored' | 'obeyed';
  /**
   * The interrupt that arrives for interrupts 8 to 15: the right one, or another, so that the guest misses
   * it.
   */
  readonly slavePic: 'another' | 'right';
  /** How the VM process ends when a timer expires. */
  readonly expiry: 'exit' | 'crash';
  /**
   * The devices in the slots before vmmci: entropy, then these two, then the CD-ROM. `legacy` is virtio 0.9,
   * `modern` virtio 1.
   */
  readonly siblings: {
    readonly order: readonly ['network', 'disk'] | readonly ['disk', 'network'];
    readonly virtio: 'legacy' | 'modern';
    readonly msix: boolean;
  };
  /** `vmctl stop -f`: the time between SIGTERM and SIGKILL in ms; `null` if the VM is terminated at once. */
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
  forcedStopGraceMs: null, // vmd vmm.c 1.91 (2019): terminate ioctl; assumed to be the same in 6.2
};

const v64: Generation = {
  ...v62,
  name: '6.4',
  gracefulMs: 30_000, // vmd virtio.h 1.34
  gracefulStart: 'while-pending', // vmd virtio.c 1.77
  isrReadLowersLine: true, // vmd virtio.c 1.75; bounded by 1.59 (2018-04), most likely with i8259.c 1.19 (2018-07)
  maskedAssert: 'lost', // vmd i8259.c 1.19
  interrupt: 'one-shot', // vmd i8259.c 1.19
  configByteReads: 'in-place', // vmd pci.c 1.27; already correct in 1.23 (6.3)
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
  // From 7.7 on the event thread sets the timer, a moment after the guest's OUT completes. No guest can see
  // the difference.
  gracefulStart: 'always', // vmd virtio.c 1.123; 1.122 still checked whether the timer is pending
  forcedStopGraceMs: null, // vmd vmm.c of 2025-01: terminate ioctl
};

const v78: Generation = {
  ...v77,
  name: '7.8',
  siblings: { order: ['network', 'disk'], virtio: 'modern', msix: false }, // vmd virtio.c 1.127
  expiry: 'crash', // vmd virtio.c 1.127: the timer's callback is registered with NULL and dereferences it
};

const v79: Generation = {
  ...v78,
  name: '7.9',
  configWrites: 'in-place', // bounded by pci.c 1.39 (7.8) and 1.42 (8.0); assumed to be as in the newer
  expiry: 'exit', // vmd virtio.c 1.137 (2026-04) registers it with an argument
  forcedStopGraceMs: null, // bounded by vmm.c of 2025-01 and 1.143 (2026-09); assumed to be as in the older
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

export const defaultGeneration: GenerationName = '8.0';
