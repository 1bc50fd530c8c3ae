// Each command follows each other command, and itself. The device sends a new command and does not repeat one
// that is already in its register.

import { recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, interrupts } from '../harness/scenario/traffic.js';
import type { Request } from '../harness/vmmci/commands.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

/** Contains every ordered pair of commands exactly once. */
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

/**
 * The effect of the acknowledgement. An acknowledged stop stays in the register, so the same stop is not sent
 * again.
 */
const effects = { SHUTDOWN: 'graceful', REBOOT: 'graceful', SYNCRTC: 'cleared' } as const;

const options = { scheduler: new VirtualScheduler(), quiet: true };

scenario('command-order', options, async ({ check, vm, device, driver, trace, until }) => {
  await recordPowerRequests(vm.shell);
  const counts = { SHUTDOWN: 0, REBOOT: 0, SYNCRTC: 0, unknown: 0 };
  for (const [index, name] of sequence.entries()) {
    const repeated = name !== 'SYNCRTC' && sequence[index - 1] === name;
    const mark = trace.mark;
    const result = repeated ? 'unchanged' : 'sent';
    check('driver-ok').equal(`command ${index + 1}, ${name}`, device.host.command(name), result);
    if (!repeated) {
      counts[name] += 1;
      await until('ack', mark);
    }
    const answers = repeated ? [] : [`${name}: ${effects[name]}`];
    check('acknowledges').equal('acknowledgements', acks(trace, mark), answers);
    check('one-interrupt').equal('interrupts', interrupts(trace, mark), repeated ? 0 : 1);
    if (!driver.showsCommands) continue;
    check('shows-commands').equal('last command', await driver.lastCommand(), name);
    check('shows-commands').equal('commands', await driver.commandCounts(), counts);
  }
});
