// The virtio transport on its own, below another virtio driver: fields of each width, registers that are
// written, no queues, and nothing beyond the end of BAR0.

import { anotherDriver } from '../harness/base/trace-event.js';
import { stopAutoload } from '../harness/guest/autoload.js';
import { showFeatures, showStatus } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { accesses, isDriverOk } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC, TIMESYNC } from '../harness/vmmci/features.js';
import { BAR_SIZE, CONFIG_OFFSET, status as statusBits } from '../harness/vmmci/registers.js';
import { checkNames } from './shared/check-names.js';

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

/** A field that is not in BAR0 reads as 0. */
const beyond = (size: number): string[] => [
  `get ${size - 3} 4: 00 00 00 00`,
  `get ${size} 1: 00`,
  'get 4294967294 4: 00 00 00 00',
  `get 0 ${size + 4}: only 00`,
];

/** The transport warns of each field that it refuses: four that are read, five that are written. */
const warnings = 9;

/** `report_bug` of the kernel's lib/bug.c: a warning was reported. */
const BUG_TRAP_TYPE_WARN = 1;

/**
 * Such a request is a fault of the virtio driver, so a warning with a stack trace is right. It is not printed
 * here: the function that would print it returns at once, and is only counted.
 */
const checkBeyond = async ({ check, vm, trace }: Scene): Promise<void> => {
  const { shell } = vm;
  const serves = check('serves-virtio');
  const size = BAR_SIZE - CONFIG_OFFSET;
  await shell.output(['load', 'failing_call', 'call=report_bug', 'nth=0', `value=${BUG_TRAP_TYPE_WARN}`]);
  const mark = trace.mark;
  await shell.output(['load', 'transport_client', `config_size=${size}`]);
  const parameter = (path: string) => shell.output(['read-files', `/sys/module/${path}`]);
  const lines = (await parameter('transport_client/parameters/report')).trim().split('\n');
  const count = Number(await parameter('failing_call/parameters/seen'));
  serves.equal(`${checkNames.beyondBar}, warnings of the kernel`, count, warnings);
  serves.equal(`${checkNames.beyondBar}, values`, lines.slice(5, -1), beyond(size));
  // A virtio driver may repeat such a request without end.
  const repeating = Number(lines.at(-1)?.replace('repeating warnings ', ''));
  serves.equal(checkNames.repeatingWarnings, repeating, 0);
  const last = CONFIG_OFFSET + size - 4;
  serves.equal(
    `${checkNames.beyondBar} and at its end, accesses`,
    accesses(trace, mark).filter((access) => /offset|seconds|command/.test(access)),
    [`read offset ${last} (32 bits)`, `write offset ${last} (32 bits) = ${0x44332211}`],
  );
  await shell.output(['unload', 'transport_client']);
  await shell.output(['unload', 'failing_call']);
};

scenario('transport', options, async (scene) => {
  const { check, vm, driver, device, trace, until, environment } = scene;
  const { shell } = vm;
  // Linux's own modern transport stops the kernel for a field of no bytes (vp_get in virtio_pci_modern.c).
  const asksAll = environment.level === 'may';
  const { modules } = driver.description;
  const [transport = '', ...others] = modules;
  const { virtioDriver } = driver.description;
  driver.needs(virtioDriver !== undefined && others.length > 0, 'a transport in a module of its own');
  const serves = check('serves-virtio');
  await stopAutoload(shell);
  await shell.output(['load', transport]);
  trace.sink({ kind: 'phase', name: anotherDriver });
  const mark = trace.mark;
  await shell.output(['load', 'transport_client', ...(asksAll ? ['empty=1'] : [])]);
  await until('status', mark, isDriverOk);
  const lines = async () =>
    (await shell.output(['read-files', '/sys/module/transport_client/parameters/report'])).trim().split('\n');
  const [bus, features, status, queue, ...rest] = await lines();
  serves.equal('name of the bus of the device', bus, `bus ${vm.address}`);
  serves.equal('features of a driver that knows three', features, 'features 7');
  serves.equal('status while it probes', status, 'status 3');
  serves.equal('error for a queue', queue, `queue -${ENOENT}`);
  serves.equal(checkNames.fieldValues, rest, [...expected, ...(asksAll ? ['get 4 0:'] : [])]);
  const seen = accesses(trace, mark).filter((access) => /seconds/.test(access));
  serves.equal(checkNames.fieldAccesses, seen, expectedAccesses);
  check('negotiates-features').equal(
    'features in use',
    device.vmmci.state().guestFeatures,
    TIMESYNC | ACK | SYNCRTC,
    showFeatures,
  );
  await shell.output(['unload', 'transport_client']);
  check('resets-device').equal(
    'status without a driver',
    device.vmmci.state().status & ~statusBits.ACKNOWLEDGE,
    0,
    showStatus,
  );
  // The modern transport stops the kernel for a field beyond the end, too.
  if (asksAll) await checkBeyond(scene);
  await shell.output(['unload', transport]);
});
