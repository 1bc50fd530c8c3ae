// vmd kills a guest that does not go down when it is asked to. The test advances the timers of vmd, so it
// does not wait.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { enableDevice, writeRegister } from '../harness/guest/sysfs.js';
import type { Subject } from '../harness/scenario/checks.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { isCommandRead } from '../harness/scenario/traffic.js';
import { generations } from '../harness/vmmci/generations.js';
import { registers, status } from '../harness/vmmci/registers.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

/** Checks that vmd kills the guest after exactly `ms`; a different time is a fault of `subject`. */
const killed = async (
  { check, vm }: Scene,
  subject: Subject,
  time: VirtualScheduler,
  ms: number,
  reason: string,
): Promise<void> => {
  time.advance(ms - 1);
  check(subject).equal(`vmd's decision after ${ms - 1} ms`, vm.kill(), undefined);
  time.advance(1);
  check(subject).equal<unknown>(`vmd's decision after ${ms} ms`, vm.kill(), { reason, outcome: 'exit' });
  const exit = await vm.ended('end of a guest that vmd kills', 10_000);
  check(subject).equal('end of QEMU', exit.shutdown, 'host-qmp-quit');
};

const silent = new VirtualScheduler();
scenario('stop-unacknowledged', { driver: 'absent', scheduler: silent }, async (scene) => {
  const { check, vm, device, environment } = scene;
  await enableDevice(vm.shell, vm.address);
  const up = status.ACKNOWLEDGE | status.DRIVER | status.DRIVER_OK;
  await writeRegister(vm.shell, vm.address, { offset: registers.status.offset, width: 1 }, up);
  check('device').equal('stop of a driver that never acknowledges', device.host.stop(), 'sent');
  await killed(scene, 'device', silent, generations[environment.choice.generation].ackMs, 'ack-timeout');
});

for (const [generation, ms] of [
  ['6.5', 30_000],
  ['8.0', 120_000],
] as const) {
  const scheduler = new VirtualScheduler();
  const options = { generation, scheduler, pollMs: 20 };
  scenario(`stop-hanging-${generation}`, options, async (scene) => {
    const { check, vm, device, driver, trace, until } = scene;
    await recordPowerRequests(vm.shell);
    const mark = trace.mark;
    check('driver-ok').equal('stop of a guest that hangs on its way down', device.host.stop(), 'sent');
    const { seq } = await until('ack', mark);
    check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
    if (driver.hasPollInterval) await until('bar-read', seq, isCommandRead, 3);
    await killed(scene, 'acts-once', scheduler, ms, 'graceful-timeout');
  });
}
