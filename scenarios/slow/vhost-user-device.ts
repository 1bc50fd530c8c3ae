// The backend works without our PCI function: QEMU's generic vhost-user device presents it to the guest.

import { join } from 'node:path';
import { startBackend } from '../../harness/device/device.js';
import { parseNumber } from '../../harness/guest/guest-text.js';
import { assertHealthy, readKernelLog } from '../../harness/guest/kernel-log.js';
import { bootGuest, type Guest } from '../../harness/guest/start.js';
import { readDevice } from '../../harness/guest/sysfs.js';
import { bindUio, uioModules } from '../../harness/guest/uio.js';
import { type Access, openModernVirtio } from '../../harness/guest/virtio-modern.js';
import { machineOf, unpacked } from '../../harness/scenario/machine.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { privateDirectory } from '../../harness/socket/private-directory.js';
import { ISR_CONFIG } from '../../harness/vmmci/registers.js';
import { moduleClosure } from '../../images/kernels/closure.js';

/** A virtio id that QEMU accepts because it knows it, and for which Linux has no driver. */
const virtioId = 30;

const read = (structure: Access['structure'], offset: number, width: Access['width']): Access => ({
  structure,
  offset,
  width,
});
const write = (
  structure: Access['structure'],
  offset: number,
  width: Access['width'],
  value: number,
): Access => ({
  ...read(structure, offset, width),
  value,
});
const config = (offset: number, width: Access['width'] = 4): Access => read('device', offset, width);
const status = (value: number): Access => write('common', 20, 1, value);

/** What a driver does first (virtio 1.2, 3.1.1): features 0 to 2 and VERSION_1, then FEATURES_OK. */
const negotiate: readonly Access[] = [
  ...[0, 1, 3].map(status),
  ...[write('common', 8, 4, 0), write('common', 12, 4, 7)],
  ...[write('common', 8, 4, 1), write('common', 12, 4, 1)],
  status(0xb),
];

const options = { driver: 'absent', plugged: false, needs: ['UIO_PCI_GENERIC', 'DEVMEM'] } as const;

scenario('vhost-user-device', options, async ({ check, vm, environment, trace }) => {
  const { address } = vm;
  const directory = privateDirectory();
  const backend = await startBackend(join(directory.path, 'backend.sock'), {
    clock: 'frozen:2019-03-02T05:57:01.123456Z',
    trace: trace.sink,
  });
  const generic = { socket: backend.socket, virtioId, configSize: 20 };
  let guest: Guest | undefined;
  try {
    // This guest is booted: its memory is shared, so it cannot be restored from the snapshot of the other
    // scenarios.
    guest = await bootGuest({
      qemu: environment.qemu,
      machine: { ...unpacked(machineOf(environment, []), environment), generic },
      timers: environment.timers,
      trace: trace.sink,
    });
    const { shell } = guest;
    const found = await readDevice(shell, address);
    check('device').equal('vendor and device', [found?.vendor, found?.device], [0x1af4, 0x1040 + virtioId]);
    check('device').equal('stock driver', found?.driver, 'virtio-pci');
    const onBus = await shell.text('cat /sys/bus/virtio/devices/virtio0/device');
    check('device').equal('virtio id that Linux sees', parseNumber('virtio id', onBus), virtioId);

    const uio = await bindUio(shell, address, await moduleClosure(environment.kernel, uioModules));
    const { access } = await openModernVirtio(shell, address);
    check('device').equal(
      'command, seconds and microseconds, high halves zero',
      await access(...[0, 4, 8, 12, 16].map((offset) => config(offset))),
      [0, 0x5c7a1b2d, 0, 123456, 0],
    );
    check('device').equal(
      'bytes of the seconds',
      await access(...[4, 5, 6, 7].map((offset) => config(offset, 1))),
      [0x2d, 0x1b, 0x7a, 0x5c],
    );

    check('device').equal('a command before there is a driver', backend.host.command('SYNCRTC'), 'no-driver');
    await access(...negotiate);
    check('device').equal('status after FEATURES_OK', await access(read('common', 20, 1)), [0xb]);
    await access(status(0xf));
    check('device').equal('status after DRIVER_OK', await access(read('common', 20, 1)), [0xf]);
    // QEMU only forwards FEATURES_OK and enables the rings. The device takes the latter for DRIVER_OK.
    const { guestFeatures, status: deviceStatus } = backend.vmmci.state();
    check('device').equal('features and status in the device', [guestFeatures, deviceStatus], [7, 0xc]);

    for (const time of [1, 2, 3]) {
      check('device').equal(`command ${time}`, backend.host.command('SYNCRTC'), 'sent');
      await uio.waitInterrupts(time);
      const [isr = 0] = await access(read('isr', 0, 1));
      check('device').equal('ISR', isr & ISR_CONFIG, ISR_CONFIG);
      check('device').equal('command register', await access(config(0)), [3]);
      await access(write('device', 0, 4, 3));
      check('device').equal('command register after the acknowledgement', await access(config(0)), [0]);
      await uio.unmask();
    }
    check('device').equal('interrupts', await uio.interrupts(), 3);
    check('device').equal('acknowledgements', backend.vmmci.state().acks, 3);
    assertHealthy(await readKernelLog(shell, 'up'));
  } finally {
    await guest?.machine.kill();
    await backend.close();
    directory.remove();
  }
});
