// The driver's sysfs attributes have the documented mode and exact content, and reading one that has no value
// fails with the documented error.

import { parseDrift } from '../harness/scenario/driver-text.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { readsOf } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC } from '../harness/vmmci/features.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';

/** Unusable values of the microseconds register, and the error that a reader of the attribute gets. */
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

/** The exact content of an attribute. */
const bytesOf = async ({ vm, driver }: Scene, name: string): Promise<string> =>
  (await vm.shell.run(`cat ${driver.path(name)}`)).stdout.toString('latin1');

/** The error of reading an attribute, in the words of cat. */
const failureOf = async ({ vm, driver }: Scene, name: string): Promise<string> => {
  const { stdout, stderr } = await vm.shell.run(`cat ${driver.path(name)}`);
  return `${stdout}${stderr}`.trim().replace(/^.*: /, '');
};

/** The names of the attributes; undefined for those that the driver does not have. */
interface Names {
  readonly hostTime?: string | undefined;
  readonly guestTime?: string | undefined;
  readonly driftNs?: string | undefined;
}

const checkForms = async (scene: Scene, { hostTime, guestTime, driftNs }: Names): Promise<void> => {
  const { vm, driver } = scene;
  const { commands } = driver.description;
  const check = scene.check('attribute-form');
  const all = [hostTime, driftNs, guestTime, commands?.last, commands?.counts];
  for (const name of all.filter((name) => name !== undefined))
    check.equal(`mode of ${name}`, await vm.shell.text(`stat -c %a ${driver.path(name)}`), '444');
  if (hostTime !== undefined)
    check.equal(`bytes of ${hostTime}`, await bytesOf(scene, hostTime), '1795350896.000007\n');
  if (commands !== undefined) {
    check.equal(`bytes of ${commands.last}`, await bytesOf(scene, commands.last), 'NONE\n');
    check.equal(
      `bytes of ${commands.counts}`,
      await bytesOf(scene, commands.counts),
      'SHUTDOWN 0\nREBOOT 0\nSYNCRTC 0\nunknown 0\n',
    );
  }
  for (const [name, form] of [
    [guestTime, /^\d+\.\d{6}\n$/],
    [driftNs, /^-?\d+\n$/],
  ] as const) {
    if (name === undefined) continue;
    const shown = await bytesOf(scene, name);
    check.that(`bytes of ${name}`, form.test(shown), `${form}`, shown);
  }
};

/**
 * Reads an attribute in a loop that starts no program, so many of the readings are within one tick of the
 * kernel.
 */
const readAtOnce = async ({ vm, driver }: Scene, name: string): Promise<string[]> => {
  const text = await vm.shell.text(
    `cd ${driver.path('')} && guest-clock ${secondNs} >/dev/null
    for reading in $(seq ${readings}); do read -r value <${name}; echo "$value"; done`,
  );
  return text.split('\n');
};

const checkResolution = async (scene: Scene, { guestTime, driftNs }: Names): Promise<void> => {
  const { check } = scene;
  if (guestTime !== undefined) {
    const times = await readAtOnce(scene, guestTime);
    check('attribute-form').equal(
      `${checkNames.unpaddedReadings}, ${guestTime}`,
      times.filter((time) => !/^\d+\.\d{6}$/.test(time)),
      [],
    );
    check('shows-guest-time').equal(checkNames.differentTimes, new Set(times).size, readings);
  }
  if (driftNs !== undefined) {
    // The device's clock stands still, and the guest's goes on.
    const drifts = (await readAtOnce(scene, driftNs)).map(parseDrift);
    check('shows-drift').equal(checkNames.differentDrifts, new Set(drifts).size, readings);
    check('shows-drift').that(
      checkNames.resolutionOfDrift,
      drifts.some((drift) => drift % 1000n !== 0n),
      'finer than 1000 ns',
      drifts.slice(0, 3).map(String),
    );
  }
};

/** Reads the attributes that need a time of the device. */
const checkErrors = async (scene: Scene, where: string, names: readonly string[], error: string) => {
  for (const name of names)
    scene
      .check('no-time-is-an-error')
      .equal(`error of ${name} where ${where}`, await failureOf(scene, name), error);
};

scenario('attributes', options, async (scene) => {
  const { device, driver } = scene;
  const { time } = driver.description;
  driver.needs(time?.kind === 'sysfs', 'attributes that show the time');
  const names: Names = time?.kind === 'sysfs' ? time : {};
  const ofDevice = [names.hostTime, names.driftNs].filter((name) => name !== undefined);

  await driver.load(driver.quiet);
  await checkForms(scene, names);
  await checkResolution(scene, names);
  for (const [what, fault, error] of unusable) {
    device.faults.set({ faults: [fault] });
    await checkErrors(scene, `the device shows ${what}`, ofDevice, error);
    device.faults.clear();
  }
  await driver.unload();

  await device.stopBackend();
  await device.startBackend({ features: ACK | SYNCRTC });
  await driver.load(driver.quiet);
  await checkErrors(scene, 'the host does not offer the time', ofDevice, 'No data available');
});
