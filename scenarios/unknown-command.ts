// The driver counts and shows a command that it does not know, and neither acknowledges it nor acts on it. It
// handles the command after it as usual.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, acks, isTimeRead, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames, repeatedStep } from './shared/check-names.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

/** The number of different values. */
const values = 3;

const options = { scheduler: new VirtualScheduler(), pollMs: 20 };

scenario('unknown-command', options, async ({ check, vm, device, driver, trace, until }) => {
  needSyncRtc({ driver, device });
  await recordPowerRequests(vm.shell);
  const polls = driver.hasPollInterval;
  const { syncRtc, time, logLevels } = driver.description;
  // A driver that measures the time by itself reads it at any moment.
  const setsFromRegisters = syncRtc === 'registers' && time === undefined;
  // A REBOOT causes the interrupt; a fault makes the register read as another value.
  for (const [value, seen, level] of [
    [4, 1, undefined],
    [0x80000002, 2, 'acknowledgements'],
    [0x0200, 3, 'samples'],
    // Again, after another command: it is a new one.
    [0x0200, 4, 'samples'],
  ] as const) {
    // At a higher level, a driver also has such a command in its lines.
    if (level !== undefined && logLevels !== undefined)
      await vm.shell.text(`echo ${logLevels[level]} >${driver.parameterPath(logLevels.parameter)}`);
    device.faults.set({ faults: [{ kind: 'value', value, when: readsOf('command') }] });
    let mark = trace.mark;
    const what = `command that reads as 0x${value.toString(16)}`;
    check('driver-ok').equal(what, device.host.command('REBOOT'), 'sent');
    await until('fault', mark, undefined, polls ? 5 : 1);
    if (driver.showsCommands) {
      const { unknown } = await driver.commandCounts();
      const again = seen > values ? repeatedStep : '';
      check('shows-commands').equal(`last command${again}`, await driver.lastCommand(), 'unknown');
      check('shows-commands').equal(`unknown commands${again}`, unknown, seen);
    }
    const known = check('acknowledges-known-only');
    known.equal('requests to go down', await powerRequests(vm.shell), []);
    known.equal('acknowledgements of an unknown command', acks(trace, mark), []);
    if (setsFromRegisters && level !== 'samples') {
      const reads = accesses(trace, mark).filter((access) => access === 'read secondsLow');
      known.equal(checkNames.readsToSet, reads, []);
    }

    // The driver must not see the REBOOT between the end of the fault and the SYNCRTC.
    await vm.pause();
    device.faults.clear();
    mark = trace.mark;
    check('driver-ok').equal('SYNCRTC that replaces the REBOOT', device.host.command('SYNCRTC'), 'sent');
    await vm.unpause();
    const { seq } = await until('ack', mark);
    if (syncRtc === 'registers') await until('bar-read', seq, isTimeRead);
    check('acknowledges').equal('acknowledgements of SYNCRTC', acks(trace, mark), ['SYNCRTC: cleared']);
  }
  check('acknowledges-known-only').equal('requests to go down at the end', await powerRequests(vm.shell), []);
});
