// Each command after each, and after itself: the device sends what is new and keeps silent about what it has asked already.
import { refuseToGoDown } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, interrupts } from '../harness/scenario/traffic.js';
import type { Request } from '../harness/vmmci/commands.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

/** Every pair of commands, one after the other, is in here once. */
const sequence: readonly Request[] = [
  'SHUTDOWN',
  'SHUTDOWN',
  'REBOOT',
  'REBOOT',
  'SYNCRTC',
  'SYNCRTC',
  'REBOOT',
  'SHUTDOWN',
  'SYNCRTC',
  'SHUTDOWN',
];

/** What it is acknowledged with, and what that does. An acknowledged stop stays, so the same again is nothing new. */
const answers = {
  SHUTDOWN: [1, 'graceful'],
  REBOOT: [2, 'graceful'],
  SYNCRTC: [3, 'cleared'],
} as const;

const options = { scheduler: new VirtualScheduler(), quiet: true };

scenario('command-order', options, async ({ check, vm, device, driver, trace, until }) => {
  await refuseToGoDown(vm.shell);
  const counts = { SHUTDOWN: 0, REBOOT: 0, SYNCRTC: 0, unknown: 0 };
  for (const [index, name] of sequence.entries()) {
    const repeated = name !== 'SYNCRTC' && sequence[index - 1] === name;
    const mark = trace.mark;
    check.equal(`${index + 1}: ${name}`, device.host.command(name), repeated ? 'unchanged' : 'sent');
    if (!repeated) {
      counts[name] += 1;
      await until('ack', mark);
    }
    check.equal('acknowledgements', acks(trace, mark), repeated ? [] : [[...answers[name]]]);
    check.equal('interrupts', interrupts(trace, mark), repeated ? 0 : 1);
    if (!driver.showsCommands) continue;
    check.equal('last_command', await driver.lastCommand(), name);
    check.equal('commands', await driver.commandCounts(), counts);
  }
});
