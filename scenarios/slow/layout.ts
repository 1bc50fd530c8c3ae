// The guest sees the same devices in the same slots as on vmd, with the control device last.

import { capabilities, capability } from '../../harness/guest/capabilities.js';
import { lspciAll } from '../../harness/guest/lspci.js';
import { showInstant } from '../../harness/scenario/formats.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';
import { parseInstant } from '../../harness/vmmci/instant.js';
import { siblingDrivers } from '../../images/guest/sibling-modules.js';

const hex = (id: number): string => id.toString(16).padStart(4, '0');

const instant = '2026-09-19T12:00:00.123456Z';

/**
 * The ids in the order of the slots: entropy, network, disk, CD-ROM; OpenBSD 6.2 has the disk before the
 * network.
 */
const machines = [
  { generation: '8.0', interrupts: 'ioapic', ids: ['1044', '1041', '1042', '1048'], revision: 1, msix: true },
  { generation: '7.8', interrupts: 'pic', ids: ['1044', '1041', '1042', '1048'], revision: 1, msix: false },
  { generation: '6.2', interrupts: 'pic', ids: ['1005', '1001', '1000', '1004'], revision: 0, msix: false },
] as const;

for (const { generation, interrupts, ids, revision, msix } of machines) {
  const options = {
    layout: 'vmd',
    generation,
    interrupts,
    clock: `frozen:${instant}`,
    driver: 'absent', // it is loaded after the drivers of the other devices
  } as const;
  scenario(`layout-${generation}`, options, async ({ check, vm, device, driver, trace, until }) => {
    await driver.install();
    await vm.shell.text(`modprobe -a ${siblingDrivers.join(' ')}`);
    await driver.load();
    const seen = await lspciAll(vm.shell);
    check('device').lines(
      'devices: address, ids, revision',
      seen.map(({ address, vendor, device, revision }) =>
        [address, `${hex(vendor)}:${hex(device)}`, revision].join(' '),
      ),
      [
        '00:00.0 8086:29c0 0', // QEMU's host bridge, where vmd has its own
        ...ids.map((id, index) => `00:0${index + 1}.0 1af4:${id} ${revision}`),
        '00:05.0 0b5d:0777 0',
        '00:1f.0 8086:2918 2', // QEMU's ISA bridge, where vmd has nothing
      ],
    );
    check('binds-function').equal(
      'drivers, from slot 1 to slot 5',
      seen.slice(1, 6).map(({ driver }) => driver),
      [...ids.map(() => 'virtio-pci'), driver.description.pciDriver],
    );
    const withMsix = seen.filter(({ config }) =>
      capabilities(config).some(({ id }) => id === capability.msix),
    );
    check('device').equal(
      'devices with MSI-X',
      withMsix.map(({ address }) => address),
      msix ? ['00:01.0', '00:02.0', '00:03.0', '00:04.0'] : [],
    );
    // The kernel scans a SCSI host asynchronously.
    const blocks = await vm.shell.text(
      'until [ -e /sys/block/sr0 ]; do usleep 5000; done; ls -d /sys/block/vd* /sys/block/sr*',
      { what: 'a CD-ROM drive in the guest' },
    );
    check('device').equal('disk and CD-ROM drive', blocks.split('\n'), ['/sys/block/sr0', '/sys/block/vda']);
    check('shows-host-time').equal('host time', await driver.hostTime(), parseInstant(instant), showInstant);
    const mark = trace.mark;
    check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  });
}
