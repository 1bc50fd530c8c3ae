// The driver's module parameters have the documented defaults and modes, and a change at run time takes
// effect.

import { shiftGuestClock } from '../harness/guest/clock.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isCommandRead } from '../harness/scenario/traffic.js';

/**
 * A lower bound for the shortest interval. The driver's is 10 ms; rounded to ticks of the kernel (HZ 100, 250
 * or 1000) it may be shorter, but never this short.
 */
const shortestMs = 8;
const polls = 100;

scenario('parameters', { driver: 'installed' }, async ({ check, vm, driver }) => {
  const { shell } = vm;
  const { parameters } = driver.description;
  driver.needs(parameters.length > 0, 'parameters');
  const path = (name: string): string => {
    const module = parameters.find((parameter) => parameter.name === name)?.module;
    return `/sys/module/${module}/parameters/${name}`;
  };
  await driver.load();
  for (const { name, default: value, mode } of parameters) {
    if (value !== undefined)
      check('parameter-contract').equal(`default of ${name}`, await shell.text(`cat ${path(name)}`), value);
    if (mode !== undefined)
      check('parameter-contract').equal(
        `mode of ${name}`,
        await shell.text(`stat -c %a ${path(name)}`),
        mode,
      );
  }
  await driver.unload();
});

scenario(
  'parameter-interval',
  { parameters: { drift_interval_ms: '20' } },
  async ({ check, vm, driver, trace, until }) => {
    const { shell } = vm;
    const module = driver.description.parameters.find(({ name }) => name === 'drift_interval_ms')?.module;
    const set = (value: number) =>
      shell.text(`echo ${value} >/sys/module/${module}/parameters/drift_interval_ms`);
    await until('bar-read', trace.mark, isCommandRead, 3);

    // A poll that is already running when the parameter is written may still read the register.
    await set(0);
    await shell.text('usleep 50000');
    let mark = trace.mark;
    await shell.text('usleep 300000');
    check('obeys-parameters').equal(
      'polls while the interval is 0',
      trace.since(mark, 'bar-read').filter(isCommandRead).length,
      0,
    );

    // Measured by the guest's clock, which also drives its timers. A busy host makes polls fewer, never more.
    await set(1);
    const begin = await shiftGuestClock(shell, 0n);
    mark = trace.mark;
    await until('bar-read', mark, isCommandRead, polls);
    const seenPolls = trace.since(mark, 'bar-read').filter(isCommandRead).length;
    const took = Number((await shiftGuestClock(shell, 0n)) - begin) / 1e6;
    const allowed = Math.floor(took / shortestMs) + 3;
    check('obeys-parameters').that(
      `polls in ${took.toFixed(0)} ms where an interval of 1 ms is asked for`,
      seenPolls <= allowed,
      `${allowed} or fewer`,
      seenPolls,
    );

    await set(4_294_967_295);
    await shell.text('usleep 50000');
    mark = trace.mark;
    await shell.text('usleep 300000');
    check('obeys-parameters').equal(
      'polls while the interval is 4294967295',
      trace.since(mark, 'bar-read').filter(isCommandRead).length,
      0,
    );
  },
);
