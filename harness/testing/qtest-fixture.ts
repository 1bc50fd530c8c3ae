// A new device in a machine that a test drives access by access.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Trace } from '../base/trace.js';
import { type Device, startDevice } from '../device/device.js';
import type { Kill } from '../vmd/host.js';
import type { GenerationName } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { IoApic } from './ioapic.js';
import { Pic } from './pic.js';
import type { Qtest, Width } from './qtest.js';
import { functionLine, functionPort, type QtestMachine } from './qtest-machine.js';

/** Seconds 0x5c7a1b2d, microseconds 0x1e240. */
const clock = 'frozen:2019-03-02T05:57:01.123456Z';

/** A port without a device. */
const unusedPort = 0xed;

export interface Fixture {
  readonly machine: QtestMachine;
  readonly qtest: Qtest;
  readonly pic: Pic;
  readonly ioApic: IoApic;
  readonly device: Device;
  readonly scheduler: VirtualScheduler;
  readonly trace: Trace;
  readonly kills: readonly Kill[];
  /** One port access at `offset` in BAR0 (default: 32 bits). */
  read(offset: number, width?: Width): Promise<number>;
  write(offset: number, width: Width, value: number): Promise<void>;
  /** Reads single bytes in order, for example `2d 2d 00`. */
  bytes(offset: number, count: number): Promise<string>;
  /**
   * Initializes the device like a driver: features 7, status 7. Resolves when the device has received them.
   */
  bringUp(): Promise<void>;
  /** True if QEMU's level of the function's line is high. */
  line(): boolean;
  /** Resolves when that level is high. Rejects with QTEST if that does not happen. */
  raised(): Promise<void>;
  /** How often QEMU has raised the line so far. */
  raises(): number;
  /**
   * Resolves when everything in transit between function and QEMU has arrived. Does not access BAR0, which
   * would lower the line.
   */
  quiet(): Promise<void>;
}

/** Makes a device, plugs it in, calls `run`, and always removes the device afterwards. */
export const withFixture = async (
  machine: QtestMachine,
  generation: GenerationName,
  run: (fixture: Fixture) => Promise<void>,
): Promise<void> => {
  const { qtest } = machine;
  const scheduler = new VirtualScheduler();
  const trace = new Trace();
  const directory = join(machine.directory, randomUUID().slice(0, 8));
  const device = await startDevice(directory, { generation, clock, scheduler, trace: trace.sink });
  const kills: Kill[] = [];
  device.host.onKill((kill) => kills.push(kill));
  let raises = 0;
  const stop = qtest.onIrq(({ line, level }) => {
    if (line === functionLine && level) raises += 1;
  });
  const read = (offset: number, width: Width = 4) => qtest.in(functionPort + offset, width);
  const write = (offset: number, width: Width, value: number) =>
    qtest.out(functionPort + offset, width, value);
  try {
    await machine.plug(device.functionSocket);
    await run({
      machine,
      qtest,
      pic: new Pic(qtest),
      ioApic: new IoApic(qtest),
      device,
      scheduler,
      trace,
      kills,
      read,
      write,
      bytes: async (offset, count) => {
        const bytes: string[] = [];
        for (let at = 0; at < count; at++)
          bytes.push((await read(offset + at, 1)).toString(16).padStart(2, '0'));
        return bytes.join(' ');
      },
      bringUp: async () => {
        await write(4, 4, 7);
        await write(18, 1, 7);
        await read(18, 1); // writes are posted; this read waits for them
      },
      line: () => qtest.level(functionLine),
      raised: () => qtest.waitLevel(functionLine, true),
      raises: () => raises,
      quiet: async () => {
        await machine.readConfig(0x0c, 1); // the function answers this, after all earlier accesses
        // In one turn QEMU handles the eventfd and our request in any order, so the second reply comes from a
        // later turn.
        for (let turn = 0; turn < 2; turn++) await qtest.in(unusedPort, 1);
      },
    });
  } finally {
    stop();
    await machine.unplug();
    await device.close();
  }
};
