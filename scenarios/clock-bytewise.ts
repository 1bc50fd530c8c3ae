// Read a byte at a time, as Linux's legacy virtio does, the clock is garbage: the second reason for a patched driver.
import { enableDevice, readRegisters } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { functionAddress } from '../harness/scenario/vm.js';

const bytes = (from: number) =>
  Array.from({ length: 8 }, (_, index) => ({ offset: from + index, width: 1 }) as const);

scenario(
  'clock-bytewise',
  { driver: 'absent', clock: 'frozen:2019-03-02T05:57:01.123456Z' },
  async ({ vm, check }) => {
    await enableDevice(vm.shell, functionAddress);
    check.equal(
      'eight byte reads of seconds 0x5c7a1b2d',
      await readRegisters(vm.shell, functionAddress, bytes(24)),
      [0x2d, 0x2d, 0x2d, 0x2d, 0, 0, 0, 0],
    );
    check.equal(
      'eight byte reads of microseconds 0x1e240',
      await readRegisters(vm.shell, functionAddress, bytes(32)),
      [0x40, 0x40, 0x40, 0x40, 0, 0, 0, 0],
    );
  },
);
