// Tests the device through both real sockets, with a client that speaks like QEMU.

import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Trace } from '../base/trace.js';
import { connect } from '../socket/connect.js';
import { closeFd, eventFd } from '../socket/descriptor.js';
import { privateDirectory } from '../socket/private-directory.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { Client } from '../vfio-user/client.js';
import { startBackend, startDevice, startFunction } from './device.js';

const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

const start = async (t: Test, clock = 'frozen:2019-03-02T05:57:01.123456Z') => {
  const directory = privateDirectory();
  const trace = new Trace();
  const device = await startDevice(directory.path, { clock, trace: trace.sink });
  const client = new Client(await connect(device.functionSocket));
  await client.negotiate();
  const close = async (): Promise<void> => {
    client.close();
    await device.close();
    directory.remove();
  };
  t.teardown(close);
  return { device, client, trace, directory: directory.path, close };
};

t.test('the clock is readable through both sockets, as words and byte by byte', async (t) => {
  const { client } = await start(t);
  t.equal(await client.read(0, 4), 7);
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
  t.equal(await client.read(28, 4), 0);
  t.equal(await client.read(32, 4), 123456);
  t.equal(await client.read(36, 4), 0);
  const bytes: number[] = [];
  for (let at = 24; at < 32; at++) bytes.push(await client.read(at, 1));
  t.same(bytes, [0x2d, 0x2d, 0x2d, 0x2d, 0, 0, 0, 0]);
  t.equal(await client.read(24, 1), 0x2d);
  t.equal(
    await client.read(25, 4),
    0x5c7a1b2d,
    'a stale read returns the whole register, even after a byte read',
  );
});

t.test('a stop request raises an interrupt, stays, and is acknowledged', async (t) => {
  const { client, device, trace } = await start(t);
  const trigger = eventFd();
  await client.arm(trigger);
  await client.write(4, 4, 7);
  await client.write(18, 1, 0x07);
  t.equal(device.host.stop(), 'sent');
  await trace.next('interrupt', 0, ({ line }) => line === 'raise');
  t.equal(await client.read(19, 1), 2);
  t.equal(await client.read(19, 1), 0);
  t.equal(await client.read(20, 4), 2);
  t.same(
    device.vmmci.state().timers.map(({ name }) => name),
    ['ack'],
  );
  await client.write(20, 4, 2);
  t.equal(await client.read(20, 4), 2, 'an acknowledged REBOOT stays in the register');
  t.same(
    device.vmmci.state().timers.map(({ name }) => name),
    ['graceful'],
  );
  closeFd(trigger);
});

t.test('the function survives a backend that ends and restarts', async (t) => {
  const directory = privateDirectory();
  const trace = new Trace();
  const options = { clock: 'frozen:2019-03-02T05:57:01Z', trace: trace.sink };
  const backend = join(directory.path, 'backend.sock');
  const first = await startBackend(backend, options);
  const served = await startFunction(join(directory.path, 'function.sock'), { backend, trace: trace.sink });
  const client = new Client(await connect(served.socket));
  await client.negotiate();
  await client.write(4, 4, 7);
  await client.write(18, 1, 0x07);

  await first.close();
  await trace.next('backend', 0, ({ event }) => event === 'lost');
  t.equal(await client.read(24, 4), 0xffff_ffff, 'all ones without a backend');

  const second = await startBackend(backend, options);
  const mark = trace.mark;
  await trace.next('status', mark, ({ value }) => value === 7);
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
  t.equal(second.vmmci.state().guestFeatures, 7, 'the negotiated features are sent to the new backend');
  client.close();
  await served.close();
  await second.close();
  directory.remove();
});

t.test('a second front-end is refused without disturbing the first', async (t) => {
  const { device, client, directory, trace } = await start(t);
  const second = startFunction(join(directory, 'second.sock'), {
    backend: device.socket,
    trace: trace.sink,
  });
  await t.rejects(second, { code: 'PROTOCOL' });
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
});

t.test('closes all descriptors', async (t) => {
  await turns();
  const before = openDescriptors();
  const { client, close } = await start(t);
  const trigger = eventFd();
  await client.arm(trigger);
  closeFd(trigger);
  await client.read(24, 4);
  await close();
  await turns();
  t.equal(openDescriptors(), before);
});

t.test('a backend can be stopped and restarted with other features', async (t) => {
  const { device, client } = await start(t);
  const kills: string[] = [];
  device.onKill(({ reason }) => kills.push(reason));
  await client.write(18, 1, 0x07);
  await device.stopBackend();
  t.equal(device.pci.state().attached, false);
  t.equal(await client.read(0, 4), 0xffff_ffff);

  await device.startBackend({ features: 5 });
  t.equal(device.pci.state().attached, true);
  t.equal(await client.read(0, 4), 5);
  t.equal(await client.read(24, 4), 0x5c7a1b2d, 'the clock continues');
  t.equal(device.vmmci.state().status, 0x07);

  await client.write(18, 1, 0);
  device.host.stop();
  t.same(kills, ['no-driver'], 'listeners also hear the new backend');
});

t.test('faults affect both sockets and the clock', async (t) => {
  const { device, client } = await start(t);
  const when = { command: 'REGION_READ', region: 0, offset: 24 } as const;
  device.faults.set({ faults: [{ kind: 'value', value: 9, when: { ...when, times: 1 } }] });
  t.equal(await client.read(24, 4), 9);
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
  device.faults.set({ faults: [{ kind: 'value', value: 8, when: { command: 'GET_CONFIG', offset: 4 } }] });
  t.equal(await client.read(24, 4), 8);
  device.faults.set({ faults: [{ kind: 'clock-jump', us: -1_000_000, when: { ...when, times: 1 } }] });
  t.equal(await client.read(24, 4), 0x5c7a1b2c);
});
