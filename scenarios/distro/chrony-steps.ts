// While chrony synchronises the guest's clock, the device's clock jumps ahead. SYNCRTC steps the guest's
// clock once, and chrony continues without a step of its own.

import { waitGuestClock } from '../../harness/guest/clock.js';
import { countClockSteps } from '../../harness/guest/clock-steps.js';
import type { KernelOption } from '../../harness/scenario/kernel-needs.js';
import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { acks, isDriverOk } from '../../harness/scenario/traffic.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';
import { chronySteps, selectedSources, startChrony, whileChronyWaits } from '../shared/chrony.js';
import { type ClockClient, keepsTime, stepMidCorrection, untilCorrections } from '../shared/clock-client.js';
import { needsPtp, ptpClock } from '../shared/ptp.js';
import { suspendGuest } from '../shared/suspend-guest.js';

interface Jump {
  readonly when: string;
  /** Jump of the device's clock in seconds; the scenario does not wait for them. */
  readonly seconds: bigint;
  /** Does to the guest what the jump comes from, and calls `jump` to advance the device's clock. */
  readonly run: (scene: Scene, jump: () => void, chrony: ClockClient) => Promise<void>;
  /** Makes the host send a SYNCRTC. Default: vmd checks its clock. */
  readonly ask?: (scene: Scene) => void;
  /** chrony reads the clock between the jump and the SYNCRTC. */
  readonly seen?: boolean;
  /** The guest sleeps meanwhile. */
  readonly sleeps?: boolean;
  readonly needs: readonly KernelOption[];
}

// Time stands still for vmd until the scenario lets it check its clock.
const watch = new VirtualScheduler();

const lookAtClock = (): void => watch.advance(1000);

/**
 * Corrections of chrony between the step of the host's clock and the SYNCRTC of `distro-chrony-late-sync`.
 */
const lateCorrections = 8;

const jumps: Readonly<Record<string, Jump>> = {
  'distro-chrony-host-step': {
    when: "after a step of the host's clock by an hour",
    seconds: 3600n,
    run: async (_, jump) => jump(),
    needs: ['PTP_1588_CLOCK'],
  },
  'distro-chrony-late-sync': {
    when: "after a step of the host's clock that chrony saw before the driver",
    seconds: 3600n,
    // Two of the four samples of a correction are from before the step and two from after it, and chrony uses
    // the two in the middle. It has the time for more corrections, by which it begins to slew the clock.
    run: async (scene, jump, chrony) => {
      await stepMidCorrection(scene, chrony, jump);
      await untilCorrections(scene, chrony, lateCorrections);
    },
    seen: true,
    needs: ['PTP_1588_CLOCK'],
  },
  'distro-chrony-pause': {
    when: 'after a pause of 10 minutes',
    seconds: 600n,
    run: async ({ vm }, jump) => {
      await vm.pause();
      jump();
      await vm.unpause();
    },
    needs: ['PTP_1588_CLOCK'],
  },
  'distro-chrony-suspend': {
    when: 'after a sleep of 10 minutes',
    seconds: 600n,
    run: async ({ vm, trace, until }, jump) => {
      const mark = trace.mark;
      await suspendGuest(vm, async () => jump());
      await until('status', mark, isDriverOk);
    },
    // QEMU resets the function when the guest wakes up; to vmd this is a new guest, for which it has not seen
    // the jump.
    ask: ({ device }) => void device.host.command('SYNCRTC'),
    seen: true,
    sleeps: true,
    needs: ['PTP_1588_CLOCK', 'SUSPEND'],
  },
};

for (const [
  name,
  { when, seconds, run, ask = lookAtClock, seen = false, sleeps = false, needs },
] of Object.entries(jumps)) {
  scenario(name, { guest: 'distro', needs, scheduler: watch }, async (scene) => {
    const { check, vm, device, driver, trace, until } = scene;
    needsPtp(driver);
    driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
    // vmd has not checked its clock until now, so it may send a SYNCRTC.
    const early = trace.mark;
    lookAtClock();
    if (trace.since(early, 'command').length > 0) await until('ack', early);
    const chrony = await startChrony(scene, await ptpClock(vm.shell, vm.address));
    await keepsTime(scene, chrony, { when: 'before it' });
    const before = await chronySteps(vm.shell);

    const mark = trace.mark;
    let stepsSince = await countClockSteps(vm.shell);
    const jump = () => run(scene, () => device.clock.shift(seconds * 1_000_000n), chrony);
    if (seen) await jump();
    // The kernel may set its clock from the RTC when it wakes up. That step does not count.
    if (sleeps) {
      await stepsSince();
      stepsSince = await countClockSteps(vm.shell);
    }
    await whileChronyWaits(scene, chrony, async () => {
      if (!seen) await jump();
      ask(scene);
      await until('ack', mark);
      await waitGuestClock(vm.shell, device.clock.now() * 1000n);
    });
    await keepsTime(scene, chrony, { when });
    check('shows-ptp-time').equal(`sources that chrony uses ${when}`, await selectedSources(vm.shell), [
      'PHC0',
    ]);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
    check('sets-clock').equal("steps of the guest's clock", (await stepsSince()).length, 1);
    const steps = (await chronySteps(vm.shell)).slice(before.length);
    check('sets-clock').equal('steps that chrony saw or made', steps, ['Forward time jump detected']);
  });
}
