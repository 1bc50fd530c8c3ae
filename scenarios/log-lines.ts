// The driver logs each event that its description names, in one line and only once. Faults are warnings or
// errors, all else is not.

import type { LogEvent } from '../harness/driver/description.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { checkNames } from '../harness/scenario/check-names.js';
import { driverLog, warningsIn } from '../harness/scenario/driver-log.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, readsOf } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC, TIMESYNC } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

/** The features in the order of their bits. */
const names: readonly [feature: number, name: string][] = [
  [TIMESYNC, 'TIMESYNC'],
  [ACK, 'ACK'],
  [SYNCRTC, 'SYNCRTC'],
];

const offers = [TIMESYNC, ACK, SYNCRTC | ACK, TIMESYNC | ACK | SYNCRTC];

/** The events that a warning or an error tells of. */
const faults: readonly LogEvent[] = ['absent', 'unknown', 'unreadable', 'unset'];

const options = {
  clock: 'frozen:2026-11-22T12:34:56.000007Z',
  scheduler: new VirtualScheduler(),
  driver: 'installed',
} as const;

scenario('log-lines', options, async ({ check, vm, device, driver, trace, until }) => {
  const { shell } = vm;
  const { logLines = {}, logLevels } = driver.description;
  driver.needs(Object.keys(logLines).length > 0, 'log lines in its description');
  await recordPowerRequests(shell);
  /**
   * Checks that `step` logs one line for each of the events, and no other lines that the description names.
   */
  const checkEvents = async (what: string, events: readonly LogEvent[], step: () => Promise<unknown>) => {
    const before = (await driverLog(shell, driver.description)).length;
    await step();
    const lines = (await driverLog(shell, driver.description)).slice(before);
    const eventsIn = (some: readonly string[]): string[] =>
      some.flatMap((line) => {
        const found = Object.entries(logLines).filter(([, part]) => line.includes(part));
        return found.map(([event]) => event);
      });
    const seen = eventsIn(lines);
    const expected = events.filter((event) => logLines[event] !== undefined);
    check('says-what-happens').equal(`${checkNames.eventsLogged}: ${what}`, seen.sort(), expected.sort());
    const warnings = warningsIn(lines);
    check('says-what-happens').equal(
      `${checkNames.eventsThatWarn}: ${what}`,
      eventsIn(warnings),
      expected.filter((event) => faults.includes(event)),
    );
    check('quiet-log').equal(
      `${checkNames.otherWarnings}: ${what}`,
      warnings.filter((line) => eventsIn([line]).length === 0),
      [],
    );
    return lines;
  };
  const send = async (name: 'SHUTDOWN' | 'REBOOT' | 'SYNCRTC') => {
    const mark = trace.mark;
    check('driver-ok').equal(name, device.host.command(name), 'sent');
    await until('ack', mark);
    check('acknowledges').equal(`acknowledgements of ${name}`, acks(trace, mark).length, 1);
  };

  for (const features of offers) {
    await device.stopBackend();
    await device.startBackend({ features });
    const lines = await checkEvents(`loaded, features ${features}`, ['features'], () =>
      driver.load(driver.quiet),
    );
    if (logLines.features !== undefined) {
      const inUse = names.filter(([feature]) => (features & feature) !== 0).map(([, name]) => ` ${name}`);
      const [line = ''] = lines.filter((each) => each.includes(logLines.features ?? ''));
      const logged = line.slice(line.indexOf(logLines.features) + logLines.features.length);
      check('says-what-happens').equal(
        `features that the line names, ${features} in use`,
        logged,
        inUse.join(''),
      );
    }
    if (features === (ACK | SYNCRTC))
      await checkEvents('SYNCRTC without a time', ['SYNCRTC', 'unreadable'], async () => {
        await send('SYNCRTC');
        await driver.unload(); // waits until the command is carried out
      });
    else if (features !== offers.at(-1)) await driver.unload();
  }

  // The driver finds the command that is really in the register when it is removed.
  device.faults.set({ faults: [{ kind: 'value', value: 7, when: { ...readsOf('command'), times: 1 } }] });
  await checkEvents('an unknown command, then SYNCRTC', ['unknown', 'SYNCRTC', 'set'], async () => {
    const mark = trace.mark;
    check('driver-ok').equal('a command that reads as 7', device.host.command('SYNCRTC'), 'sent');
    await until('fault', mark);
    await driver.unload();
  });
  device.faults.clear();
  await driver.load(driver.quiet);
  if (logLevels !== undefined && driver.showsHostTime) {
    const { parameter, samples } = logLevels;
    const module = driver.description.parameters.find(({ name }) => name === parameter)?.module;
    const set = (value: string) => shell.text(`echo ${value} >/sys/module/${module}/parameters/${parameter}`);
    await set(samples);
    await checkEvents(`a reading at ${parameter} ${samples}`, ['sample'], () => driver.hostTime());
    await set('0');
  }
  await checkEvents('REBOOT', ['REBOOT'], async () => {
    await send('REBOOT');
    await powerRequests(shell, 1);
  });
  await checkEvents('SHUTDOWN', ['SHUTDOWN'], async () => {
    await send('SHUTDOWN');
    await powerRequests(shell, 2);
  });
  await checkEvents('SYNCRTC', ['SYNCRTC', 'set'], async () => {
    await send('SYNCRTC');
    await driver.unload();
  });

  device.faults.set({ faults: [{ kind: 'value', value: 2, when: { ...readsOf('command'), times: 1 } }] });
  await checkEvents('loaded with a REBOOT in the register', ['features', 'stale'], () =>
    driver.load(driver.quiet),
  );
  device.faults.clear();
  await driver.unload();
  await device.stopBackend();
  await checkEvents('loaded without the device', ['absent'], () => driver.load(driver.quiet));
  await driver.unload();
});
