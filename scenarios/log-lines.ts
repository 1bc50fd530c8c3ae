// The driver logs each event that its description names, in one line and only once. Faults are warnings or
// errors, all else is not.

import type { LogEvent } from '../harness/driver/description.js';
import { shiftGuestClock } from '../harness/guest/clock.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { showDurationNs } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { acks, readsOf } from '../harness/scenario/traffic.js';
import { frozen } from '../harness/vmmci/clock.js';
import { commands, type Request } from '../harness/vmmci/commands.js';
import { ACK, SYNCRTC, TIMESYNC } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames, repeatedStep, untimedSync } from './shared/check-names.js';
import { driverLog, warningsIn } from './shared/driver-log.js';

/** The features in the order of their bits. */
const names: readonly [feature: number, name: string][] = [
  [TIMESYNC, 'TIMESYNC'],
  [ACK, 'ACK'],
  [SYNCRTC, 'SYNCRTC'],
];

const offers = [TIMESYNC, ACK, SYNCRTC | ACK, TIMESYNC | ACK | SYNCRTC];

/** A value that no command has. */
const unknownCommand = 7;

/** The events that a warning or an error tells of. */
const faults: readonly LogEvent[] = ['absent', 'unknown', 'unreadable', 'unset'];

/** The frozen time of the device's clock, in nanoseconds since 1970. */
const frozenNs = 1_795_350_896_000_007_000n;

/** The last second that the device can show: -1 as a signed number of 32 bits. */
const lastSecond = 0xffff_ffffn;

const options = {
  clock: 'frozen:2026-11-22T12:34:56.000007Z',
  scheduler: new VirtualScheduler(),
  driver: 'installed',
} as const;

/**
 * Checks that `step` logs one line for each of the events, and no other lines that the description names.
 * Resolves with the lines of the driver.
 */
type CheckEvents = (
  what: string,
  events: readonly LogEvent[],
  step: () => Promise<unknown>,
) => Promise<readonly string[]>;

const eventChecker = ({ check, vm, driver }: Scene): CheckEvents => {
  const { logLines = {} } = driver.description;
  const eventsIn = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => {
      const found = Object.entries(logLines).filter(([, part]) => line.includes(part));
      return found.map(([event]) => event);
    });
  /** Those of the events that are in the kernel log, but in no line that is known to be the driver's. */
  const unnamed = async (events: readonly LogEvent[]): Promise<string[]> => {
    const parts = events.map((event) => logLines[event] ?? event);
    const [all, own] = [
      await vm.shell.output(['log-lines', ...parts], { what: 'lines that the description promises' }),
      await driverLog(vm.shell, driver.description),
    ];
    const others = all.split('\n').filter((line) => !own.includes(line));
    return events.filter((event) => others.some((line) => line.includes(logLines[event] ?? event)));
  };
  return async (what, events, step) => {
    const before = (await driverLog(vm.shell, driver.description)).length;
    await step();
    const lines = (await driverLog(vm.shell, driver.description)).slice(before);
    const seen = eventsIn(lines);
    const expected = events.filter((event) => logLines[event] !== undefined);
    check('says-what-happens').equal(`${checkNames.eventsLogged}: ${what}`, seen.sort(), expected.sort());
    const missing = expected.filter((event) => !seen.includes(event));
    if (missing.length > 0)
      check('says-what-happens').equal(`${checkNames.unnamedEvents}: ${what}`, await unnamed(missing), []);
    const warnings = warningsIn(lines);
    check('says-what-happens').equal(
      `${checkNames.eventsThatWarn}: ${what}`,
      eventsIn(warnings),
      expected.filter((event) => faults.includes(event)),
    );
    // The driver may warn of a fault with a line that is not described.
    if (events.every((event) => !faults.includes(event) || logLines[event] !== undefined))
      check('quiet-log').equal(
        `${checkNames.otherWarnings}: ${what}`,
        warnings.filter((line) => eventsIn([line]).length === 0),
        [],
      );
    return lines;
  };
};

const send = async ({ check, device, trace, until }: Scene, name: Request): Promise<void> => {
  const mark = trace.mark;
  check('driver-ok').equal(name, device.host.command(name), 'sent');
  await until('ack', mark);
  check('acknowledges').equal(`acknowledgements of ${name}`, acks(trace, mark).length, 1);
};

/** Checks that the driver's line about the features names those in use. */
const checkFeaturesLine = ({ check, driver }: Scene, features: number, lines: readonly string[]): void => {
  const part = driver.description.logLines?.features;
  if (part === undefined) return;
  const inUse = names.filter(([feature]) => (features & feature) !== 0).map(([, name]) => ` ${name}`);
  const [line = ''] = lines.filter((each) => each.includes(part));
  const logged = line.slice(line.indexOf(part) + part.length);
  check('says-what-happens').equal(
    `features that the line names, ${features} in use`,
    logged,
    inUse.join(''),
  );
};

/** Loads the driver once with each offer. The driver of the last offer stays loaded. */
const checkOffers = async (scene: Scene, checkEvents: CheckEvents): Promise<void> => {
  const { device, driver } = scene;
  for (const features of offers) {
    await device.stopBackend();
    await device.startBackend({ features });
    const lines = await checkEvents(`loaded, features ${features}`, ['features'], () =>
      driver.load(driver.quiet),
    );
    checkFeaturesLine(scene, features, lines);
    if (features === (ACK | SYNCRTC))
      await checkEvents(untimedSync, ['SYNCRTC', 'unreadable'], async () => {
        await send(scene, 'SYNCRTC');
        await driver.unload(); // waits until the command is carried out
      });
    else if (features !== offers.at(-1)) await driver.unload();
  }
};

/** Lets the command register read as `value`, once. */
const readOnceAs = ({ device }: Scene, value: number): void =>
  device.faults.set({ faults: [{ kind: 'value', value, when: { ...readsOf('command'), times: 1 } }] });

/**
 * The driver finds the command that is really in the register when it is removed. The second time, everything
 * is logged anew, although the modules stay loaded.
 */
const checkUnknownCommand = async (scene: Scene, checkEvents: CheckEvents): Promise<void> => {
  const { check, vm, device, driver, trace, until } = scene;
  const bound = await vm.shell.text(`basename ${driver.path('')}`);
  const bind = (how: 'bind' | 'unbind') => vm.shell.text(`echo ${bound} >${driver.binding.directory}/${how}`);
  const once = async (when: string): Promise<void> => {
    readOnceAs(scene, unknownCommand);
    await checkEvents(`an unknown command, then SYNCRTC${when}`, ['unknown', 'SYNCRTC', 'set'], async () => {
      const mark = trace.mark;
      check('driver-ok').equal(
        `a command that reads as ${unknownCommand}`,
        device.host.command('SYNCRTC'),
        'sent',
      );
      await until('fault', mark);
      await bind('unbind');
    });
    device.faults.clear();
    await checkEvents(`bound${repeatedStep}`, ['features'], () => bind('bind'));
  };
  await once('');
  await once(repeatedStep);
};

/** The line about a sample shows the same seconds as the device, also when they need 32 bits. */
const checkLastSample = async ({ check, vm, device, driver }: Scene): Promise<void> => {
  const { sample } = driver.description.logLines ?? {};
  if (sample === undefined) return;
  device.clock.set(frozen(lastSecond * 1_000_000n + 7n));
  const before = (await driverLog(vm.shell, driver.description)).length;
  await driver.hostTime();
  const lines = (await driverLog(vm.shell, driver.description)).slice(before);
  device.clock.set(frozen(frozenNs / 1000n));
  const expected = sample.replace(String(frozenNs / 1_000_000_000n), String(lastSecond));
  check('says-what-happens').that(
    checkNames.lastSample,
    lines.some((line) => line.includes(expected)),
    expected,
    lines,
  );
};

/** A reading that fails has no sample. */
const checkFailedReading = async ({ check, vm, device, driver }: Scene): Promise<void> => {
  const { sample } = driver.description.logLines ?? {};
  if (sample === undefined) return;
  const seconds = String(frozenNs / 1_000_000_000n);
  const begin = sample.slice(0, sample.indexOf(seconds) + seconds.length);
  const before = (await driverLog(vm.shell, driver.description)).length;
  device.faults.set({ faults: [{ kind: 'value', value: 1_000_000, when: readsOf('microsecondsLow') }] });
  await driver.read(driver.hostTimeName);
  device.faults.clear();
  const lines = (await driverLog(vm.shell, driver.description)).slice(before);
  check('says-what-happens').equal(
    checkNames.samplesOfFailure,
    lines.filter((line) => line.includes(begin)),
    [],
  );
};

/** At the level of samples, the driver logs each reading. */
const checkReading = async (scene: Scene, checkEvents: CheckEvents): Promise<void> => {
  const { check, vm, driver } = scene;
  const { logLevels } = driver.description;
  if (logLevels === undefined || !driver.showsHostTime) return;
  const { parameter, samples } = logLevels;
  const set = (value: string) => vm.shell.text(`echo ${value} >${driver.parameterPath(parameter)}`);
  await set(samples);
  const before = await shiftGuestClock(vm.shell, 0n);
  const lines = await checkEvents(`a reading at ${parameter} ${samples}`, ['sample'], () =>
    driver.hostTime(),
  );
  const after = await shiftGuestClock(vm.shell, 0n);
  const logged = lines.map((line) => / drift (-?\d{1,19}) ns$/.exec(line)?.[1]).find(Boolean);
  if (logged !== undefined)
    check('says-what-happens').between(
      checkNames.loggedDrift,
      BigInt(logged),
      { from: frozenNs - after, to: frozenNs - before },
      showDurationNs,
    );
  await checkLastSample(scene);
  await checkFailedReading(scene);
  await set('0');
};

/** The driver is unloaded afterwards. */
const checkCommands = async (scene: Scene, checkEvents: CheckEvents): Promise<void> => {
  const { check, vm, driver } = scene;
  const requested: string[] = [];
  for (const [stop, program] of [
    ['REBOOT', 'reboot'],
    ['SHUTDOWN', 'poweroff'],
  ] as const)
    await checkEvents(stop, [stop], async () => {
      await send(scene, stop);
      requested.push(program);
      const requests = await powerRequests(vm.shell, requested.length);
      check('goes-down').equal(`requests to go down after ${stop}`, requests, requested);
    });
  await checkEvents('SYNCRTC', ['SYNCRTC', 'set'], async () => {
    await send(scene, 'SYNCRTC');
    await driver.unload();
  });
};

scenario('log-lines', options, async (scene) => {
  const { vm, device, driver } = scene;
  driver.needs(Object.keys(driver.description.logLines ?? {}).length > 0, 'log lines in its description');
  driver.needs(driver.description.syncRtc !== undefined, 'SYNCRTC');
  const checkEvents = eventChecker(scene);
  await recordPowerRequests(vm.shell);
  await checkOffers(scene, checkEvents);
  await checkUnknownCommand(scene, checkEvents);
  await checkReading(scene, checkEvents);
  await checkCommands(scene, checkEvents);
  readOnceAs(scene, commands.REBOOT);
  await checkEvents('loaded with a REBOOT in the register', ['features', 'stale'], () =>
    driver.load(driver.quiet),
  );
  device.faults.clear();
  await driver.unload();
  await device.stopBackend();
  await checkEvents('loaded without the device', ['absent'], () => driver.load(driver.quiet));
  await driver.unload();
});
