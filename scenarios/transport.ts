// The virtio transport on its own, below another virtio driver: fields of each width, registers that are
// written, no queues.

import { anotherDriver } from '../harness/base/trace-event.js';
import { stopAutoload } from '../harness/guest/autoload.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, isDriverOk } from '../harness/scenario/traffic.js';

/** 0x6922bcd0 seconds and 0x0001e240 microseconds. */
const options = {
  driver: 'installed',
  helpers: true,
  quiet: true,
  clock: 'frozen:2025-11-23T07:50:40.123456Z',
} as const;

const expected = [
  'get 4 8: d0 bc 22 69 00 00 00 00',
  'get 12 8: 40 e2 01 00 00 00 00 00',
  'get 4 1: d0',
  'get 5 1: bc',
  'get 6 1: 22',
  'get 7 1: 69',
  'get 12 2: 40 e2',
  'get 14 2: 01 00',
  'get 6 4: 22 69 00 00',
  'get 5 2: bc 22',
];

const seconds = 'read secondsLow';
const microseconds = 'read microsecondsLow';

/** One access of 32 bits for each register that holds a part of the field, in ascending order. */
const expectedAccesses = [
  ...[seconds, 'read secondsHigh', microseconds, 'read microsecondsHigh'],
  ...[seconds, seconds, seconds, seconds, microseconds, microseconds],
  ...[seconds, 'read secondsHigh', seconds],
  `write secondsLow = ${0x44332211}`,
  `write secondsHigh = ${0x44332211}`,
  `write microsecondsLow = ${0x88776655}`,
];

const ENOENT = 2;

scenario('transport', options, async ({ check, vm, driver, device, trace, until, environment }) => {
  const { shell } = vm;
  // Linux's own modern transport stops the kernel for a field of no bytes (vp_get in virtio_pci_modern.c).
  const empty = environment.choice.level === 'may';
  const { modules } = driver.description;
  const [transport = '', ...others] = modules;
  driver.needs(others.length > 0, 'a transport in a module of its own');
  const serves = check('serves-virtio');
  await stopAutoload(shell);
  await shell.output(['load', transport]);
  trace.sink({ kind: 'phase', name: anotherDriver });
  const mark = trace.mark;
  await shell.output(['load', 'transport_client', ...(empty ? ['empty=1'] : [])]);
  await until('status', mark, isDriverOk);
  const lines = async () =>
    (await shell.output(['read-files', '/sys/module/transport_client/parameters/report'])).trim().split('\n');
  const [bus, features, status, queue, ...rest] = await lines();
  serves.equal('name of the bus of the device', bus, `bus ${vm.address}`);
  serves.equal('features of a driver that knows three', features, 'features 7');
  serves.equal('status while it probes', status, 'status 3');
  serves.equal('error for a queue', queue, `queue -${ENOENT}`);
  serves.equal('fields of the configuration space', rest, [...expected, ...(empty ? ['get 4 0:'] : [])]);
  const seen = accesses(trace, mark).filter((access) => /seconds/.test(access));
  serves.equal('accesses for these fields', seen, expectedAccesses);
  check('negotiates-features').equal('features in use', device.vmmci.state().guestFeatures, 7);
  await shell.output(['unload', 'transport_client']);
  check('resets-device').equal('status without a driver', device.vmmci.state().status & ~1, 0);
  await shell.output(['unload', transport]);
});
