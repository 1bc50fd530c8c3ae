// Each command follows each other command, and itself. The device sends a new command and does not repeat one
// that is already in its register.

import { recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, interrupts, isTimeRead } from '../harness/scenario/traffic.js';
import type { Request } from '../harness/vmmci/commands.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

/** Contains every ordered pair of commands exactly once. */
const sequence: readonly Request[] = [
  'SYNCRTC',
  'REBOOT',
  'SHUTDOWN',
  'SYNCRTC',
  'SHUTDOWN',
  'SHUTDOWN',
  'REBOOT',
  'REBOOT',
  'SYNCRTC',
  'SYNCRTC',
];

/**
 * The effect of the acknowledgement. An acknowledged stop stays in the register, so the same stop is not sent
 * again.
 */
const effects = { SHUTDOWN: 'graceful', REBOOT: 'graceful', SYNCRTC: 'cleared' } as const;

/** More commands than a number of 8 bits can count. */
const many = 256;

const options = { scheduler: new VirtualScheduler(), quiet: true };

scenario('command-order', options, async ({ check, vm, device, driver, trace, until }) => {
  needSyncRtc({ driver, device });
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
    // The command is carried out whatever came before it.
    if (name === 'SYNCRTC' && driver.description.syncRtc === 'registers')
      await until('bar-read', mark, isTimeRead);
    const answers = repeated ? [] : [`${name}: ${effects[name]}`];
    check('acknowledges').equal('acknowledgements', acks(trace, mark), answers);
    check('one-interrupt').equal('interrupts', interrupts(trace, mark), repeated ? 0 : 1);
    if (!driver.showsCommands) continue;
    check('shows-commands').equal('last command', await driver.lastCommand(), name);
    check('shows-commands').equal('commands', await driver.commandCounts(), counts);
  }
  // A driver that only polls needs minutes for so many.
  if (!driver.showsCommands || !driver.description.interrupts) return;

  let left = many;
  const mark = trace.mark;
  const stop = trace.follow((event) => {
    if (event.kind === 'ack' && --left > 0) queueMicrotask(() => device.host.command('SYNCRTC'));
  });
  check('driver-ok').equal(`first of ${many} SYNCRTC`, device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark, undefined, many);
  stop();
  counts.SYNCRTC += many;
  check('shows-commands').equal(checkNames.commandsAfterMany, await driver.commandCounts(), counts);
});
