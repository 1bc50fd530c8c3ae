// An acknowledged REBOOT stays in the register. It is acted on once, however often the register is looked at, and a new one again.
import { powerRequests, refuseToGoDown } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isLook } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const options = { scheduler: new VirtualScheduler(), parameters: { drift_interval_ms: '20' } };

scenario('sticky-stop', options, async ({ check, vm, device, driver, trace, until }) => {
  await refuseToGoDown(vm.shell);
  const requested: string[] = [];
  for (const [name, value, program] of [
    ['REBOOT', 2, 'reboot'],
    ['REBOOT', 2, 'reboot'], // right after the SYNCRTC: no look sees that the register was NONE in between
    ['SHUTDOWN', 1, 'poweroff'],
  ] as const) {
    let mark = trace.mark;
    check.equal(name, device.host.command(name), 'sent');
    const { seq } = await until('ack', mark);
    await until('bar-read', seq, isLook, 5);
    requested.push(program);
    check.equal('requests to go down', await powerRequests(vm.shell, requested.length), requested);
    check.equal('acknowledgements, five looks later', acks(trace, mark), [[value, 'graceful']]);
    check.equal('the register', device.vmmci.state().command, name);
    check.equal('last_command', await driver.lastCommand(), name);

    mark = trace.mark;
    check.equal('SYNCRTC, in place of it', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    check.equal('acknowledgements', acks(trace, mark), [[3, 'cleared']]);
  }
  check.equal('requests to go down, all in all', await powerRequests(vm.shell), requested);
  check.equal('commands', await driver.commandCounts(), { SHUTDOWN: 1, REBOOT: 2, SYNCRTC: 3, unknown: 0 });
});
