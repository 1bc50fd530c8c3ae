// Compares the function and the real device, over both real sockets, with a model of vmd that uses none of
// our code.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { Trace } from '../base/trace.js';
import { connect } from '../socket/connect.js';
import { closeFd, eventFd, signalEventFd } from '../socket/descriptor.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { Client } from '../vfio-user/client.js';
import { serveFunction } from '../vfio-user/listen.js';
import { startFrontEnd } from '../vhost-user/front-end.js';
import { listenBackend } from '../vhost-user/listen.js';
import { Vmmci } from '../vmmci/device.js';
import { generationNames, generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { PciFunction } from './function.js';

/** A model of vmd as its guest and its host see it, written independently from vmd virtio.c 1.54 … 1.153. */
class Model {
  features = 0;
  pfn = 0;
  select = 0;
  notify = 0;
  status = 0;
  isr = 0;
  command = 0;
  sample = 0n;
  line = false;
  signals = 0;
  accumulator = 0;
  /** The client was signalled and has not unmasked since; and what was raised meanwhile and is latched. */
  #masked = false;
  #again = false;
  readonly #level: boolean;
  readonly #isrLowers: boolean;
  readonly #latches: boolean;
  readonly #now: () => bigint;

  constructor(generation: string, now: () => bigint) {
    this.#level = generation === '8.0';
    this.#isrLowers = generation !== '6.2';
    this.#latches = generation >= '7.4';
    this.#now = now;
  }

  read(offset: number, width: number): number {
    const found = this.#register(offset);
    if (found !== undefined) this.accumulator = found;
    return width === 4 ? this.accumulator : this.accumulator % 2 ** (8 * width);
  }

  #register(offset: number): number | undefined {
    if (offset === 0) return 7;
    if (offset === 4) return this.features;
    if (offset === 8) return this.pfn;
    if (offset === 12) return 0;
    if (offset === 14) return this.select;
    if (offset === 16) return this.notify;
    if (offset === 18) return this.status;
    if (offset === 20) return this.command;
    if (offset === 28 || offset === 36) return 0;
    if (offset === 32) return Number(this.sample % 1_000_000n);
    if (offset === 24) {
      this.sample = this.#now();
      return Number((this.sample / 1_000_000n) % 2n ** 32n);
    }
    if (offset !== 19) return undefined;
    const { isr } = this;
    this.isr = 0;
    if (this.#isrLowers) this.line = this.#again = false;
    return isr;
  }

  write(offset: number, value: number): void {
    if (offset === 4) this.features = value;
    if (offset === 8) this.pfn = value;
    if (offset === 14) this.select = value % 65536;
    if (offset === 16) this.notify = value % 65536;
    if (offset === 18) this.status = value % 256;
    if (offset === 20 && value === 3) this.command = 0;
  }

  /** Returns true if the guest is signalled. */
  host(command: number): boolean {
    const driverOk = Math.floor(this.status / 4) % 2 === 1;
    const syncRtc = Math.floor(this.features / 4) % 2 === 1;
    if (!driverOk || this.command === command || (command === 3 && !syncRtc)) return false;
    this.command = command;
    this.isr = 2;
    this.line = true;
    if (this.#masked) this.#again = this.#latches;
    else this.#signal();
    return true;
  }

  unmask(): void {
    this.#masked = false;
    if (this.#level ? this.line : this.#again) this.#signal();
  }

  #signal(): void {
    this.signals++;
    this.#masked = true;
    this.#again = false;
  }
}

type Step =
  | { op: 'read'; offset: number; width: 1 | 2 | 4 }
  | { op: 'write'; offset: number; width: 1 | 2 | 4; value: number }
  | { op: 'host'; name: 'SHUTDOWN' | 'REBOOT' | 'SYNCRTC' }
  | { op: 'unmask' }
  | { op: 'tick'; us: bigint };

const numbers = { SHUTDOWN: 1, REBOOT: 2, SYNCRTC: 3 } as const;
const widths = fc.constantFrom(1 as const, 2 as const, 4 as const);
const offsets = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 4, 8, 12, 14, 16, 18, 19, 20, 24, 28, 32, 36) },
  { weight: 1, arbitrary: fc.nat(48) },
  { weight: 1, arbitrary: fc.nat(0xffc) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('read' as const), offset: offsets, width: widths }),
  fc.record({
    op: fc.constant('write' as const),
    offset: offsets,
    width: widths,
    value: fc.nat(0xffffffff),
  }),
  fc.constantFrom<Step>(
    { op: 'write', offset: 18, width: 1, value: 7 },
    { op: 'write', offset: 4, width: 4, value: 7 },
    { op: 'write', offset: 20, width: 4, value: 3 },
    { op: 'read', offset: 19, width: 1 },
  ),
  fc.record({
    op: fc.constant('host' as const),
    name: fc.constantFrom('SHUTDOWN' as const, 'REBOOT' as const, 'SYNCRTC' as const),
  }),
  fc.constant({ op: 'unmask' as const }),
  fc.record({ op: fc.constant('tick' as const), us: fc.bigInt({ min: 0n, max: 1n << 52n }) }),
);

/** The number of signals of an eventfd; nothing in this test reads it otherwise. */
const countOf = (fd: number): number =>
  Number.parseInt(
    /eventfd-count:\s*([0-9a-f]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '',
    16,
  );

let before = 0;

// Not at load time: tests of other files may run then.
t.test('count the open descriptors', async () => {
  await new Promise(setImmediate);
  before = openDescriptors();
});
const directory = temporaryDirectory().path;
t.teardown(() => rmSync(directory, { recursive: true }));

for (const name of generationNames) {
  t.test(`random accesses in generation ${name}`, async (t) => {
    const generation = generations[name];
    let now = 1_551_506_221_123_456n;
    const trace = new Trace();
    const device = new Vmmci({
      generation,
      clock: { now: () => now, spec: 'test' },
      scheduler: new VirtualScheduler(),
    });
    const paths = {
      backend: join(directory, `${name}.backend`),
      function: join(directory, `${name}.function`),
    };
    const backend = await listenBackend(paths.backend, device);
    const pci = new PciFunction({
      generation,
      trace: trace.sink,
      eventfds: { signal: signalEventFd, close: closeFd },
    });
    await pci.attach(await startFrontEnd(await connect(paths.backend)));
    const served = await serveFunction(paths.function, pci);
    const client = new Client(await connect(paths.function));
    await client.negotiate();
    const trigger = eventFd();

    const raised = (mark: number): Promise<void> =>
      new Promise((resolve) => {
        const isRaise = () => trace.since(mark, 'interrupt').some(({ cause }) => cause === 'raise');
        if (isRaise()) return resolve();
        const stop = trace.follow(() => {
          if (!isRaise()) return;
          stop();
          resolve();
        });
      });

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
        await client.reset();
        await client.arm(trigger);
        const start = countOf(trigger);
        const model = new Model(name, () => now);
        for (const [at, one] of steps.entries()) {
          if (one.op === 'read') {
            const [got, expected] = [
              await client.read(one.offset, one.width),
              model.read(one.offset, one.width),
            ];
            if (got !== expected) throw new Error(`step ${at}: read ${got}, expected ${expected}`);
          } else if (one.op === 'write') {
            const value = one.width === 4 ? one.value : one.value % 2 ** (8 * one.width);
            await client.write(one.offset, one.width, value);
            model.write(one.offset, value);
          } else if (one.op === 'host') {
            const mark = trace.mark;
            const sent = device.command(one.name) === 'sent';
            if (sent !== model.host(numbers[one.name])) throw new Error(`step ${at}: sent ${sent}`);
            if (sent) await raised(mark);
          } else if (one.op === 'unmask') {
            await client.unmask();
            model.unmask();
          } else now += one.us;
          const state = {
            isr: pci.state().isr,
            line: pci.state().line === 'high',
            signals: countOf(trigger) - start,
          };
          const expected = { isr: model.isr, line: model.line, signals: model.signals };
          if (JSON.stringify(state) !== JSON.stringify(expected))
            throw new Error(`step ${at}: ${JSON.stringify(state)}, expected ${JSON.stringify(expected)}`);
        }
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 6), seed: Number(process.env.FUZZ_SEED ?? 20260919) },
    );
    client.close();
    await served.close();
    pci.detach();
    await backend.close();
    closeFd(trigger);
    t.pass();
  });
}

t.test('all descriptors are closed', async (t) => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  t.equal(openDescriptors(), before);
});
