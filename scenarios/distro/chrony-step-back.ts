// The host's clock is set back by an hour while chrony synchronises the guest's clock. vmd sends no SYNCRTC
// then. chrony slews the clock, which would take half a day, and steps it when it is told to.

import { countClockSteps } from '../../harness/guest/clock-steps.js';
import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';
import { askChrony, chronySteps, selectedSources, startChrony } from '../shared/chrony.js';
import { type ClockClient, keepsTime, stepMidCorrection, untilCorrections } from '../shared/clock-client.js';
import { needsPtp, ptpClock } from '../shared/ptp.js';

const hour = 3600;

/** Maximum number of corrections until chrony begins to slew: about 6 under TCG on an idle host. */
const maxCorrections = 60;

// Time stands still for vmd until the scenario lets it check its clock.
const watch = new VirtualScheduler();

/** The seconds by which chrony still has to correct the clock: field `System time` of `chronyc tracking`. */
const toCorrect = async ({ vm }: Scene): Promise<number> => {
  const [fields = []] = await askChrony(vm.shell, 'tracking');
  return Number(fields[4]);
};

/** Resolves with whether chrony has begun to correct more than half of the step. */
const untilSlews = async (scene: Scene, chrony: ClockClient): Promise<boolean> => {
  for (let left = maxCorrections; left > 0; left--) {
    if (Math.abs(await toCorrect(scene)) > hour / 2) return true;
    await untilCorrections(scene, chrony, 1);
  }
  return false;
};

scenario(
  'distro-chrony-host-step-back',
  { guest: 'distro', needs: ['PTP_1588_CLOCK'], scheduler: watch },
  async (scene) => {
    const { check, vm, device, driver, trace, until } = scene;
    needsPtp(driver);
    // vmd has not checked its clock until now, so it may send a SYNCRTC.
    const early = trace.mark;
    watch.advance(1000);
    if (trace.since(early, 'command').length > 0) await until('ack', early);
    const chrony = await startChrony(scene, await ptpClock(vm.shell, vm.address));
    await keepsTime(scene, chrony, { when: 'before it' });
    const before = await chronySteps(vm.shell);

    const mark = trace.mark;
    const stepsSince = await countClockSteps(vm.shell);
    await stepMidCorrection(scene, chrony, () => device.clock.shift(BigInt(-hour) * 1_000_000n));
    watch.advance(1000);
    check('device').equal('commands of vmd after it', trace.since(mark, 'command'), []);
    check('shows-ptp-time').equal('chrony corrects it', await untilSlews(scene, chrony), true);
    check('shows-ptp-time').equal(
      'steps by chrony by itself',
      (await chronySteps(vm.shell)).slice(before.length),
      [],
    );
    await vm.shell.text('chronyc makestep', { what: 'step of the clock by chrony' });
    await keepsTime(scene, chrony, { when: 'after it' });
    check('shows-ptp-time').equal('sources that chrony uses after it', await selectedSources(vm.shell), [
      'PHC0',
    ]);
    check('shows-ptp-time').equal("steps of the guest's clock", (await stepsSince()).length, 1);
    const steps = (await chronySteps(vm.shell)).slice(before.length);
    check('shows-ptp-time').equal('steps that chrony saw or made', steps, ['System clock was stepped']);
  },
);
