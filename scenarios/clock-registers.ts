// The clock registers as vmd has them, through sysfs, with no driver in the way.
import { enableDevice, readRegisters } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { functionAddress } from '../harness/scenario/vm.js';
import { parseClock } from '../harness/vmmci/clock.js';

const word = (offset: number) => ({ offset, width: 4 }) as const;
const frozen = (instant: string) => parseClock(`frozen:${instant}`, () => 0n);

scenario(
  'clock-registers',
  { driver: 'absent', clock: 'frozen:2019-03-02T05:57:01.123456Z' },
  async ({ vm, check, device }) => {
    const read = (...offsets: number[]) => readRegisters(vm.shell, functionAddress, offsets.map(word));
    await enableDevice(vm.shell, functionAddress);

    check.equal('microseconds before the first sample', await read(32), [0]);
    check.equal(
      'seconds low, seconds high, microseconds low, microseconds high',
      await read(24, 28, 32, 36),
      [0x5c7a1b2d, 0, 123456, 0],
    );
    check.equal('the sample that the device took', device.vmmci.state().lastSample, 1_551_506_221_123_456n);

    device.clock.set(frozen('2019-03-02T05:57:02.000001Z'));
    check.equal('microseconds stay those of the last sample', await read(32, 32), [123456, 123456]);
    check.equal('a read of the seconds takes both anew', await read(24, 32), [0x5c7a1b2e, 1]);
    check.equal(
      'in the order high before low, as OpenBSD reads',
      await read(28, 24, 36, 32),
      [0, 0x5c7a1b2e, 0, 1],
    );
  },
);
