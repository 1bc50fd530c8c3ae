import t from 'tap';
import { lspci, parseLspci } from './lspci.js';

const rows = (bytes: Record<number, number>): string =>
  Array.from({ length: 16 }, (_, row) => {
    const cells = Array.from({ length: 16 }, (_, column) =>
      (bytes[row * 16 + column] ?? 0).toString(16).padStart(2, '0'),
    );
    return `${(row * 16).toString(16).padStart(2, '0')}: ${cells.join(' ')}`;
  }).join('\n');

const control =
  'Control: I/O+ Mem- BusMaster- SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx-';
const status =
  'Status: Cap- 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx+';

const vmmci = `00:05.0 Communication controller [0780]: Device [0b5d:0777]
\tSubsystem: Device [0b5d:ffff]
\tPhysical Slot: 5
\t${control}
\t${status}
\tInterrupt: pin A routed to IRQ 10
\tRegion 0: I/O ports at 1000 [size=4K]
\tKernel driver in use: virtio_pci_obsd
${rows({ 0: 0x5d, 1: 0x0b, 2: 0x77, 3: 0x07, 61: 1 })}
`;

const disk = `00:08.0 SCSI storage controller [0100]: Red Hat, Inc. Virtio block device [1af4:1001] (rev 02)
\tSubsystem: Red Hat, Inc. Device [1af4:0002]
\tInterrupt: pin A routed to IRQ 11
\tRegion 0: I/O ports at <unassigned> [disabled] [size=128]
\tRegion 1: Memory at febff000 (32-bit, non-prefetchable) [size=4K]
\tRegion 4: Memory at 380000000000 (64-bit, prefetchable) [disabled] [size=16M]
\tCapabilities: [98] MSI-X: Enable+ Count=2 Masked-
\t\tVector table: BAR=1 offset=00000000
${rows({})}
`;

t.test('parses every field of the function', async (t) => {
  const [device] = parseLspci(vmmci);
  t.match(device, {
    address: '00:05.0',
    className: 'Communication controller',
    classId: 0x0780,
    name: 'Device',
    vendor: 0x0b5d,
    device: 0x0777,
    revision: 0,
    subsystem: { name: 'Device', vendor: 0x0b5d, device: 0xffff },
    interrupt: { pin: 'A', irq: 10 },
    regions: [{ index: 0, kind: 'io', address: 0x1000, size: 4096, disabled: false }],
    driver: 'virtio_pci_obsd',
  });
  t.match(device?.control, { 'I/O': true, Mem: false, DisINTx: false });
  t.match(device?.status, { Cap: false, INTx: true, '>TAbort': false });
  t.equal(device?.config.length, 256);
  t.equal(device?.config.toString('hex', 0, 4), '5d0b7707');
  t.equal(device?.config[0x3d], 1);
});

t.test('parses several devices, with fields that the function does not have', async (t) => {
  const found = parseLspci(`${vmmci}\n${disk}\n`);
  t.equal(found.length, 2);
  t.match(found[1], {
    address: '00:08.0',
    name: 'Red Hat, Inc. Virtio block device',
    revision: 2,
    driver: null,
    regions: [
      { index: 0, kind: 'io', address: null, size: 128, disabled: true },
      { index: 1, kind: 'memory', address: 0xfebff000, size: 4096, disabled: false },
      { index: 4, kind: 'memory', address: 0x380000000000, size: 16 * 2 ** 20, disabled: true },
    ],
  });
  t.equal(found[1]?.regions.length, 3, 'a BAR inside a capability is not a region');
});

t.test('returns nothing for an empty listing and rejects other output', async (t) => {
  t.strictSame(parseLspci('\n'), []);
  const shell = { text: async () => '', run: t.fail.bind(t) as never };
  t.equal(await lspci(shell, '00:05.0'), undefined);
  t.throws(() => parseLspci('pcilib: Cannot open /proc/bus/pci'), { code: 'GUEST_READ', blame: 'broken' });
});
