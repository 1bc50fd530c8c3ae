// The device as vmd's VM process holds it: config area, features, status, pending command and the kill timer.
// ISR and the interrupt line belong to the PCI function, which is told of config changes.

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
 * What became of a request. `sent`: stored and signalled. `unchanged`: it is pending already; nothing
 * happened.
 */
export type RequestResult = 'sent' | 'unchanged' | 'no-driver' | 'not-negotiated';

/** A timer ran out, so vmd ends the VM. `request` is what the VM process tells its parent. */
export interface Expiry {
  readonly timer: TimerName;
  readonly request: 'REBOOT' | 'SHUTDOWN';
  readonly outcome: 'exit' | 'crash';
}

export interface DeviceState {
  readonly command: CommandName;
  readonly status: number;
  readonly guestFeatures: number;
  readonly hostFeatures: number;
  /** Microseconds since the epoch; null before the first sample. */
  readonly lastSample: bigint | null;
  readonly timers: readonly TimerState[];
  /** Writes that acknowledged a request. */
  readonly acks: number;
  /** Config-change interrupts asked for. */
  readonly configChanges: number;
}

const WORD = 4;
const NO_REGISTER = Buffer.alloc(0);
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
  /** What a read gives, by the offset in the config area at which it starts. */
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
      // Both high halves are shifted left, not right, and cut to 32 bits: 0 in every vmd (virtio.c 1.54 …
      // 1.153).
      [secondsHigh.offset - CONFIG_OFFSET, () => 0],
      [microsecondsHigh.offset - CONFIG_OFFSET, () => 0],
    ]);
  }

  /** The features that the generation offers, 32 bits. */
  get hostFeatures(): number {
    return this.#generation.features;
  }

  /**
   * Reads `size` bytes of the register that starts at `offset`: its low bytes, whatever its width. More than
   * 4 bytes are the registers that follow. Zero-length: no register starts there, or that many bytes end
   * beyond the last register, and nothing happened.
   * @internal
   */
  readConfig(offset: number, size: number): Buffer {
    if (!this.#reads.has(offset) || offset + size > CONFIG_SIZE) return NO_REGISTER;
    const words = Math.ceil(size / WORD);
    const data = Buffer.alloc(words * WORD);
    for (let at = 0; at < data.length; at += WORD)
      data.writeUInt32LE(this.#reads.get(offset + at)?.() ?? 0, at);
    return data.subarray(0, size);
  }

  /**
   * Writes from `offset` on, a dword at a time, the last zero-extended. The command is the only register that
   * takes a write, and it is the first: what follows it in a longer write has no effect.
   * @internal
   */
  writeConfig(offset: number, data: Buffer): void {
    if (offset + CONFIG_OFFSET !== registers.command.offset || data.length === 0) return;
    this.#ack(data.readUIntLE(0, Math.min(data.length, WORD)));
  }

  /** Stores the low 8 bits. 0 is no reset: nothing else changes (vmd virtio.c, every revision). @internal */
  setStatus(value: number): void {
    this.#status = value & 0xff;
    this.#trace({ kind: 'status', value: this.#status });
  }

  /** Stores the low 32 bits as they are: vmd masks nothing. @internal */
  setGuestFeatures(value: bigint): void {
    this.#guestFeatures = low32(value);
    this.#trace({ kind: 'features', value: this.#guestFeatures });
  }

  /**
   * Sets or clears DRIVER_OK, for a front-end that has negotiated features but has no way to tell the status.
   * @internal
   */
  driverUp(up = true): void {
    this.setStatus(up ? this.#status | status.DRIVER_OK : this.#status & ~status.DRIVER_OK);
  }

  /** The host asks for something: vmd's vmmci_ctl. A pending command of another name is overwritten. @internal */
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

  /** Back to cold: a VM that was reset is a new VM process. @internal */
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

  /** The config area has changed and the guest is to be interrupted. Returns what ends the listening. @internal */
  onConfigChange(listener: () => void): () => void {
    return this.#configChange.on(listener);
  }

  /** A timer ran out. The device goes on serving; to end the VM is the business of whoever owns it. @internal */
  onExpiry(listener: (expiry: Expiry) => void): () => void {
    return this.#expiry.on(listener);
  }

  /** The device is cold again, because the machine was reset. @internal */
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

  /** Takes the time, both halves at once. */
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
