// The clock registers behave as in vmd. They are read through sysfs, without a driver.

import { enableDevice, readRegisters } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { frozen } from '../harness/vmmci/clock.js';
import { parseInstant } from '../harness/vmmci/instant.js';
import { type RegisterName, registers } from '../harness/vmmci/registers.js';

const word = (name: RegisterName) => ({ offset: registers[name].offset, width: 4 }) as const;

const options = { driver: 'absent', clock: 'frozen:2019-03-02T05:57:01.123456Z' } as const;

scenario('clock-registers', options, async ({ vm, check, device }) => {
  const read = (...names: RegisterName[]) => readRegisters(vm.shell, vm.address, names.map(word));
  await enableDevice(vm.shell, vm.address);

  check('device').equal('microseconds before the first sample', await read('microsecondsLow'), [0]);
  check('device').equal(
    'seconds low and high, microseconds low and high',
    await read('secondsLow', 'secondsHigh', 'microsecondsLow', 'microsecondsHigh'),
    [0x5c7a1b2d, 0, 123456, 0],
  );
  check('device').equal('last sample', device.vmmci.state().lastSample, 1_551_506_221_123_456n);

  device.clock.set(frozen(parseInstant('2019-03-02T05:57:02.000001Z')));
  check('device').equal(
    'microseconds read without the seconds before them',
    await read('microsecondsLow', 'microsecondsLow'),
    [123456, 123456],
  );
  check('device').equal(
    'seconds and microseconds of a new sample',
    await read('secondsLow', 'microsecondsLow'),
    [0x5c7a1b2e, 1],
  );
  check('device').equal(
    'registers read high before low, as OpenBSD does',
    await read('secondsHigh', 'secondsLow', 'microsecondsHigh', 'microsecondsLow'),
    [0, 0x5c7a1b2e, 0, 1],
  );
});
