// Tests the backend behind QEMU's generic vhost-user device, with the accesses of a modern driver.

import { join } from 'node:path';
import t from 'tap';
import { Trace } from '../base/trace.js';
import { findStructures, type StructureName } from '../guest/virtio-modern.js';
import type { Width } from '../testing/qtest.js';
import { functionLine, startQtestMachine } from '../testing/qtest-machine.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { type Backend, startBackend } from './device.js';

/** The address to which the test maps the memory BAR. */
const memory = 0xe000_0000;
const enableMemoryAndMaster = 0x6;

const scheduler = new VirtualScheduler();
const trace = new Trace();
let backend: Backend | undefined;
const machine = await startQtestMachine(async (directory) => {
  const clock = 'frozen:2019-03-02T05:57:01.123456Z';
  backend = await startBackend(join(directory, 'backend.sock'), { clock, scheduler, trace: trace.sink });
  return { generic: { socket: backend.socket, virtioId: 30, configSize: 20 } };
});
const { qtest } = machine;
if (backend === undefined) throw new Error('the backend was not started');
const { host, vmmci, close } = backend;
t.teardown(async () => {
  await machine.stop();
  await close();
});

const config = Buffer.alloc(256);
for (let at = 0; at < config.length; at += 4) config.writeUInt32LE(await machine.readConfig(at, 4), at);
const structures = findStructures(config);

const addressOf = (name: StructureName, offset: number): number =>
  memory + (structures.get(name)?.offset ?? Number.NaN) + offset;
const read = (name: StructureName, offset: number, width: Width = 4) =>
  qtest.load(addressOf(name, offset), width);
const write = (name: StructureName, offset: number, width: Width, value: number) =>
  qtest.store(addressOf(name, offset), width, value);
const status = (value: number) => write('common', 20, 1, value);

const bringUp = async (): Promise<void> => {
  for (const value of [0, 1, 3]) await status(value);
  for (const [half, bits] of [
    [0, 7],
    [1, 1],
  ] as const) {
    await write('common', 8, 4, half);
    await write('common', 12, 4, bits);
  }
  await status(0xb);
  await status(0xf);
};

t.before(async () => {
  const bar = 0x10 + 4 * (structures.get('common')?.bar ?? Number.NaN);
  await machine.writeConfig(bar, 4, memory);
  await machine.writeConfig(bar + 4, 4, 0);
  await machine.writeConfig(0x04, 2, enableMemoryAndMaster);
  await machine.routeInterrupt();
});

t.test('the device has its virtio id and shows the clock', async (t) => {
  t.equal(config.readUInt32LE(0), 0x105e_1af4, 'virtio id 30');
  const words: number[] = [];
  for (const offset of [0, 4, 8, 12, 16]) words.push(await read('device', offset));
  t.same(words, [0, 0x5c7a1b2d, 0, 123_456, 0]);
});

t.test('a command interrupts a driver, which acknowledges it', async (t) => {
  t.equal(host.command('SYNCRTC'), 'no-driver');
  await bringUp();
  t.equal(await read('common', 20, 1), 0xf);
  for (let time = 0; time < 3; time++) {
    t.equal(host.command('SYNCRTC'), 'sent');
    await qtest.waitLevel(functionLine, true);
    t.equal((await read('isr', 0, 1)) & 2, 2);
    await qtest.waitLevel(functionLine, false);
    t.equal(await read('device', 0), 3);
    await write('device', 0, 4, 3);
    t.equal(await read('device', 0), 0);
  }
  t.match(vmmci.state(), { guestFeatures: 7, acks: 3, configChanges: 3 });
});

t.test('the device notices a driver that resets it and returns', async (t) => {
  await status(0);
  t.equal(await read('common', 20, 1), 0);
  t.equal(host.command('SYNCRTC'), 'no-driver');
  await bringUp();
  await read('device', 0); // a round trip to the backend, after all earlier messages
  t.equal(host.stop(), 'sent');
  await qtest.waitLevel(functionLine, true);
  await write('device', 0, 4, 2);
  t.equal(await read('device', 0), 2, 'an acknowledged REBOOT stays in the register');
  t.same(vmmci.state().timers, [{ name: 'graceful', remainingMs: 120_000 }]);
});
