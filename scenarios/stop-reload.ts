// A reset of the device does not clear the command: a reloaded driver finds the stop that the previous one
// has handled, and must not act on it again.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isCommandRead, isDriverOk } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const parameters = { drift_interval_ms: '20' };

scenario('stop-reload', { scheduler: new VirtualScheduler() }, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  await recordPowerRequests(vm.shell);
  const requested: string[] = [];
  let mark = trace.mark;
  for (const [name, program] of [
    ['SHUTDOWN', 'poweroff'],
    ['REBOOT', 'reboot'],
  ] as const) {
    mark = trace.mark;
    check('driver-ok').equal(name, device.host.command(name), 'sent');
    await until('ack', mark);
    requested.push(program);
    const seen = await powerRequests(vm.shell, requested.length);
    check('goes-down').equal('requests to go down', seen, requested);

    await driver.unload();
    check('acknowledges').equal('command register', device.vmmci.state().command, name);
    mark = trace.mark;
    await driver.load(driver.having(parameters));
    const up = await until('status', mark, isDriverOk);
    // A driver that does not poll sees the register at the next interrupt, the next command below.
    if (driver.has('drift_interval_ms')) await until('bar-read', up.seq, isCommandRead, 5);
    check('survives-reload').equal('acknowledgements by the new driver', acks(trace, mark), []);
    check('survives-reload').equal('requests to go down', await powerRequests(vm.shell), requested);
    if (driver.showsCommands)
      check('shows-commands').equal('last command', await driver.lastCommand(), 'NONE');
  }

  mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  mark = trace.mark;
  check('driver-ok').equal('REBOOT', device.host.command('REBOOT'), 'sent');
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements of a new REBOOT', acks(trace, mark), ['REBOOT: graceful']);
  requested.push('reboot');
  const requests = await powerRequests(vm.shell, requested.length);
  check('goes-down').equal('requests to go down afterwards', requests, requested);
});
