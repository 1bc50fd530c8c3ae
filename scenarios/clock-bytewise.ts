// Byte-wide reads of the clock registers, as Linux's legacy virtio transport makes them, return garbage. This
// is the second reason why the device needs its own transport driver.

import { enableDevice, readRegisters } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { registers } from '../harness/vmmci/registers.js';

const bytesFrom = (offset: number) =>
  Array.from({ length: 8 }, (_, index) => ({ offset: offset + index, width: 1 }) as const);

const options = { driver: 'absent', clock: 'frozen:2019-03-02T05:57:01.123456Z' } as const;

scenario('clock-bytewise', options, async ({ vm, check }) => {
  await enableDevice(vm.shell, vm.address);
  check('device').equal(
    'bytes of the seconds 0x5c7a1b2d',
    await readRegisters(vm.shell, vm.address, bytesFrom(registers.secondsLow.offset)),
    [0x2d, 0x2d, 0x2d, 0x2d, 0, 0, 0, 0],
  );
  check('device').equal(
    'bytes of the microseconds 0x1e240',
    await readRegisters(vm.shell, vm.address, bytesFrom(registers.microsecondsLow.offset)),
    [0x40, 0x40, 0x40, 0x40, 0, 0, 0, 0],
  );
});
