// The driver logs only what matters: no line for a reading or a poll, and no warning as long as there is no
// fault.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { checkNames } from '../harness/scenario/check-names.js';
import { driverLog, warningsIn } from '../harness/scenario/driver-log.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isCommandRead, isTimeRead, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const readings = 20;

const options = { scheduler: new VirtualScheduler(), optionalParameters: { drift_interval_ms: '20' } };

scenario('quiet-log', options, async ({ check, vm, device, driver, trace, until }) => {
  const { shell } = vm;
  const { description } = driver;
  const { time, commands, logLevels } = description;
  const log = () => driverLog(shell, description);
  /** The lines that the driver writes while `step` runs. */
  const linesOf = async (step: () => Promise<unknown>): Promise<string[]> => {
    const before = (await log()).length;
    await step();
    return (await log()).slice(before);
  };
  const attributes = time?.kind === 'sysfs' ? [time.hostTime, time.guestTime, time.driftNs] : ([] as const);
  const files = [...attributes, commands?.last, commands?.counts]
    .filter((name) => name !== undefined)
    .map((name) => driver.path(name));
  const readAll = `for reading in $(seq ${readings}); do cat ${files.join(' ') || '/dev/null'}; done >/dev/null`;
  const synchronise = async (): Promise<void> => {
    const mark = trace.mark;
    check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    if (description.syncRtc === 'registers') await until('bar-read', mark, isTimeRead);
  };

  const reboot = async (): Promise<void> => {
    await recordPowerRequests(shell);
    const mark = trace.mark;
    check('driver-ok').equal('REBOOT', device.host.command('REBOOT'), 'sent');
    await until('ack', mark);
    check('goes-down').equal('requests to go down', await powerRequests(shell, 1), ['reboot']);
  };

  check('quiet-log').equal(
    `lines of ${readings} readings of each attribute`,
    await linesOf(() => shell.text(readAll)),
    [],
  );
  if (driver.has('drift_interval_ms'))
    check('quiet-log').equal(
      `lines of ${readings} polls`,
      await linesOf(() => until('bar-read', trace.mark, isCommandRead, readings)),
      [],
    );

  if (logLevels !== undefined) {
    const { parameter, acknowledgements, samples, acknowledged, samplesInPolls = false } = logLevels;
    const set = (value: string) => shell.text(`echo ${value} >${driver.parameterPath(parameter)}`);
    /** Counts the lines about an acknowledgement that `step` causes. */
    const checkAcknowledged = async (level: string, step: () => Promise<void>, expected: number) => {
      const lines = await linesOf(step);
      if (acknowledged === undefined) return;
      const found = lines.filter((line) => line.includes(acknowledged)).length;
      check('quiet-log').equal(`lines about an acknowledgement ${level}`, found, expected);
    };

    /** The samples that four polls take. The last poll may not have taken its one yet. */
    const samplesOfPolls = async (): Promise<number> => {
      const mark = trace.mark;
      await until('bar-read', mark, isCommandRead, 4);
      return trace.since(mark, 'sample').length;
    };

    await checkAcknowledged('by default', synchronise, 0);
    await set(acknowledgements);
    await checkAcknowledged(`at ${parameter} ${acknowledgements}`, synchronise, 1);
    check('quiet-log').equal(
      `lines of readings at ${parameter} ${acknowledgements}`,
      await linesOf(() => shell.text(readAll)),
      [],
    );
    if (samplesInPolls)
      check('obeys-parameters').equal(
        `${checkNames.samplesOfPolls} at ${parameter} ${acknowledgements}`,
        await samplesOfPolls(),
        0,
      );
    await set(samples);
    await checkAcknowledged(`at ${parameter} ${samples}`, synchronise, 1);
    if (samplesInPolls) {
      const taken = await samplesOfPolls();
      check('obeys-parameters').that(
        `time samples that four polls take at ${parameter} ${samples}`,
        taken >= 3,
        '3 or more',
        taken,
      );
    }
    if (driver.showsHostTime) {
      const mark = trace.mark;
      const lines = await linesOf(() => driver.hostTime());
      const taken = trace.since(mark, 'sample').length;
      // A poll may take a sample, too, and one may run between the reads of the log and of the trace.
      check('quiet-log').that(
        `lines about a reading at ${parameter} ${samples}`,
        lines.length >= 1 && lines.length <= taken + 1,
        `1 to ${taken + 1}`,
        lines.length,
      );
    }
    await set(acknowledgements);
    const lines = await linesOf(reboot);
    if (acknowledged !== undefined) {
      const before = acknowledged.replace(/SYNCRTC$/, '');
      const after = lines.flatMap((line) => line.split(before).slice(1));
      const named = after.map((text) => text.split(/\s/)[0]);
      check('quiet-log').equal(checkNames.namedAcknowledgements, named, ['REBOOT']);
    }
  } else await reboot();
  await driver.unload();
  check('quiet-log').equal('warnings that name the driver', warningsIn(await log()), []);

  // Any user can read the attributes. One line about a fault is enough.
  await driver.load(driver.quiet);
  device.faults.set({ faults: [{ kind: 'value', value: 1_000_000, when: readsOf('microsecondsLow') }] });
  const ofFailures = await linesOf(() => shell.run(readAll));
  device.faults.clear();
  check('quiet-log').that(
    `lines of ${readings} readings of each attribute, without a valid time`,
    ofFailures.length < readings,
    `fewer than ${readings}`,
    ofFailures.length,
  );
});
