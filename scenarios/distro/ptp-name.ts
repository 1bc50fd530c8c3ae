// The udev rule beside the driver gives its PTP clock a stable name, which appears and disappears with the
// clock.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scenario } from '../../harness/scenario/scenario.js';
import { isDriverOk } from '../../harness/scenario/traffic.js';
import { askPtp, needsPtp, ptpClock } from '../shared/ptp.js';

const rule = '70-vmmci.rules';

/** The link that the rule creates, and the clock_name that it matches. */
const link = '/dev/ptp_vmmci';
const clockName = 'vmmci';

const options = {
  guest: 'distro',
  needs: ['PTP_1588_CLOCK'],
  clock: 'frozen:2031-05-06T07:08:09.000001Z',
} as const;

scenario('distro-ptp-name', options, async (scene) => {
  const { check, vm, device, driver, trace, environment, until } = scene;
  driver.needs(needsPtp(driver) === clockName, `a PTP clock named ${clockName}, which ${rule} matches`);
  const { shell } = vm;
  const target = async (): Promise<string> => {
    const { stdout } = await shell.run(`udevadm settle && readlink -f ${link}`);
    return stdout.toString('utf8').trim();
  };
  await shell.put(`/etc/udev/rules.d/${rule}`, await readFile(join(environment.choice.driver, rule)));
  // The same commands as in the README beside the driver.
  await shell.text('udevadm control --reload && udevadm trigger --action=add --subsystem-match=ptp');
  check('shows-ptp-time').equal(`target of ${link}`, await target(), await ptpClock(shell, vm.address));
  const [time] = await askPtp(scene, link, 'time');
  check('shows-ptp-time').equal(`clock_gettime of ${link}`, time?.values, [device.clock.now() * 1000n]);

  await vm.unplug();
  check('shows-ptp-time').equal(`target of ${link} without the function`, await target(), link);
  const mark = trace.mark;
  await vm.plug();
  await until('status', mark, isDriverOk);
  check('shows-ptp-time').equal(
    `target of ${link} when the function is back`,
    await target(),
    await ptpClock(shell, vm.address),
  );
});
