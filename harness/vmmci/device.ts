// The device as vmd's VM process keeps it: config area, features, status, pending command and kill timer. ISR
// and the interrupt line belong to the PCI function, which listens for config changes.

import { noTrace, type TraceSink } from '../base/trace.js';
import { acknowledges, decideAck } from './acks.js';
import type { DeviceClock } from './clock.js';
import { type Command, type CommandName, commandName, commands, type Request } from './commands.js';
import * as feature from './features.js';
import type { Generation } from './generations.js';
import { microsecondsOf, secondsOf } from './instant.js';
import { KillTimer, type TimerName, type TimerState } from './kill-timer.js';
import { CONFIG_OFFSET, CONFIG_SIZE, registers, status } from './registers.js';
import type { Scheduler } from './scheduler.js';
import { signal } from './signal.js';

/**
 * The result of a request. `sent`: stored and signalled. `unchanged`: it is already pending, so nothing
 * happened. `no-driver`: DRIVER_OK is not set. `not-negotiated`: the guest has not accepted SYNCRTC.
 */
export type RequestResult = 'sent' | 'unchanged' | 'no-driver' | 'not-negotiated';

/** A timer expired, so vmd ends the VM. `request` is what the VM process sends to its parent. */
export interface Expiry {
  readonly timer: TimerName;
  readonly request: 'REBOOT' | 'SHUTDOWN';
  readonly outcome: 'exit' | 'crash';
}

export interface DeviceState {
  /** The command register. */
  readonly command: CommandName;
  /** The device status that the guest has written. */
  readonly status: number;
  /** The features that the guest has accepted, 32 bits. */
  readonly guestFeatures: number;
  /** The features that the device offers, 32 bits. */
  readonly hostFeatures: number;
  /** Microseconds since the epoch; `null` before the first sample. */
  readonly lastSample: bigint | null;
  /** The running timers; empty if none runs. */
  readonly timers: readonly TimerState[];
  /** The number of writes that acknowledged a request. */
  readonly acks: number;
  /** The number of config-change interrupts requested. */
  readonly configChanges: number;
}

const wordBytes = 4;
const noRegister = Buffer.alloc(0);
const low32 = (value: bigint): number => Number(BigInt.asUintN(32, value));

export interface DeviceOptions {
  readonly generation: Generation;
  readonly clock: DeviceClock;
  readonly scheduler: Scheduler;
  readonly trace?: TraceSink;
}

export class Vmmci {
  readonly #generation: Generation;
  readonly #clock: DeviceClock;
  readonly #trace: TraceSink;
  readonly #timer: KillTimer;
  readonly #configChange = signal<void>();
  readonly #expiry = signal<Expiry>();
  readonly #wasReset = signal<void>();
  /** Reads the register that starts at this offset of the config area. */
  readonly #reads: ReadonlyMap<number, () => number>;

  #command: Command = commands.NONE;
  #status = 0;
  #guestFeatures = 0;
  #sample: bigint | null = null;
  #acks = 0;
  #configChanges = 0;

  /** @internal */
  constructor({ generation, clock, scheduler, trace = noTrace }: DeviceOptions) {
    this.#generation = generation;
    this.#clock = clock;
    this.#trace = trace;
    this.#timer = new KillTimer(scheduler, trace, (timer) => {
      const request = this.#command === commands.REBOOT ? 'REBOOT' : 'SHUTDOWN';
      this.#expiry.emit({ timer, request, outcome: generation.expiry });
    });
    const { command, secondsLow, secondsHigh, microsecondsLow, microsecondsHigh } = registers;
    this.#reads = new Map([
      [command.offset - CONFIG_OFFSET, () => this.#command],
      [secondsLow.offset - CONFIG_OFFSET, () => low32(secondsOf(this.#latch()))],
      [microsecondsLow.offset - CONFIG_OFFSET, () => low32(microsecondsOf(this.#sample ?? 0n))],
      // vmd shifts both high halves left instead of right and truncates to 32 bits, so they are 0 in every
      // vmd (virtio.c 1.54 … 1.153).
      [secondsHigh.offset - CONFIG_OFFSET, () => 0],
      [microsecondsHigh.offset - CONFIG_OFFSET, () => 0],
    ]);
  }

  /** The 32 feature bits that the generation offers. */
  get hostFeatures(): number {
    return this.#generation.features;
  }

  /**
   * Reads `size` bytes from the register that starts at `offset`: its low bytes first, and the registers that
   * follow if `size` is more than 4. Returns no bytes, and has no side effect, if no register starts there or
   * if the read extends beyond the last register. @internal
   */
  readConfig(offset: number, size: number): Buffer {
    if (!this.#reads.has(offset) || offset + size > CONFIG_SIZE) return noRegister;
    const words = Math.ceil(size / wordBytes);
    const data = Buffer.alloc(words * wordBytes);
    for (let at = 0; at < data.length; at += wordBytes)
      data.writeUInt32LE(this.#reads.get(offset + at)?.() ?? 0, at);
    return data.subarray(0, size);
  }

  /**
   * Writes dwords from `offset` on; the last one is zero-extended. The command is the only register that
   * takes a write, and it is the first, so later dwords have no effect. @internal
   */
  writeConfig(offset: number, data: Buffer): void {
    if (offset + CONFIG_OFFSET !== registers.command.offset || data.length === 0) return;
    this.#ack(data.readUIntLE(0, Math.min(data.length, wordBytes)));
  }

  /**
   * Stores the low 8 bits. Writing 0 is not a reset: nothing else changes (vmd virtio.c, every revision).
   * @internal
   */
  setStatus(value: number): void {
    this.#status = value & 0xff;
    this.#trace({ kind: 'status', value: this.#status });
  }

  /** Stores the low 32 bits; vmd masks none of them. @internal */
  setGuestFeatures(value: bigint): void {
    this.#guestFeatures = low32(value);
    this.#trace({ kind: 'features', value: this.#guestFeatures });
  }

  /**
   * Sets or clears DRIVER_OK for a front-end that has negotiated features but cannot send the status.
   * @internal
   */
  driverUp(up = true): void {
    this.setStatus(up ? this.#status | status.DRIVER_OK : this.#status & ~status.DRIVER_OK);
  }

  /** Sends a request of the host, as vmd's vmmci_ctl does. Overwrites another pending command. @internal */
  command(name: Request): RequestResult {
    const result = this.#admit(name);
    this.#trace({ kind: 'command', name, result });
    if (result !== 'sent') return result;
    this.#command = commands[name];
    if (name !== 'SYNCRTC') this.#timer.start('ack', this.#generation.ackMs);
    this.#configChanges += 1;
    this.#configChange.emit();
    return result;
  }

  /** Returns to the state after a cold start: a VM that was reset is a new VM process. @internal */
  reset(): void {
    this.#timer.cancel();
    this.#command = commands.NONE;
    this.#status = 0;
    this.#guestFeatures = 0;
    this.#sample = null;
    this.#acks = 0;
    this.#configChanges = 0;
    this.#wasReset.emit();
  }

  /**
   * Calls `listener` when the config area has changed and the guest must be interrupted, until the returned
   * function is called. @internal
   */
  onConfigChange(listener: () => void): () => void {
    return this.#configChange.on(listener);
  }

  /**
   * Calls `listener` when a timer expires. The device goes on serving; ending the VM is up to its owner.
   * @internal
   */
  onExpiry(listener: (expiry: Expiry) => void): () => void {
    return this.#expiry.on(listener);
  }

  /** Calls `listener` when the machine was reset. @internal */
  onReset(listener: () => void): () => void {
    return this.#wasReset.on(listener);
  }

  state(): DeviceState {
    return {
      command: commandName(this.#command) ?? 'NONE',
      status: this.#status,
      guestFeatures: this.#guestFeatures,
      hostFeatures: this.hostFeatures,
      lastSample: this.#sample,
      timers: this.#timer.state(),
      acks: this.#acks,
      configChanges: this.#configChanges,
    };
  }

  /** Samples seconds and microseconds together. */
  #latch(): bigint {
    const us = this.#clock.now();
    this.#sample = us;
    this.#trace({ kind: 'sample', us });
    return us;
  }

  #admit(name: Request): RequestResult {
    if ((this.#status & status.DRIVER_OK) === 0) return 'no-driver';
    if (this.#command === commands[name]) return 'unchanged';
    if (name === 'SYNCRTC' && (this.#guestFeatures & feature.SYNCRTC) === 0) return 'not-negotiated';
    return 'sent';
  }

  #ack(value: number): void {
    const effect = decideAck({
      stored: this.#command,
      value,
      timerPending: this.#timer.pending,
      generation: this.#generation,
    });
    this.#trace({ kind: 'ack', value, effect });
    if (acknowledges(effect)) this.#acks += 1;
    if (effect === 'guest-shutdown') this.#timer.start('ack', this.#generation.ackMs);
    if (effect === 'graceful') this.#timer.start('graceful', this.#generation.gracefulMs);
    if (effect === 'cleared') this.#command = commands.NONE;
  }
}
