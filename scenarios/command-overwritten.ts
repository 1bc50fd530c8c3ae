// A command that comes before the last one is dealt with takes its place: the driver acts on what is there when it looks.
import { powerRequests, refuseToGoDown } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const options = { scheduler: new VirtualScheduler(), parameters: { drift_interval_ms: '20' } };

scenario('command-overwritten', options, async ({ check, vm, device, driver, trace, until }) => {
  const { host } = device;
  await refuseToGoDown(vm.shell);

  let mark = trace.mark;
  await vm.pause();
  check.equal('SYNCRTC to a guest that is paused', host.command('SYNCRTC'), 'sent');
  check.equal('SYNCRTC while one is pending', host.command('SYNCRTC'), 'unchanged');
  check.equal('stop while SYNCRTC is pending', host.stop(), 'sent');
  await vm.unpause();
  await until('ack', mark);
  check.equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
  check.equal('acknowledgements', acks(trace, mark), [[2, 'graceful']]);
  check.equal('commands', await driver.commandCounts(), { SHUTDOWN: 0, REBOOT: 1, SYNCRTC: 0, unknown: 0 });

  mark = trace.mark;
  await vm.pause();
  check.equal('SHUTDOWN in place of the REBOOT', host.command('SHUTDOWN'), 'sent');
  check.equal('SYNCRTC in place of the SHUTDOWN', host.command('SYNCRTC'), 'sent');
  await vm.unpause();
  await until('ack', mark);
  check.equal('last_command', await driver.lastCommand(), 'SYNCRTC');
  check.equal('requests to go down', await powerRequests(vm.shell), ['reboot']);
  check.equal('acknowledgements', acks(trace, mark), [[3, 'cleared']]);
  check.equal('the register', device.vmmci.state().command, 'NONE');
});
