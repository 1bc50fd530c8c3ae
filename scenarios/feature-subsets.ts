// The host offers only some of the features. The driver uses those and no others. Where it shows the host's
// time, reading it fails with ENODATA if the host does not offer it.

import { expectedFeatures } from '../harness/driver/used-features.js';
import { shiftGuestClock } from '../harness/guest/clock.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { showFeatures } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import {
  acks,
  clockRuns,
  isCommandRead,
  isTimeRead,
  plainReadings,
  wholeReadings,
  writes,
} from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC, TIMESYNC } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';

/** VIRTIO_F_INDIRECT_DESC and VIRTIO_F_EVENT_IDX (virtio 1.2, 6): this device has no queues. */
const ofQueues = (1 << 28) | (1 << 29);

/** The other bits that mean something else for each type of device (virtio 1.2, 2.2). No vmd has them. */
const ofLaterHosts = 0xff_fff8;

const subsets: readonly [name: string, features: number][] = [
  ['all three', TIMESYNC | ACK | SYNCRTC],
  ['nothing', 0],
  ['TIMESYNC', TIMESYNC],
  ['TIMESYNC and ACK', TIMESYNC | ACK],
  ['TIMESYNC and SYNCRTC', TIMESYNC | SYNCRTC],
  ['ACK and SYNCRTC', ACK | SYNCRTC],
  ['all three and two of queues', TIMESYNC | ACK | SYNCRTC | ofQueues],
  ['all three and those of later hosts', TIMESYNC | ACK | SYNCRTC | ofLaterHosts],
];

const options = {
  scheduler: new VirtualScheduler(),
  clock: 'frozen:2026-11-22T12:34:56.123456Z',
  driver: 'installed',
} as const;

/** What the host offers, and the position in the trace before the driver was loaded. */
interface Offer {
  readonly name: string;
  readonly features: number;
  readonly loadedAt: number;
}

const has = (features: number, feature: number): boolean => (features & feature) !== 0;

/** The positions of the bits that are 1. */
const bitsOf = (lowestFirst: readonly string[]): number[] =>
  lowestFirst.flatMap((bit, index) => (bit === '1' ? [index] : []));

const polls = ({ driver }: Scene): boolean => driver.hasPollInterval;

const requirementFor = (features: number) => {
  // Linux's own transports accept features of queues for every device.
  if (has(features, ofQueues)) return 'serves-virtio';
  return has(features, ofLaterHosts) ? 'negotiates-features' : 'respects-offer';
};

const checkAccepted = async (scene: Scene, { name, features, loadedAt }: Offer): Promise<void> => {
  const { check, device, driver, trace } = scene;
  const { guestFeatures } = device.vmmci.state();
  const accepts = check(requirementFor(features));
  const expected = expectedFeatures(driver.description, { offered: features, accepted: guestFeatures });
  accepts.equal(`features in use where the host offers ${name}`, guestFeatures, expected, showFeatures);
  // The device accepts only features that it offers, so only the trace has the value that the driver wrote.
  const written = writes(trace, loadedAt).filter((access) => access.includes('guestFeatures'));
  accepts.equal('last write of features', written.at(-1), `write guestFeatures = ${expected}`);

  if (driver.showsHostTime) {
    const shown = await driver.read(driver.hostTimeName);
    const time = has(features, TIMESYNC) ? '1795350896.123456' : 'No data available';
    check('no-time-is-an-error').that('host time', shown.includes(time), time, shown);
  }

  const what = 'features in use, as the kernel shows them';
  if (driver.description.virtioDriver === undefined) {
    accepts.skip(what, 'the driver has no virtio device');
    return;
  }
  // A bit for each feature of virtio, the lowest first (drivers/virtio/virtio.c, features_show).
  const known = await driver.attribute('features');
  accepts.equal(what, bitsOf([...known]), bitsOf([...expected.toString(2)].reverse()));
};

/** Resolves with true if the host sent SYNCRTC. */
const checkSync = async (scene: Scene, { features }: Offer): Promise<boolean> => {
  const { check, vm, device, driver, trace, until } = scene;
  // The driver reads the time only to set the clock, and when it is asked for it.
  const setsFromDevice = driver.description.syncRtc === 'registers';
  const { mark } = trace;
  const asked = process.hrtime.bigint();
  const before = await shiftGuestClock(vm.shell, 0n);
  const result = device.host.command('SYNCRTC');
  const isSent = result === 'sent';
  const mayBeSent = has(features, SYNCRTC) && takesSyncRtc(scene);
  check('respects-offer').equal('SYNCRTC', result, mayBeSent ? 'sent' : 'not-negotiated');
  const isSet = setsFromDevice && isSent && has(features, TIMESYNC);
  // A separate work item sets the clock, and may run after four reads of the command register.
  const read = isSet ? await until('bar-read', mark, isTimeRead) : undefined;
  if (polls(scene)) await until('bar-read', read?.seq ?? mark, isCommandRead, 4);
  else if (isSent) await until('bar-read', mark, isCommandRead);
  // The guest has one CPU: when its shell answers, the interrupt handler has returned.
  await vm.shell.text(':');
  const cleared = isSent && has(features, ACK) ? ['SYNCRTC: cleared'] : [];
  check('respects-offer').equal('acknowledgements', acks(trace, mark), cleared);
  if (setsFromDevice) {
    const runs = clockRuns(trace, mark);
    const expected = isSet ? [wholeReadings(runs[0] ?? [], 1)] : [];
    check('acts-once').equal('readings of the clock', runs, expected);
    check('no-needless-accesses').equal('accesses to the clock', runs.flat(), plainReadings(expected.length));
  }
  if (!isSent || (setsFromDevice && !isSet)) {
    const passed = (await shiftGuestClock(vm.shell, 0n)) - before;
    const maxPassed = process.hrtime.bigint() - asked;
    check('respects-offer').that(
      "time that passed by the guest's clock, which must not be set",
      0n <= passed && passed <= maxPassed,
      `0 to ${maxPassed} ns`,
      passed,
    );
  }
  return isSent;
};

/** `requested` has the programs of all stops so far; those of this offer are added. */
const checkStops = async (scene: Scene, { features }: Offer, requested: string[]): Promise<void> => {
  const { check, vm, device, trace, until } = scene;
  for (const [stop, program] of [
    ['SHUTDOWN', 'poweroff'],
    ['REBOOT', 'reboot'],
  ] as const) {
    const { mark } = trace;
    check('driver-ok').equal(stop, device.host.command(stop), 'sent');
    await until('bar-read', mark, isCommandRead, polls(scene) ? 4 : 1);
    requested.push(program);
    const requests = await powerRequests(vm.shell, requested.length);
    check('acts-once').equal('requests to go down', requests, requested);
    const graceful = has(features, ACK) ? [`${stop}: graceful`] : [];
    check('respects-offer').equal('acknowledgements', acks(trace, mark), graceful);
  }
};

const checkShownCommands = async (
  { check, driver }: Scene,
  { name }: Offer,
  syncs: number,
): Promise<void> => {
  if (!driver.showsCommands) return;
  check('shows-commands').equal(`${checkNames.commandsByOffer} ${name}`, await driver.commandCounts(), {
    SHUTDOWN: 1,
    REBOOT: 1,
    SYNCRTC: syncs,
    unknown: 0,
  });
  check('shows-commands').equal('last command', await driver.lastCommand(), 'REBOOT');
};

scenario('feature-subsets', options, async (scene) => {
  const { vm, device, driver, trace } = scene;
  await recordPowerRequests(vm.shell);
  const requested: string[] = [];
  for (const [name, features] of subsets) {
    await device.stopBackend();
    await device.startBackend({ features });
    const offer: Offer = { name, features, loadedAt: trace.mark };
    await driver.load(driver.pollingEvery(20));
    await checkAccepted(scene, offer);
    const isSent = await checkSync(scene, offer);
    await checkStops(scene, offer, requested);
    await checkShownCommands(scene, offer, isSent ? 1 : 0);
    await driver.unload();
  }
});
