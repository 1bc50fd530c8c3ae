// The driver's module parameters have the documented defaults and modes, and a change at run time takes
// effect.

import { readFile } from 'node:fs/promises';
import type { PollInterval } from '../harness/driver/description.js';
import { shiftGuestClock } from '../harness/guest/clock.js';
import { delayedWorkIn } from '../harness/guest/timer-trace.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { isCommandRead } from '../harness/scenario/traffic.js';
import { checkNames } from './shared/check-names.js';
import { isImported } from './shared/imports.js';

/**
 * Rounded to ticks of the kernel (HZ 100, 250 or 1000) the shortest interval may be shorter, but never by
 * more than this.
 */
const tickShare = 0.8;
const polls = 100;

/** The number of polls that follow each other while nothing happens. */
const steadyPolls = 12;

/** The largest value of a parameter of 32 bits. */
const largest = 4_294_967_295;

/**
 * Values of the interval with which the driver is loaded, and the time until the first poll, both in
 * milliseconds.
 */
const intervals = ({
  minMs,
  maxMs,
  idleMs,
}: Omit<PollInterval, 'parameter'>): (readonly [value: number, delay: number])[] => [
  ...(idleMs === undefined ? [] : [[0, idleMs] as const]),
  ...(minMs === undefined ? [] : [[1, minMs] as const]),
  ...[37, 1234, ...(maxMs === undefined ? [] : [maxMs - 1000])]
    .filter((ms) => ms >= (minMs ?? 1) && ms <= (maxMs ?? ms))
    .map((ms) => [ms, ms] as const),
  ...(maxMs === undefined ? [] : [maxMs + 1000, largest].map((ms) => [ms, maxMs] as const)),
];

/**
 * A tick of the kernel between the computation of a timer and the trace of it makes the delay one tick
 * shorter.
 */
const maxAttempts = 3;

scenario('parameters', { driver: 'installed' }, async ({ check, vm, driver }) => {
  const { shell } = vm;
  const { parameters } = driver.description;
  driver.needs(parameters.length > 0, 'parameters');
  await driver.load();
  const modules = [...new Set(parameters.map(({ module }) => module))];
  const described = await shell.text(`for module in ${modules.join(' ')}; do modinfo $module; done`);
  check('describes-parameters').equal(
    checkNames.undescribed,
    parameters
      .map(({ name }) => name)
      .filter((name) => !new RegExp(`^parm: +${name}:\\S`, 'm').test(described)),
    [],
  );
  for (const { name, default: value, mode } of parameters) {
    if (value !== undefined)
      check('parameter-contract').equal(
        `default of ${name}`,
        await shell.text(`cat ${driver.parameterPath(name)}`),
        value,
      );
    if (mode !== undefined)
      check('parameter-contract').equal(
        `mode of ${name}`,
        await shell.text(`stat -c %a ${driver.parameterPath(name)}`),
        mode,
      );
  }
  await driver.unload();
});

scenario('parameter-interval', { pollMs: 20 }, async ({ check, vm, driver, trace, until }) => {
  const { shell } = vm;
  const { minMs, maxMs, idleMs = 0 } = driver.needsPollInterval();
  await until('bar-read', trace.mark, isCommandRead, 3);

  // A poll that is already running when the parameter is written may still read the register.
  const { parameter: level, samples } = driver.description.logLevels ?? {};
  const setLevel = async (value: string | undefined): Promise<void> => {
    if (level !== undefined) await shell.text(`echo ${value} >${driver.parameterPath(level)}`);
  };
  await driver.setPollInterval(0);
  await setLevel(samples);
  await shell.text('usleep 50000');
  let mark = trace.mark;
  // The driver may look at the parameter again in this time, but not at the device.
  await shell.text(`usleep ${1000 * Math.max(300, idleMs + 100)}`);
  check('obeys-parameters').equal(
    'polls while the interval is 0',
    trace.since(mark, 'bar-read').filter(isCommandRead).length,
    0,
  );
  check('obeys-parameters').equal(checkNames.samplesWithoutPolls, trace.since(mark, 'sample').length, 0);
  await setLevel('0');

  if (minMs !== undefined) {
    // Measured by the guest's clock, which also drives its timers. A busy host makes polls fewer, never more.
    await driver.setPollInterval(1);
    const begin = await shiftGuestClock(shell, 0n);
    mark = trace.mark;
    await until('bar-read', mark, isCommandRead, polls);
    const seenPolls = trace.since(mark, 'bar-read').filter(isCommandRead).length;
    const took = Number((await shiftGuestClock(shell, 0n)) - begin) / 1e6;
    const allowed = Math.floor(took / (tickShare * minMs)) + 3;
    check('obeys-parameters').that(
      `polls in ${took.toFixed(0)} ms where an interval of 1 ms is asked for`,
      seenPolls <= allowed,
      `${allowed} or fewer`,
      seenPolls,
    );
  }

  if (maxMs === undefined) return;
  await driver.setPollInterval(largest);
  await shell.text('usleep 50000');
  mark = trace.mark;
  await shell.text('usleep 300000');
  check('obeys-parameters').equal(
    `polls while the interval is ${largest}`,
    trace.since(mark, 'bar-read').filter(isCommandRead).length,
    0,
  );
});

/** No command comes, and nothing else happens: each poll follows the one before after the same time. */
const checkSteady = async (scene: Scene, ms: number, ticks: number): Promise<void> => {
  const { check, vm, driver, trace, until } = scene;
  const { mark } = trace;
  const works = await delayedWorkIn(vm.shell, async () => {
    await driver.load(driver.pollingEvery(ms));
    await until('bar-read', mark, isCommandRead, steadyPolls + 1); // one is by probe
  });
  await driver.unload();
  const regular = works.filter((work) => work.ticks === ticks || work.ticks === ticks - 1).length;
  check('obeys-parameters').that(
    `${checkNames.regularPolls} ${ms} ms, of ${steadyPolls}`,
    regular >= steadyPolls,
    `${steadyPolls} or more`,
    regular,
  );
};

scenario('parameter-limits', { driver: 'installed', needs: ['EVENT_TRACING'] }, async (scene) => {
  const { check, vm, driver, environment } = scene;
  const { parameter, ...limits } = driver.needsPollInterval();
  // A thread or a timer of its own is as good, but its delay cannot be told from those of others.
  const isDelayedWork = await isImported(environment, 'delayed_work_timer_fn');
  driver.needs(isDelayedWork, 'a delayed work item that polls');
  const config = await readFile(environment.kernel.config, 'utf8');
  const hz = Number(/^CONFIG_HZ=(\d+)$/m.exec(config)?.[1]);
  for (const [value, ms] of intervals(limits)) {
    const expected = Math.ceil((ms * hz) / 1000);
    const load = () => driver.load({ [parameter]: String(value) });
    let works = await delayedWorkIn(vm.shell, load);
    for (let left = maxAttempts; works.every(({ ticks }) => ticks !== expected) && left > 1; left--) {
      await driver.unload();
      works = await delayedWorkIn(vm.shell, load);
    }
    await driver.unload();
    const found = works.find(({ ticks }) => ticks === expected);
    check('obeys-parameters').that(
      `${checkNames.firstDelay} in ticks of 1/${hz} s where the interval is ${value} ms`,
      found !== undefined,
      String(expected),
      works.map(({ ticks }) => ticks),
    );
    if (found !== undefined) check('looks-unasked').equal(checkNames.pollWaits, found.deferrable, false);
  }
  const [steady] = intervals(limits).find(([value, ms]) => value === ms && ms < 100) ?? [];
  if (steady !== undefined) await checkSteady(scene, steady, Math.ceil((steady * hz) / 1000));
});
