// Replays recorded replies of vmd's register handlers against the device and the function in front of it.

import t from 'tap';
import { Trace } from '../base/trace.js';
import { directFrontEnd } from '../bench/direct-front-end.js';
import { PciFunction } from '../pci/function.js';
import {
  type Changes,
  changesOf,
  type Operation,
  readTranscripts,
  type Sequence,
} from '../testing/vmd-transcripts.js';
import { region } from '../vfio-user/info.js';
import { Host } from '../vmd/host.js';
import { commands, type Request } from '../vmmci/commands.js';
import { Vmmci } from '../vmmci/device.js';
import { type Generation, generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';

const { '6.2': v62, '6.5': v65, '7.4': v74 } = generations;

/**
 * The generation of each recorded revision. A revision between two generations equals the earlier one, except
 * for the given fields.
 */
const generationOf: Readonly<Record<string, Generation>> = {
  ...generations,
  '6.3': { ...v62, configByteReads: 'in-place', slavePic: 'right' },
  '6.7': v65,
  '7.5': v74,
  '7.6': v74,
};

/** Sequences that cannot be replayed behind QEMU, or that QEMU answers itself. */
const notReplayable: readonly [reason: string, is: (sequence: Sequence) => boolean][] = [
  ['upper bits of EAX, which devices do not see', ({ ops }) => ops.some(([name]) => name === 'write-eax')],
  ['ports outside the BAR', ({ ops }) => ops.some(([name]) => name === 'in')],
  [
    'an interrupt that the guest moves, which is the job of the chipset in QEMU',
    ({ revision, name }) => revision === '8.0' && name === 'config/interrupt-line',
  ],
];

const INTERRUPT_PIN = 0x3d;

const littleEndian = (value: number, width: number): Buffer => {
  const data = Buffer.alloc(width);
  data.writeUIntLE(value, 0, width);
  return data;
};

/** The VM of the transcripts: vmmci in slot 4. */
class Vm {
  readonly trace = new Trace();
  readonly ends: Changes['end'][] = [];
  readonly #scheduler = new VirtualScheduler();
  readonly #device: Vmmci;
  readonly #host: Host;
  readonly #pci: PciFunction;
  readonly #generation: Generation;
  readonly #runs: boolean;
  #offset: bigint;

  constructor({ clock: kind, start }: Sequence, generation: Generation) {
    this.#generation = generation;
    this.#runs = kind === 'running';
    this.#offset = BigInt(start);
    const clock = { now: () => this.#offset + this.#elapsed(), spec: kind };
    const shared = { generation, clock, scheduler: this.#scheduler };
    this.#device = new Vmmci(shared);
    this.#host = new Host({ ...shared, device: this.#device });
    this.#device.onExpiry(({ outcome, request }) =>
      this.ends.push({ why: 'timer', how: outcome, ...(outcome === 'exit' && { report: request }) }),
    );
    this.#host.onKill(({ reason, outcome }) => {
      if (reason === 'no-driver') this.ends.push({ why: reason, how: outcome });
    });
    const eventfds = { signal: () => {}, close: () => {} };
    this.#pci = new PciFunction({ generation, trace: this.trace.sink, eventfds });
  }

  async start(): Promise<void> {
    await this.#pci.attach(directFrontEnd(this.#device));
    await this.#pci.write(region.CONFIG, 0x10, littleEndian(0x4001, 4)); // ports and interrupt of slot 4
    await this.#pci.write(region.CONFIG, 0x3c, littleEndian(7, 1));
  }

  #elapsed(): bigint {
    return this.#runs ? BigInt(this.#scheduler.now()) * 1000n : 0n;
  }

  /** The value read, or null if there is no register; `undefined` if the operation reads nothing. */
  async perform([name, first, second, value]: Operation): Promise<number | null | undefined> {
    const [offset, width] = [Number(first), Number(second)];
    const index = name.startsWith('config-') ? region.CONFIG : region.BAR0;
    switch (name) {
      case 'read':
      case 'config-read': {
        const mark = this.trace.mark;
        const data = await this.#pci.read(index, offset, width);
        const [event] = this.trace.since(mark, 'bar-read');
        return event?.stale ? null : data.readUIntLE(0, width);
      }
      case 'write':
      case 'config-write':
        await this.#pci.write(index, offset, littleEndian(Number(value), width));
        break;
      case 'command':
        this.#host.command(first as Request);
        break;
      case 'advance':
        this.#scheduler.advance(Number(first));
        break;
      case 'jump':
        this.#offset += BigInt(Number(first));
        break;
      case 'set':
        this.#offset = BigInt(Number(first)) - this.#elapsed();
        break;
      case 'pause':
        this.#host.pause();
        break;
      case 'unpause':
        this.#host.unpause();
        break;
      default:
        throw new Error(`unknown operation ${name}`);
    }
    return undefined;
  }

  state(): Omit<Changes, 'irq' | 'end'> {
    const { command, timers } = this.#device.state();
    const { status, isr, guestFeatures, line } = this.#pci.state();
    const [timer] = timers;
    const { ackMs, gracefulMs } = this.#generation;
    return {
      command: commands[command],
      status,
      features: guestFeatures,
      isr,
      line: line === 'high' ? 1 : 0,
      timer: timer ? [(timer.name === 'ack' ? ackMs : gracefulMs) / 1000, timer.remainingMs] : null,
    };
  }
}

const cold = { command: 0, status: 0, features: 0, isr: 0, line: 0, timer: null };

/** Describes the difference after one operation. `seen` is the value read. */
const differenceOf = (operation: Operation, seen: number | null | undefined, generation: Generation) => {
  const [name, offset, width, value] = operation;
  if (seen === undefined) return undefined;
  // The pin is always read correctly, because a guest with ACPI routes the interrupt by it.
  if (name === 'config-read' && offset === INTERRUPT_PIN && generation.configByteReads !== 'in-place')
    return undefined;
  const expected = typeof value === 'number' ? value % 2 ** (8 * Number(width)) : value;
  return seen === expected ? undefined : `read ${seen}`;
};

/** The first difference between vmd and the device; `undefined` if there is none. */
const replay = async (sequence: Sequence, generation: Generation): Promise<string | undefined> => {
  const vm = new Vm(sequence, generation);
  await vm.start();
  let expected: Omit<Changes, 'irq' | 'end'> = cold;
  for (const [index, operation] of sequence.ops.entries()) {
    const describe = (difference: unknown): string =>
      `${sequence.revision} ${sequence.name}, operation ${index}, ${JSON.stringify(operation)}: ${JSON.stringify(difference)}`;
    const { irq = [], end, ...changes } = changesOf(operation);
    const mark = vm.trace.mark;
    const wrong = differenceOf(operation, await vm.perform(operation), generation);
    if (wrong !== undefined) return describe(wrong);
    if (JSON.stringify(vm.ends) !== JSON.stringify(end === undefined ? [] : [end])) return describe(vm.ends);
    if (end !== undefined) return undefined;
    expected = { ...expected, ...changes };
    const state = vm.state();
    if (JSON.stringify(state) !== JSON.stringify(expected)) return describe(state);
    const raised = vm.trace.since(mark, 'interrupt').filter(({ line }) => line === 'raise').length;
    if (raised !== irq.filter((call) => call === 'raise').length) return describe({ raised });
  }
  return undefined;
};

const sequences = readTranscripts();

for (const [revision, generation] of Object.entries(generationOf)) {
  t.test(`vmd of ${revision}`, async (t) => {
    const recorded = sequences.filter((sequence) => sequence.revision === revision);
    const replayable = recorded.filter((sequence) => !notReplayable.some(([, is]) => is(sequence)));
    t.ok(replayable.length > 60, `${replayable.length} of ${recorded.length} sequences`);
    const differences: string[] = [];
    for (const sequence of replayable) {
      const difference = await replay(sequence, generation);
      if (difference !== undefined) differences.push(difference);
    }
    t.same(differences.slice(0, 3), [], `${differences.length} sequences differ`);
  });
}
