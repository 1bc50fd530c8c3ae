// The driver's sysfs attributes have the documented mode and exact content, and reading one that has no value
// fails with the documented error.

import { checkNames } from '../harness/scenario/check-names.js';
import { parseDrift } from '../harness/scenario/driver-text.js';
import { scenario } from '../harness/scenario/scenario.js';
import { readsOf } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

/** An unusable value of the microseconds register, and the error that a reader of the attribute gets. */
const unusable = [
  [
    '1000000 microseconds',
    { kind: 'value', value: 1_000_000, when: readsOf('microsecondsLow') },
    'Input/output error',
  ],
  [
    '4294967294 microseconds',
    { kind: 'value', value: 0xfffffffe, when: readsOf('microsecondsLow') },
    'Input/output error',
  ],
  ['all ones', { kind: 'ones', when: readsOf('microsecondsLow') }, 'No such device'],
] as const;

/** The guest's clock, at the start of a second, from which on its time is read in a loop. */
const secondNs = 1_795_350_900_000_000_000n;
const readings = 50;

const options = {
  driver: 'installed',
  clock: 'frozen:2026-11-22T12:34:56.000007Z',
  scheduler: new VirtualScheduler(),
} as const;

scenario('attributes', options, async ({ check, vm, device, driver }) => {
  const { time, commands } = driver.description;
  driver.needs(time?.kind === 'sysfs', 'attributes that show the time');
  const { hostTime, guestTime, driftNs } = time?.kind === 'sysfs' ? time : {};
  const ofDevice = [hostTime, driftNs].filter((name) => name !== undefined);
  const all = [...ofDevice, guestTime, commands?.last, commands?.counts].filter((name) => name !== undefined);
  const bytes = async (name: string) =>
    (await vm.shell.run(`cat ${driver.path(name)}`)).stdout.toString('latin1');
  const failure = async (name: string) => {
    const { stdout, stderr } = await vm.shell.run(`cat ${driver.path(name)}`);
    return `${stdout}${stderr}`.trim().replace(/^.*: /, '');
  };

  await driver.load(driver.quiet);
  for (const name of all)
    check('attribute-form').equal(
      `mode of ${name}`,
      await vm.shell.text(`stat -c %a ${driver.path(name)}`),
      '444',
    );
  if (hostTime !== undefined)
    check('attribute-form').equal(`bytes of ${hostTime}`, await bytes(hostTime), '1795350896.000007\n');
  if (commands !== undefined) {
    check('attribute-form').equal(`bytes of ${commands.last}`, await bytes(commands.last), 'NONE\n');
    check('attribute-form').equal(
      `bytes of ${commands.counts}`,
      await bytes(commands.counts),
      'SHUTDOWN 0\nREBOOT 0\nSYNCRTC 0\nunknown 0\n',
    );
  }
  for (const [name, form] of [
    [guestTime, /^\d+\.\d{6}\n$/],
    [driftNs, /^-?\d+\n$/],
  ] as const) {
    if (name === undefined) continue;
    const shown = await bytes(name);
    check('attribute-form').that(`bytes of ${name}`, form.test(shown), `${form}`, shown);
  }

  /** Reads an attribute in a loop that starts no program, so many of the readings are within one tick of the kernel. */
  const readAtOnce = async (name: string): Promise<string[]> => {
    const text = await vm.shell.text(
      `cd ${driver.path('')} && guest-clock ${secondNs} >/dev/null
      for reading in $(seq ${readings}); do read -r value <${name}; echo "$value"; done`,
    );
    return text.split('\n');
  };
  if (guestTime !== undefined) {
    const times = await readAtOnce(guestTime);
    check('attribute-form').equal(
      `${checkNames.unpaddedReadings}, ${guestTime}`,
      times.filter((time) => !/^\d+\.\d{6}$/.test(time)),
      [],
    );
    check('shows-guest-time').equal(checkNames.differentTimes, new Set(times).size, readings);
  }
  if (driftNs !== undefined) {
    // The device's clock stands still, and the guest's goes on.
    const drifts = (await readAtOnce(driftNs)).map(parseDrift);
    check('shows-drift').equal(checkNames.differentDrifts, new Set(drifts).size, readings);
    check('shows-drift').that(
      checkNames.resolutionOfDrift,
      drifts.some((drift) => drift % 1000n !== 0n),
      'finer than 1000 ns',
      drifts.slice(0, 3).map(String),
    );
  }

  for (const [what, fault, error] of unusable) {
    device.faults.set({ faults: [fault] });
    for (const name of ofDevice)
      check('no-time-is-an-error').equal(
        `error of ${name} where the device shows ${what}`,
        await failure(name),
        error,
      );
    device.faults.clear();
  }
  await driver.unload();

  await device.stopBackend();
  await device.startBackend({ features: ACK | SYNCRTC });
  await driver.load(driver.quiet);
  for (const name of ofDevice)
    check('no-time-is-an-error').equal(
      `error of ${name} where the host does not offer the time`,
      await failure(name),
      'No data available',
    );
});
