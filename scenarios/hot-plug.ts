// The function is pulled out while somebody reads its clock, and comes back.
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';

const rounds = 2;

scenario('hot-plug', { cpus: 2 }, async ({ check, vm, device, driver, trace, until }) => {
  const { shell } = vm;
  const file = driver.path(driver.hostTimeName);
  await shell.text(
    `(while [ ! -e /run/enough ]; do cat ${file} || usleep 1000; done >/run/readings 2>/dev/null; : >/run/ended) &`,
  );
  const before = await holdings(shell);
  for (let round = 1; round <= rounds; round++) {
    const reading = trace.mark;
    await until('sample', reading, undefined, 3);
    await vm.unplug();
    const gone = await shell.text(
      'ls /sys/bus/virtio/drivers/*/ | grep -c "^virtio[0-9]*$"; ls /sys/bus/pci/devices',
    );
    check.equal(`the function, pulled out ${round} times`, gone.includes('0000:00:05.0'), false);
    const mark = trace.mark;
    await vm.plug();
    await until('status', mark, isDriverOk);
    check.equal(`features in use, plugged in again ${round} times`, device.vmmci.state().guestFeatures, 7);
    check.equal('what the driver holds more than before', await leftovers(shell, before), []);
  }
  await shell.text(': >/run/enough; until [ -e /run/ended ]; do usleep 1000; done');
  const samples = new Set(trace.since(0, 'sample').map(({ us }) => us));
  const readings = (await shell.text('cat /run/readings')).split('\n');
  const wrong = readings.filter((line) => !samples.has(BigInt(line.replace('.', ''))));
  check.equal('readings that are no sample of the device', wrong, []);
  check.that('readings', readings.length > 0, 'at least one', readings.length);
});
