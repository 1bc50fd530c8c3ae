// A command that arrives before the driver handled the previous one replaces it. The driver acts on the
// command that it reads, and on each that it has acknowledged.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isCommandRead, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

const options = { scheduler: new VirtualScheduler(), pollMs: 20 };

/**
 * Two commands, the second of which is sent when the device has just received the acknowledgement of the
 * first. Whether its interrupt comes before the driver carries out the first is a matter of luck;
 * `stop-before-sleep` makes sure of it for SHUTDOWN and SYNCRTC.
 */
const pairs = [
  ['SHUTDOWN', 'SYNCRTC', ['SHUTDOWN: graceful', 'SYNCRTC: cleared'], 'poweroff'],
  ['SYNCRTC', 'REBOOT', ['SYNCRTC: cleared', 'REBOOT: graceful'], 'reboot'],
] as const;

/**
 * The delays, in milliseconds, of the device's answers to polls during which a command arrives. With a delay
 * the poll itself reads the command, and the interrupt comes while it carries the command out. QEMU decides
 * when, and needs a CPU of the host before the delay is over: hence several attempts, one of which suffices
 * to show a lock that is held with interrupts on.
 */
const delays = [0, 0, 0, 20, 20, 20, 20, 20, 20, 20, 20, 100, 100, 400];

scenario('command-overwritten', options, async ({ check, vm, device, driver, trace, until }) => {
  needSyncRtc({ driver, device });
  const { host } = device;
  await recordPowerRequests(vm.shell);

  let mark = trace.mark;
  await vm.pause();
  check('driver-ok').equal('SYNCRTC to a paused guest', host.command('SYNCRTC'), 'sent');
  check('device').equal('SYNCRTC while one is pending', host.command('SYNCRTC'), 'unchanged');
  check('device').equal('stop while SYNCRTC is pending', host.stop(), 'sent');
  await vm.unpause();
  await until('ack', mark);
  check('acts-on-newest').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['REBOOT: graceful']);
  const counts = { SHUTDOWN: 0, REBOOT: 1, SYNCRTC: 0, unknown: 0 };
  if (driver.showsCommands) check('shows-commands').equal('commands', await driver.commandCounts(), counts);

  mark = trace.mark;
  await vm.pause();
  check('device').equal('SHUTDOWN that replaces the REBOOT', host.command('SHUTDOWN'), 'sent');
  check('device').equal('SYNCRTC that replaces the SHUTDOWN', host.command('SYNCRTC'), 'sent');
  await vm.unpause();
  await until('ack', mark);
  if (driver.showsCommands)
    check('shows-commands').equal('last command', await driver.lastCommand(), 'SYNCRTC');
  check('acts-on-newest').equal('requests to go down', await powerRequests(vm.shell), ['reboot']);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  check('acknowledges').equal('command register', device.vmmci.state().command, 'NONE');

  // A stop of the other kind that nothing replaces: it tells a driver that keeps the first kind from one that
  // takes the kind from a later command.
  const requested = ['reboot', 'poweroff'];
  mark = trace.mark;
  check('driver-ok').equal('SHUTDOWN', host.command('SHUTDOWN'), 'sent');
  await until('ack', mark);
  const requests = await powerRequests(vm.shell, requested.length);
  check('goes-down').equal(checkNames.stopOfOtherKind, requests, requested);
  mark = trace.mark;
  check('driver-ok').equal('SYNCRTC that replaces it', host.command('SYNCRTC'), 'sent');
  await until('ack', mark);

  for (const [first, second, answers, program] of pairs) {
    const results: string[] = [];
    const stop = trace.follow((event) => {
      if (event.kind !== 'ack') return;
      stop();
      // The device is not done with the acknowledgement yet.
      queueMicrotask(() => results.push(host.command(second)));
    });
    mark = trace.mark;
    check('driver-ok').equal(first, host.command(first), 'sent');
    await until('ack', mark, undefined, 2);
    check('driver-ok').equal(`${second} at the acknowledgement of ${first}`, results, ['sent']);
    check('acknowledges').equal('acknowledgements of both', acks(trace, mark), [...answers]);
    requested.push(program);
    check('acts-on-newest').equal(
      `${checkNames.stopsAfterTwo} ${first} and ${second}`,
      await powerRequests(vm.shell, requested.length),
      requested,
    );
  }

  // The device sends a command and raises its interrupt while a poll reads the register.
  if (!driver.hasPollInterval) return;
  for (const ms of delays) {
    mark = trace.mark;
    const results: string[] = [];
    const stop = trace.follow((event) => {
      const isMoment = ms > 0 ? event.kind === 'fault' : event.kind === 'bar-read' && isCommandRead(event);
      if (!isMoment) return;
      stop();
      results.push(host.command('SYNCRTC'));
    });
    const slow = { kind: 'delay', ms, when: { ...readsOf('command'), times: 1 } } as const;
    if (ms > 0) device.faults.set({ faults: [slow] });
    await until('ack', mark);
    check('driver-ok').equal(`SYNCRTC during a poll that takes ${ms} ms`, results, ['sent']);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  }
});
