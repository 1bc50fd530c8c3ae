// A command of a host to come: counted, told, and neither acknowledged nor acted on. What comes after it is.
import { powerRequests, refuseToGoDown } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses, acks, isTimeRead } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const readCommand = { protocol: 'vfio-user', command: 'REGION_READ', region: 0, offset: 20 } as const;
const options = { scheduler: new VirtualScheduler(), parameters: { drift_interval_ms: '20' } };

scenario('unknown-command', options, async ({ check, vm, device, driver, trace, until }) => {
  await refuseToGoDown(vm.shell);
  // The command that is really there brings the interrupt; a fault shows another value in its place.
  for (const [value, seen] of [
    [4, 1],
    [0x80000002, 2],
    [0x0200, 3],
  ] as const) {
    device.faults.set({ faults: [{ kind: 'value', value, when: readCommand }] });
    const mark = trace.mark;
    check.equal(`a command that reads as 0x${value.toString(16)}`, device.host.command('SYNCRTC'), 'sent');
    await until('fault', mark, undefined, 5);
    check.equal('acknowledgements', acks(trace, mark), []);
    check.equal(
      'accesses that set the clock',
      accesses(trace, mark).filter((access) => access === 'read 24'),
      [],
    );
    check.equal('last_command', await driver.lastCommand(), 'unknown');
    check.equal('unknown commands', (await driver.commandCounts()).unknown, seen);

    device.faults.clear();
    await until('ack', mark);
    await until('bar-read', mark, isTimeRead);
    check.equal('acknowledgements, when it reads as SYNCRTC', acks(trace, mark), [[3, 'cleared']]);
  }
  check.equal('requests to go down', await powerRequests(vm.shell), []);
});
