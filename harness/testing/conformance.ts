// What a guest can observe of vmd's control device, case by case: which tier asserts it, or why none can.
// From vmd's sources (virtio.c 1.54 … 1.153, pci.c 1.27 … 1.42, mc146818.c 1.18 … 1.34, i8259.c 1.19 … 1.23).

import { type GenerationName, generationNames } from '../vmmci/generations.js';

/**
 * `unit`: device and host without QEMU. `qtest`: through both sockets and QEMU, without a guest. `guest`: in
 * a Linux guest. `none`: no tier can express it.
 */
export type Tier = 'unit' | 'qtest' | 'guest' | 'none';

export interface Conformance {
  readonly generations: readonly GenerationName[];
  readonly given: string;
  readonly when: string;
  readonly outcome: string;
  readonly tier: Tier;
  /** The name of the scenario that asserts it; only for the tier `guest`. */
  readonly scenario?: string;
  /** Why no tier can express it; only for the tier `none`. */
  readonly reason?: string;
}

const all = generationNames;
const upTo = (last: GenerationName): readonly GenerationName[] => all.slice(0, all.indexOf(last) + 1);
const from = (first: GenerationName): readonly GenerationName[] => all.slice(all.indexOf(first));

const chosenByQemu = 'slots, interrupt numbers and port addresses are chosen by QEMU and its firmware';
const enforcedByQemu = 'QEMU enforces I/O enable and INTx disable itself, as hardware does';
const otherSlots = 'slots other than the function are served by QEMU';
const accumulator =
  'QEMU replaces AL alone on a byte read, as hardware does; EAX is out of reach of a device';
const picOfQemu = 'the interrupt controller is that of QEMU, which latches while masked';

// biome-ignore format: a row is read across
export const conformance = {
  T01: { generations: all, tier: 'qtest', given: 'cold start', when: 'config 0x00, 0x08, 0x2c are read', outcome: '0x07770b5d, 0x07800000, 0xffff0b5d' },
  T02: { generations: all, tier: 'qtest', given: 'cold start', when: 'config 0x34, status, 0x3d are read', outcome: '0, no capability bit, 1' },
  T03: { generations: all, tier: 'none', reason: chosenByQemu, given: 'entropy, one nic, one disk', when: 'the guest enumerates', outcome: '00:04.0, line 7, BAR0 0x4001; with a CD-ROM 00:05.0, line 9, 0x5001' },
  T04: { generations: all, tier: 'qtest', given: 'anything', when: 'ones are written to BAR0 and to BAR1', outcome: '0xfffff001; 0' },
  T05: { generations: all, tier: 'qtest', given: 'BAR0 moved to 0xc000', when: 'port 0xc000, then the old base is read', outcome: '7; ones' },
  T06: { generations: all, tier: 'none', reason: enforcedByQemu, given: 'command register 0, INTx disabled', when: 'features are read and a stop is sent', outcome: '7; the interrupt fires' },
  T07: { generations: upTo('7.8'), tier: 'qtest', given: 'dword 0x0c is 0', when: '0x40 is byte-written to config 0x0d', outcome: 'byte 0x0c is 0x40, 0x0d is 0' },
  T08: { generations: from('7.9'), tier: 'qtest', given: 'dword 0x0c is 0', when: '0x40 is byte-written to config 0x0d', outcome: 'byte 0x0d is 0x40' },
  T09: { generations: all, tier: 'none', reason: otherSlots, given: 'the first empty slot', when: 'dword 0 is read', outcome: '0 up to 7.7, ones from 7.8 on' },
  T10: { generations: all, tier: 'qtest', given: 'anything', when: 'offset 0 (32 bits) and 12 (16) are read', outcome: '7; 0' },
  T11: { generations: all, tier: 'qtest', given: 'guest features 0x80000007 written', when: 'offset 4 is read', outcome: '0x80000007, unmasked' },
  T12: { generations: all, tier: 'qtest', given: 'features 7, status 7, REBOOT pending, ISR 2', when: 'status 0 is written', outcome: 'status 0, features 7, ISR 2, command 2; the ack timer runs on' },
  T13: { generations: all, tier: 'unit', given: 'host time T', when: '+4, +8, +12, +16 are read (32 bits)', outcome: 'low 32 bits of the seconds; 0; microseconds; 0' },
  T14: { generations: all, tier: 'unit', given: 'no read of +4 yet', when: '+12 is read', outcome: '0' },
  T15: { generations: all, tier: 'unit', given: 'one read of +4, then 2 s pass', when: '+12 is read twice', outcome: 'the microseconds of the old sample, twice' },
  T16: { generations: all, tier: 'unit', given: 'a clock at x.999999, then (x+1).000001', when: '+4 is read before the change, +12 after', outcome: 'x and 999999' },
  T17: { generations: all, tier: 'qtest', given: 'seconds 0x5c7a1b2d', when: '+4 … +11 are read byte by byte', outcome: '2d 2d 2d 2d 00 00 00 00' },
  T18: { generations: all, tier: 'qtest', given: 'microseconds 0x1e240, latched', when: '+12 … +19 are read byte by byte', outcome: '40 40 40 40 00 00 00 00' },
  T19: { generations: all, tier: 'qtest', given: 'AL holds what was read last', when: 'a byte is read at +5, 21, 23, 0x100, 0xfff', outcome: 'AL as before' },
  T20: { generations: all, tier: 'none', reason: accumulator, given: 'EAX all ones, status 7', when: 'a byte is read at 18', outcome: 'EAX is 7' },
  T21: { generations: all, tier: 'qtest', given: 'ISR 2, notify latch 0', when: '32 bits are read at 16', outcome: '0; ISR still 2' },
  T22: { generations: all, tier: 'qtest', given: 'REBOOT pending', when: '+0 … +3 are read byte by byte', outcome: '02 02 02 02' },
  T23: { generations: all, tier: 'qtest', given: 'ISR 2', when: '19 is read twice', outcome: '2, then 0' },
  T24: { generations: from('6.4'), tier: 'qtest', given: 'an interrupt not yet taken', when: 'ISR is read', outcome: 'the line is lowered' },
  T25: { generations: ['6.2'], tier: 'qtest', given: 'an interrupt not yet taken', when: 'ISR is read', outcome: 'the line stays' },
  T26: { generations: all, tier: 'unit', given: 'DRIVER_OK clear', when: 'the host stops the VM', outcome: 'the VM ends at once, no interrupt' },
  T27: { generations: all, tier: 'unit', given: 'DRIVER_OK set', when: 'the host stops the VM', outcome: 'command 2, a config change; without an ack the VM ends after 3 s' },
  T28: { generations: all, tier: 'unit', given: 'a stop, 1 s ago', when: '2 is written to +0', outcome: 'command stays 2; the VM ends 30 s (up to 6.5) or 120 s later' },
  T29: { generations: all, tier: 'unit', given: 'REBOOT pending', when: '1 is written to +0', outcome: 'nothing; the ack timer runs on' },
  T30: { generations: all, tier: 'unit', given: 'no command', when: '1 is written to +0', outcome: 'the VM ends after 3 s; a reset before that restarts it' },
  T31: { generations: all, tier: 'unit', given: 'REBOOT pending and acknowledged', when: 'the host stops or sends REBOOT again', outcome: 'no interrupt, no timer set anew' },
  T32: { generations: all, tier: 'unit', given: 'anything', when: '7 is written to +0', outcome: 'no change' },
  // The watch compares two readings of the clock, 1 s apart, so the advance is a step plus that second.
  T33: { generations: all, tier: 'unit', given: 'SYNCRTC negotiated', when: 'the host clock advances by 6 s between two readings', outcome: 'command 3 within 1 s, a config change, no timer' },
  T34: { generations: all, tier: 'unit', given: 'SYNCRTC not negotiated', when: 'the host clock advances by 6 s between two readings', outcome: 'nothing' },
  T35: { generations: all, tier: 'unit', given: 'SYNCRTC negotiated', when: 'it advances by 5 s, or is set back by 60 s', outcome: 'nothing' },
  T36: { generations: all, tier: 'unit', given: 'SYNCRTC pending', when: 'the host clock jumps by 60 s again', outcome: 'no further interrupt' },
  T37: { generations: all, tier: 'unit', given: 'SYNCRTC pending', when: '3 is written to +0', outcome: 'command 0' },
  T38: { generations: all, tier: 'unit', given: 'REBOOT pending', when: '3 is written to +0', outcome: 'command 0, yet the ack timer ends the VM' },
  T39: { generations: all, tier: 'unit', given: 'command 2, its timer not pending', when: '2 is written to +0', outcome: 'no timer up to 7.4; the graceful timer from 7.7 on' },
  T40: { generations: all, tier: 'unit', given: 'SYNCRTC negotiated', when: 'the VM is paused for 10 s', outcome: 'one SYNCRTC, 1 s after the end of the pause' },
  T41: { generations: all, tier: 'unit', given: 'a stop, its ack timer running', when: 'the VM is paused', outcome: 'the VM ends when the timer does' },
  T42: { generations: ['6.4', '6.5', '7.3'], tier: 'none', reason: picOfQemu, given: 'the line masked in the PIC', when: 'SYNCRTC is sent, then the line unmasked', outcome: 'no interrupt; command 3' },
  T43: { generations: from('7.4'), tier: 'qtest', given: 'the line masked in the PIC', when: 'SYNCRTC is sent, then the line unmasked', outcome: 'an interrupt on unmask' },
  T44: { generations: ['8.0'], tier: 'qtest', given: 'a level interrupt whose handler does not read ISR', when: 'the interrupt ends', outcome: 'it is delivered again, until ISR is read' },
  T45: { generations: all, tier: 'unit', given: 'a stop, acknowledged', when: 'the guest resets', outcome: 'the VM stays down; without the stop it restarts' },
  T46: { generations: all, tier: 'unit', given: 'anything', when: 'the guest halts with interrupts off', outcome: 'the VM ends' },
  T47: { generations: all, tier: 'unit', given: 'host time T', when: 'read in the order +8 +4 +16 +12, and +4 +8 +12 +16', outcome: 'both give T' },
  T48: { generations: from('7.8'), tier: 'none', reason: otherSlots, given: 'entropy and control device', when: 'the revision of both is read', outcome: '1 and 0' },
} as const satisfies Record<string, Conformance>;

export type ConformanceId = keyof typeof conformance;
