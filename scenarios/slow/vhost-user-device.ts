// The backend works without our PCI function: QEMU's generic vhost-user device presents it to the guest.

import { join } from 'node:path';
import { type Backend, startBackend } from '../../harness/device/device.js';
import { parseNumber } from '../../harness/guest/guest-text.js';
import { assertHealthy, readKernelLog } from '../../harness/guest/kernel-log.js';
import { bootGuest, type Guest } from '../../harness/guest/start.js';
import { readDevice } from '../../harness/guest/sysfs.js';
import { bindUio, type Uio, uioModules } from '../../harness/guest/uio.js';
import { type Access, type ModernVirtio, openModernVirtio } from '../../harness/guest/virtio-modern.js';
import { showIsr } from '../../harness/scenario/formats.js';
import { machineOf, unpacked } from '../../harness/scenario/machine.js';
import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { privateDirectory } from '../../harness/socket/private-directory.js';
import { commands } from '../../harness/vmmci/commands.js';
import { ACK, SYNCRTC, TIMESYNC } from '../../harness/vmmci/features.js';
import {
  CONFIG_OFFSET,
  CONFIG_SIZE,
  ISR_CONFIG,
  status as legacyStatus,
  type RegisterName,
  registers,
} from '../../harness/vmmci/registers.js';
import { moduleClosure } from '../../images/kernels/closure.js';

/** A virtio id that QEMU accepts because it knows it, and for which Linux has no driver. */
const virtioId = 30;

/** PCI vendor of virtio devices, and the device id of virtio id 0 (virtio 1.2, 4.1.2). */
const VIRTIO_VENDOR = 0x1af4;
const VIRTIO_DEVICE = 0x1040;

/** Offsets in the common structure (virtio 1.2, 4.1.4.3). */
const common = { driverFeatureSelect: 8, driverFeature: 12, deviceStatus: 20 } as const;

/** Bits of the status (virtio 1.2, 2.1), and the one bit of VERSION_1 in the second word of the features. */
const { ACKNOWLEDGE, DRIVER, DRIVER_OK } = legacyStatus;
const FEATURES_OK = 8;
const VERSION_1 = 1;

const features = TIMESYNC | ACK | SYNCRTC;

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
/** A read in the config area, which begins with the command register. */
const config = (name: RegisterName, { width = 4, byte = 0 }: { width?: 1 | 4; byte?: number } = {}): Access =>
  read('device', registers[name].offset - CONFIG_OFFSET + byte, width);
const status = (value: number): Access => write('common', common.deviceStatus, 1, value);
const readStatus = read('common', common.deviceStatus, 1);
/** Accepts features; `word` is 0 for the features 0 to 31, and 1 for 32 to 63. */
const accept = (word: number, bits: number): Access[] => [
  write('common', common.driverFeatureSelect, 4, word),
  write('common', common.driverFeature, 4, bits),
];

/** The status when the driver has accepted the features, and when it is ready. */
const negotiated = ACKNOWLEDGE | DRIVER | FEATURES_OK;
const ready = negotiated | DRIVER_OK;

/** What a driver does first (virtio 1.2, 3.1.1). */
const negotiate: readonly Access[] = [
  status(0),
  status(ACKNOWLEDGE),
  status(ACKNOWLEDGE | DRIVER),
  ...accept(0, features),
  ...accept(1, VERSION_1),
  status(negotiated),
];

const options = { driver: 'absent', plugged: false, needs: ['UIO_PCI_GENERIC', 'DEVMEM'] } as const;

const seconds = 0x5c7a1b2d; // 2019-03-02T05:57:01Z

const checkRegisters = async ({ check }: Scene, { access }: ModernVirtio): Promise<void> => {
  const names = ['command', 'secondsLow', 'secondsHigh', 'microsecondsLow', 'microsecondsHigh'] as const;
  check('device').equal(
    'command, seconds and microseconds, high halves zero',
    await access(...names.map((name) => config(name))),
    [commands.NONE, seconds, 0, 123456, 0],
  );
  check('device').equal(
    'bytes of the seconds',
    await access(...[0, 1, 2, 3].map((byte) => config('secondsLow', { width: 1, byte }))),
    [0, 8, 16, 24].map((shift) => (seconds >> shift) & 0xff),
  );
};

const checkNegotiation = async (
  { check }: Scene,
  { access }: ModernVirtio,
  backend: Backend,
): Promise<void> => {
  check('device').equal('a command before there is a driver', backend.host.command('SYNCRTC'), 'no-driver');
  await access(...negotiate);
  check('device').equal('status after FEATURES_OK', await access(readStatus), [negotiated]);
  await access(status(ready));
  check('device').equal('status after DRIVER_OK', await access(readStatus), [ready]);
  // QEMU only forwards FEATURES_OK and enables the rings. The device takes the latter for DRIVER_OK.
  const { guestFeatures, status: seen } = backend.vmmci.state();
  check('device').equal(
    'features and status in the device',
    [guestFeatures, seen],
    [features, FEATURES_OK | DRIVER_OK],
  );
};

const checkCommands = async (
  { check }: Scene,
  { access }: ModernVirtio,
  backend: Backend,
  uio: Uio,
): Promise<void> => {
  for (const time of [1, 2, 3]) {
    check('device').equal(`command ${time}`, backend.host.command('SYNCRTC'), 'sent');
    await uio.waitInterrupts(time);
    const [isr = 0] = await access(read('isr', 0, 1));
    check('device').equal('ISR', isr & ISR_CONFIG, ISR_CONFIG, showIsr);
    check('device').equal('command register', await access(config('command')), [commands.SYNCRTC]);
    await access({ ...config('command'), value: commands.SYNCRTC });
    check('device').equal('command register after the acknowledgement', await access(config('command')), [
      commands.NONE,
    ]);
    await uio.unmask();
  }
  check('device').equal('interrupts', await uio.interrupts(), 3);
  check('device').equal('acknowledgements', backend.vmmci.state().acks, 3);
};

scenario('vhost-user-device', options, async (scene) => {
  const { check, vm, environment, trace } = scene;
  const { address } = vm;
  const directory = privateDirectory();
  const backend = await startBackend(join(directory.path, 'backend.sock'), {
    clock: 'frozen:2019-03-02T05:57:01.123456Z',
    trace: trace.sink,
  });
  const generic = { socket: backend.socket, virtioId, configSize: CONFIG_SIZE };
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
    check('device').equal(
      'vendor and device',
      [found?.vendor, found?.device],
      [VIRTIO_VENDOR, VIRTIO_DEVICE + virtioId],
    );
    check('device').equal('stock driver', found?.driver, 'virtio-pci');
    const onBus = await shell.text('cat /sys/bus/virtio/devices/virtio0/device');
    check('device').equal('virtio id that Linux sees', parseNumber('virtio id', onBus), virtioId);

    const uio = await bindUio(shell, address, await moduleClosure(environment.kernel, uioModules));
    const virtio = await openModernVirtio(shell, address);
    await checkRegisters(scene, virtio);
    await checkNegotiation(scene, virtio, backend);
    await checkCommands(scene, virtio, backend, uio);
    assertHealthy(await readKernelLog(shell, 'up'));
  } finally {
    await guest?.machine.kill();
    await backend.close();
    directory.remove();
  }
});
