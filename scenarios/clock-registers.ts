// The clock registers as vmd has them, through sysfs, with no driver in the way.
import { enableDevice, readRegisters } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { functionAddress } from '../harness/scenario/vm.js';

const word = (offset: number) => ({ offset, width: 4 }) as const;

scenario(
  'clock-registers',
  { driver: 'absent', clock: 'frozen:2019-03-02T05:57:01.123456Z' },
  async ({ vm, check, device }) => {
    await enableDevice(vm.shell, functionAddress);
    const [before] = await readRegisters(vm.shell, functionAddress, [word(32)]);
    check.equal('microseconds before the first sample', before, 0);

    const first = await readRegisters(vm.shell, functionAddress, [24, 28, 32, 36].map(word));
    check.equal(
      'seconds low, seconds high, microseconds low, microseconds high',
      first,
      [0x5c7a1b2d, 0, 123456, 0],
    );
    check.equal('the sample that the device took', device.vmmci.state().lastSample, 1_551_506_221_123_456n);
  },
);
