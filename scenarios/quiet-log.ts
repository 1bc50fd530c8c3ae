// The driver logs only what matters: no line for a reading or a poll, and no warning as long as there is no
// fault.

import type { LogLevels } from '../harness/driver/description.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { isCommandRead, isTimeRead, readsOf } from '../harness/scenario/traffic.js';
import { ACK } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { driverLog, warningsIn } from './shared/driver-log.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';

const readings = 20;

const pollMs = 20;

const options = { scheduler: new VirtualScheduler(), pollMs };

/** The lines that the driver writes while `step` runs. */
const linesOf = async ({ vm, driver }: Scene, step: () => Promise<unknown>): Promise<string[]> => {
  const before = (await driverLog(vm.shell, driver.description)).length;
  await step();
  return (await driverLog(vm.shell, driver.description)).slice(before);
};

type AttributeName = string | undefined;

const pathsOf = ({ driver }: Scene, names: readonly AttributeName[]): string[] =>
  names.flatMap((name) => (name === undefined ? [] : [driver.path(name)]));

/** The paths of the attributes whose content comes from the device's clock. */
const timesOf = (scene: Scene): string[] => {
  const { time } = scene.driver.description;
  return time?.kind === 'sysfs' ? pathsOf(scene, [time.hostTime, time.driftNs]) : [];
};

/** The paths of all attributes that the driver shows. */
const attributesOf = (scene: Scene): string[] => {
  const { time, commands } = scene.driver.description;
  const guestTime = time?.kind === 'sysfs' ? time.guestTime : undefined;
  return [...timesOf(scene), ...pathsOf(scene, [guestTime, commands?.last, commands?.counts])];
};

/**
 * Reads each file so many times. The shell itself reads: a program for each would take seconds, in which a
 * driver that limits the rate of its lines may write many. The status is 1 if a reading failed.
 */
const readingScript = (files: readonly string[]): string => `
  failed=
  for reading in $(seq ${readings}); do
    for file in ${files.join(' ')}; do
      line=
      read -r line <$file || [ -n "$line" ] || failed=$file
    done
  done
  [ -z "$failed" ] || { echo "cannot read $failed" >&2; false; }`;

/** How many events the kernel has sent to user space since it was booted. */
const eventNumber = async ({ vm }: Scene): Promise<number> =>
  Number(await vm.shell.output(['read-files', '/sys/kernel/uevent_seqnum']));

/** The lines of so many readings of each attribute. Rejects with GUEST_COMMAND if one fails. */
const linesOfReadings = (scene: Scene): Promise<string[]> =>
  linesOf(scene, () => scene.vm.shell.text(readingScript(attributesOf(scene)), { what: 'readings' }));

const synchronize = async ({ check, device, driver, trace, until }: Scene): Promise<void> => {
  const mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  if (driver.description.syncRtc === 'registers') await until('bar-read', mark, isTimeRead);
};

const reboot = async ({ check, vm, device, trace, until }: Scene): Promise<void> => {
  await recordPowerRequests(vm.shell);
  const mark = trace.mark;
  check('driver-ok').equal('REBOOT', device.host.command('REBOOT'), 'sent');
  await until('ack', mark);
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
};

/** The samples that four polls take. The last poll may not have taken its one yet. */
const samplesOfPolls = async ({ trace, until }: Scene): Promise<number> => {
  const mark = trace.mark;
  await until('bar-read', mark, isCommandRead, 4);
  return trace.since(mark, 'sample').length;
};

/** The level for samples: lines about acknowledgements and readings. */
const checkSampleLevel = async (scene: Scene, level: string, samplesInPolls: boolean): Promise<void> => {
  const { check, driver, trace } = scene;
  if (samplesInPolls) {
    const taken = await samplesOfPolls(scene);
    check('obeys-parameters').that(
      `time samples that four polls take ${level}`,
      taken >= 3,
      '3 or more',
      taken,
    );
  }
  if (!driver.showsHostTime) return;
  const mark = trace.mark;
  const lines = await linesOf(scene, () => driver.hostTime());
  const taken = trace.since(mark, 'sample').length;
  // A poll may take a sample, too, and one may run between the reads of the log and of the trace.
  check('quiet-log').that(
    `lines about a reading ${level}`,
    lines.length >= 1 && lines.length <= taken + 1,
    `1 to ${taken + 1}`,
    lines.length,
  );
};

/** What each level adds to the log. The level for acknowledgements stays. */
const checkLevels = async (scene: Scene, logLevels: LogLevels): Promise<void> => {
  const { check, vm, driver } = scene;
  const { parameter, acknowledgements, samples, acknowledged, samplesInPolls = false } = logLevels;
  const set = (value: string) => vm.shell.text(`echo ${value} >${driver.parameterPath(parameter)}`);
  const checkAcknowledged = async (level: string, expected: number): Promise<void> => {
    const lines = await linesOf(scene, () => synchronize(scene));
    if (acknowledged === undefined) return;
    const found = lines.filter((line) => line.includes(acknowledged)).length;
    check('quiet-log').equal(`lines about an acknowledgement ${level}`, found, expected);
  };
  const levelOf = (value: string): string => `at ${parameter} ${value}`;

  await checkAcknowledged('by default', 0);
  await set(acknowledgements);
  const acknowledging = levelOf(acknowledgements);
  await checkAcknowledged(acknowledging, 1);
  if (attributesOf(scene).length > 0)
    check('quiet-log').equal(`lines of readings ${acknowledging}`, await linesOfReadings(scene), []);
  if (samplesInPolls)
    check('obeys-parameters').equal(
      `${checkNames.samplesOfPolls} ${acknowledging}`,
      await samplesOfPolls(scene),
      0,
    );
  await set(samples);
  await checkAcknowledged(levelOf(samples), 1);
  await checkSampleLevel(scene, levelOf(samples), samplesInPolls);
  await set(acknowledgements);
};

/** Any user can read the attributes. One line about a fault is enough. */
const checkFailures = async (scene: Scene): Promise<void> => {
  const { check, vm, device, driver, trace, until } = scene;
  const files = timesOf(scene);
  if (files.length === 0) return;
  await driver.load(driver.quiet);
  const { mark } = trace;
  device.faults.set({ faults: [{ kind: 'value', value: 1_000_000, when: readsOf('microsecondsLow') }] });
  const lines = await linesOf(scene, () => vm.shell.run(readingScript(files)));
  await until('fault', mark, undefined, readings);
  device.faults.clear();
  check('quiet-log').that(
    `lines of ${readings} readings of the time without a valid one`,
    lines.length < readings,
    `fewer than ${readings}`,
    lines.length,
  );
};

/** A host that does not offer the time is no fault: at no level do polls warn of it. */
const checkPollsWithoutTime = async (scene: Scene): Promise<void> => {
  const { check, vm, device, driver, trace, until } = scene;
  const { logLevels } = driver.description;
  if (!driver.hasPollInterval || logLevels === undefined) return;
  await driver.unloadLoaded();
  await device.stopBackend();
  await device.startBackend({ features: ACK });
  await driver.load(driver.pollingEvery(pollMs));
  const { parameter, samples } = logLevels;
  await vm.shell.text(`echo ${samples} >${driver.parameterPath(parameter)}`);
  const lines = await linesOf(scene, () => until('bar-read', trace.mark, isCommandRead, 4));
  check('quiet-log').equal(checkNames.warningsOfPolls, warningsIn(lines), []);
};

scenario('quiet-log', options, async (scene) => {
  const { check, vm, driver, trace, until } = scene;
  const { description } = driver;
  if (attributesOf(scene).length > 0)
    check('quiet-log').equal(
      `lines of ${readings} readings of each attribute`,
      await linesOfReadings(scene),
      [],
    );
  if (driver.hasPollInterval) {
    const before = await eventNumber(scene);
    check('quiet-log').equal(
      `lines of ${readings} polls`,
      await linesOf(scene, () => until('bar-read', trace.mark, isCommandRead, readings)),
      [],
    );
    check('no-needless-events').equal(checkNames.eventsOfPolls, (await eventNumber(scene)) - before, 0);
  }
  if (description.logLevels !== undefined && takesSyncRtc(scene))
    await checkLevels(scene, description.logLevels);
  const lines = await linesOf(scene, () => reboot(scene));
  const { acknowledged } = description.logLevels ?? {};
  if (acknowledged !== undefined) {
    const before = acknowledged.replace(/SYNCRTC$/, '');
    const after = lines.flatMap((line) => line.split(before).slice(1));
    const named = after.map((text) => text.split(/\s/)[0]);
    check('quiet-log').equal(checkNames.namedAcknowledgements, named, ['REBOOT']);
  }
  await driver.unload();
  const warnings = warningsIn(await driverLog(vm.shell, description));
  check('quiet-log').equal('warnings that name the driver', warnings, []);
  await checkFailures(scene);
  await checkPollsWithoutTime(scene);
});
