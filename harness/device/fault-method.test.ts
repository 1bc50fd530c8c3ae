// Tests faults that are requested over a control socket, and their effects on the device's sockets.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { Trace } from '../base/trace.js';
import { connect } from '../socket/connect.js';
import { Client } from '../vfio-user/client.js';
import { callControl } from '../vmd/control-client.js';
import { controlMethods } from '../vmd/control-methods.js';
import { serveControl } from '../vmd/control-server.js';
import { startDevice } from './device.js';
import { type FaultOptions, withFaults } from './fault-method.js';

const start = async (t: Test, overrides: Partial<FaultOptions> = {}) => {
  const directory = temporaryDirectory().path;
  const trace = new Trace();
  const device = await startDevice(directory, {
    clock: 'frozen:2019-03-02T05:57:01.123456Z',
    trace: trace.sink,
  });
  const client = new Client(await connect(device.functionSocket));
  await client.negotiate();
  const { vmmci, host, clock, pci } = device;
  const methods = controlMethods({
    device: vmmci,
    host,
    clock,
    trace,
    hostNow: () => 0n,
    function: () => pci.state(),
  });
  const control = await serveControl(
    join(directory, 'control'),
    withFaults(methods, {
      engine: device.faults,
      serves: ['vfio-user', 'vhost-user'],
      hasClock: true,
      trace: trace.sink,
      ...overrides,
    }),
  );
  t.teardown(async () => {
    await control.close();
    client.close();
    await device.close();
    rmSync(directory, { recursive: true });
  });
  const ask = (method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    callControl(control.path, method, params);
  return { client, ask, trace, device };
};

t.test('a fault is set, shown, takes effect and is cleared', async (t) => {
  const { client, ask } = await start(t);
  const fault = { kind: 'ones', when: { command: 'REGION_READ', region: 0, offset: 24, from: 2, times: 1 } };
  t.match(await ask('state'), { faults: [], command: 'NONE', interrupts: 0 });
  t.same(await ask('fault', { plan: { faults: [fault] } }), { faults: [{ fault, hits: 0 }] });
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
  t.equal(await client.read(24, 4), 0xffff_ffff);
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
  t.match(await ask('state'), { faults: [{ fault, hits: 1 }], command: 'NONE', lastSample: /^2019/ });
  t.same(await ask('fault', { plan: null }), { faults: [] });
  t.match(await ask('state'), { faults: [] });
});

t.test('a fault on the inner socket is visible on the outer one', async (t) => {
  const { client, ask } = await start(t);
  const when = { protocol: 'vhost-user', command: 'GET_CONFIG', offset: 12 };
  await ask('fault', { plan: { faults: [{ kind: 'value', value: 999_999, when }] } });
  t.equal(await client.read(32, 4), 999_999);
});

t.test('the trace has the value that a fault gave in place of that of the register', async (t) => {
  const { client, ask, trace } = await start(t);
  const when = { protocol: 'vfio-user', command: 'REGION_READ', region: 0, offset: 24 };
  await ask('fault', { plan: { faults: [{ kind: 'value', value: 0x1_02, when }] } });
  t.equal(await client.read(24, 1), 2, 'cut to the width of the access');
  await ask('fault', { plan: { faults: [{ kind: 'ones', when }] } });
  t.equal(await client.read(24, 4), 0xffffffff);
  await ask('fault', { plan: { faults: [{ kind: 'delay', ms: 0, when }] } });
  await client.read(24, 4);
  t.match(trace.since(0, 'fault'), [{ value: 2 }, { value: 0xffffffff }, { outcome: undefined }]);
  t.equal(trace.since(0, 'fault').at(-1)?.value, undefined);
  t.equal(trace.since(0, 'bar-read')[1]?.value, 0x5c7a1b2d, 'bar-read has the register');
});

t.test('the clock jumps between the two halves of a time', async (t) => {
  const { client, ask, device } = await start(t);
  const when = { protocol: 'vhost-user', command: 'GET_CONFIG', offset: 12, times: 1 };
  await ask('fault', { plan: { faults: [{ kind: 'clock-jump', us: 2_000_000, when }] } });
  t.equal(await client.read(24, 4), 0x5c7a1b2d);
  t.equal(await client.read(32, 4), 123456, 'the halves belong to one sample');
  t.equal(await client.read(24, 4), 0x5c7a1b2f);
  t.equal(device.clock.spec, 'frozen:2019-03-02T05:57:03.123456Z');
});

t.test('the reply, state and the trace warn of a fault that ends QEMU', async (t) => {
  const { client, ask, trace } = await start(t);
  const plan = { seed: 7, faults: [{ kind: 'disconnect', when: { protocol: 'vfio-user', from: 1 } }] };
  const active = { faults: [{ takesQemuDown: /QEMU loses its vfio-user server/ }] };
  t.match(await ask('fault', { plan }), active);
  t.match(await ask('state'), active);
  t.match(trace.since(0, 'fault-plan'), [{ plan: JSON.stringify(plan), takesQemuDown: /loses/ }]);
  await t.rejects(client.read(24, 4), { code: 'SOCKET_CLOSED' });
  t.match(trace.since(0, 'fault'), [{ outcome: 'disconnect', takesQemuDown: /loses/ }]);
  t.match(await ask('state'), { faults: [{ hits: 1 }] });
});

t.test('an invalid plan is refused and changes nothing', async (t) => {
  const { ask } = await start(t);
  const plan = { faults: [{ kind: 'ones' }] };
  await ask('fault', { plan });
  const refused = (params: Readonly<Record<string, unknown>>, message: RegExp): Promise<unknown> =>
    t.rejects(ask('fault', params), { code: 'CONTROL_REFUSED', message });
  await refused({}, /plan: expected a fault plan/);
  await refused({ plan: 'off' }, /plan: expected an object, got "off".*FAULT_PLAN/);
  await refused({ plan: { faults: [{ kind: 'delay' }] } }, /faults\[0\]\.ms: expected an integer/);
  await refused({ plan: { faults: [], more: 1 } }, /more: there is no such field; valid: seed, faults/);
  t.match(await ask('state'), { faults: [{ fault: { kind: 'ones' }, hits: 0 }] });
});

t.test('a fault that cannot happen in this process is refused', async (t) => {
  const { ask } = await start(t, { serves: ['vfio-user'], hasClock: false });
  await t.rejects(ask('fault', { plan: { faults: [{ kind: 'drop', when: { protocol: 'vhost-user' } }] } }), {
    message: /faults\[0\]: this process does not serve vhost-user, only vfio-user/,
  });
  await t.rejects(ask('fault', { plan: { faults: [{ kind: 'ones' }, { kind: 'clock-jump', us: 1 }] } }), {
    message: /faults\[1\]: the clock belongs to a backend in another process/,
  });
});
