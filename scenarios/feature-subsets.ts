// The host offers only some of the features. The driver uses those and no others. Where it shows the host's
// time, reading it fails with ENODATA if the host does not offer it.

import { shiftGuestClock } from '../harness/guest/clock.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { checkNames } from '../harness/scenario/check-names.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, acks, isCommandRead, isTimeRead, writes } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC, TIMESYNC } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

/** VIRTIO_F_INDIRECT_DESC and VIRTIO_F_EVENT_IDX (virtio 1.2, 6): this device has no queues. */
const ofQueues = (1 << 28) | (1 << 29);

const subsets: readonly [name: string, features: number][] = [
  ['nothing', 0],
  ['TIMESYNC', TIMESYNC],
  ['TIMESYNC and ACK', TIMESYNC | ACK],
  ['TIMESYNC and SYNCRTC', TIMESYNC | SYNCRTC],
  ['ACK and SYNCRTC', ACK | SYNCRTC],
  ['all three', TIMESYNC | ACK | SYNCRTC],
  ['all three and two of queues', TIMESYNC | ACK | SYNCRTC | ofQueues],
];

const options = {
  scheduler: new VirtualScheduler(),
  clock: 'frozen:2026-11-22T12:34:56.123456Z',
  driver: 'installed',
} as const;

const readsOfTime = (all: readonly string[]): string[] =>
  all.filter((access) => /^read (seconds|microseconds)/.test(access));

scenario('feature-subsets', options, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  await recordPowerRequests(vm.shell);
  const polls = driver.has('drift_interval_ms');
  /** The driver reads the time only to set the clock, and when it is asked for it. */
  const setsFromDevice = driver.description.syncRtc === 'registers';
  const requested: string[] = [];
  for (const [name, features] of subsets) {
    await device.stopBackend();
    await device.startBackend({ features });
    const offers = (feature: number): boolean => (features & feature) !== 0;
    let mark = trace.mark;
    await driver.load(driver.having({ drift_interval_ms: '20' }));
    const { guestFeatures } = device.vmmci.state();
    // Linux's own transports accept features of queues for every device.
    const accepts = check(offers(ofQueues) ? 'serves-virtio' : 'respects-offer');
    const expectedFeatures = features & (TIMESYNC | ACK | SYNCRTC);
    accepts.equal(`features in use where the host offers ${name}`, guestFeatures, expectedFeatures);
    // The device accepts only features that it offers, so only the trace has the value that the driver wrote.
    const written = writes(trace, mark).filter((access) => access.includes('guestFeatures'));
    accepts.equal('last write of features', written.at(-1), `write guestFeatures = ${expectedFeatures}`);

    if (driver.showsHostTime) {
      const shown = await driver.read(driver.hostTimeName);
      const expected = offers(TIMESYNC) ? '1795350896.123456' : 'No data available';
      check('no-time-is-an-error').that('host time', shown.includes(expected), expected, shown);
    }

    // A bit for each feature of virtio, the lowest first (drivers/virtio/virtio.c, features_show).
    const known = await driver.attribute('features');
    accepts.equal(
      'features in use, as the kernel shows them',
      [...known].flatMap((bit, index) => (bit === '1' ? [index] : [])),
      [...expectedFeatures.toString(2)].reverse().flatMap((bit, index) => (bit === '1' ? [index] : [])),
    );

    mark = trace.mark;
    const asked = process.hrtime.bigint();
    const before = await shiftGuestClock(vm.shell, 0n);
    const sync = device.host.command('SYNCRTC');
    check('respects-offer').equal('SYNCRTC', sync, offers(SYNCRTC) ? 'sent' : 'not-negotiated');
    const isSet = setsFromDevice && sync === 'sent' && offers(TIMESYNC);
    // A separate work item sets the clock, and may run after four reads of the command register.
    const read = isSet ? await until('bar-read', mark, isTimeRead) : undefined;
    if (polls) await until('bar-read', read?.seq ?? mark, isCommandRead, 4);
    else if (sync === 'sent') await until('bar-read', mark, isCommandRead);
    // The guest has one CPU: when its shell answers, the interrupt handler has returned.
    await vm.shell.text(':');
    const cleared = sync === 'sent' && offers(ACK) ? ['SYNCRTC: cleared'] : [];
    check('respects-offer').equal('acknowledgements', acks(trace, mark), cleared);
    if (setsFromDevice) {
      const set = isSet ? ['read secondsLow', 'read microsecondsLow'] : [];
      check('acts-once').equal('reads of the time', readsOfTime(accesses(trace, mark)), set);
    }
    if (sync !== 'sent' || (setsFromDevice && !isSet)) {
      const passed = (await shiftGuestClock(vm.shell, 0n)) - before;
      const maxPassed = process.hrtime.bigint() - asked;
      check('respects-offer').that(
        "time that passed by the guest's clock, which must not be set",
        0n <= passed && passed <= maxPassed,
        `0 to ${maxPassed} ns`,
        passed,
      );
    }

    for (const [stop, program] of [
      ['SHUTDOWN', 'poweroff'],
      ['REBOOT', 'reboot'],
    ] as const) {
      mark = trace.mark;
      check('driver-ok').equal(stop, device.host.command(stop), 'sent');
      await until('bar-read', mark, isCommandRead, polls ? 4 : 1);
      requested.push(program);
      const requests = await powerRequests(vm.shell, requested.length);
      check('acts-once').equal('requests to go down', requests, requested);
      const graceful = offers(ACK) ? [`${stop}: graceful`] : [];
      check('respects-offer').equal('acknowledgements', acks(trace, mark), graceful);
    }
    if (driver.showsCommands) {
      const counts = { SHUTDOWN: 1, REBOOT: 1, SYNCRTC: sync === 'sent' ? 1 : 0, unknown: 0 };
      check('shows-commands').equal(
        `${checkNames.commandsByOffer} ${name}`,
        await driver.commandCounts(),
        counts,
      );
      check('shows-commands').equal('last command', await driver.lastCommand(), 'REBOOT');
    }
    await driver.unload();
  }
});
