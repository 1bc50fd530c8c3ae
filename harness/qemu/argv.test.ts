import t from 'tap';
import {
  argv,
  channelsOf,
  type Disk,
  filesOf,
  functionDevice,
  type MachineDescription,
  type Siblings,
} from './argv.js';

const guest: MachineDescription = {
  accelerator: 'tcg',
  memory: 256,
  cpus: 1,
  kernel: '/k/vmlinux',
  initramfs: '/k/init,ramfs.cpio',
  parameters: ['console=ttyS0', 'quiet'],
  disks: [{ name: 'payload', slot: 8, path: '/run/a,b.img' }],
};

/** The value after each occurrence of an option. */
const values = (args: readonly string[], option: string): (string | undefined)[] =>
  args.flatMap((arg, index) => (arg === option ? [args[index + 1]] : []));

t.test('a guest ignores QEMU’s defaults and configuration files, and a reset ends QEMU', async (t) => {
  const args = argv(guest);
  for (const option of ['-nodefaults', '-no-user-config', '-no-reboot']) t.ok(args.includes(option), option);
  t.strictSame(values(args, '-machine'), ['pc']);
  t.strictSame(values(args, '-accel'), ['tcg']);
  t.strictSame(values(args, '-cpu'), ['qemu64']);
  t.strictSame(values(args, '-display'), ['none']);
  t.strictSame(values(args, '-m'), ['256']);
  t.strictSame(values(args, '-append'), ['console=ttyS0 quiet']);
  t.strictSame(values(args, '-kernel'), ['/k/vmlinux']);
});

t.test(
  'channels are descriptors; console, shell and terminals are the serial ports, in this order',
  async (t) => {
    const args = argv(guest);
    t.strictSame(channelsOf(guest), ['console', 'shell', 'terminal', 'qmp']);
    t.strictSame(values(args, '-chardev'), [
      'socket,id=console,fd=3',
      'socket,id=shell,fd=4',
      'socket,id=terminal,fd=8',
      'socket,id=qmp,fd=5',
    ]);
    t.strictSame(values(args, '-serial'), ['chardev:console', 'chardev:shell', 'chardev:terminal']);
    t.strictSame(values(args, '-qmp'), ['chardev:qmp']);
  },
);

t.test('paths with commas work, because disks and the function are passed as JSON', async (t) => {
  const args = argv({ ...guest, functionSocket: '/run/x,y.sock' });
  t.strictSame(
    values(args, '-blockdev').map((text) => JSON.parse(text ?? '')),
    [{ driver: 'raw', 'node-name': 'payload', file: { driver: 'file', filename: '/run/a,b.img' } }],
  );
  const [note, disk, fn] = values(args, '-device').map((text) => JSON.parse(text ?? ''));
  t.strictSame(note, { driver: 'vmcoreinfo' }, 'the kernel can tell QEMU where its structures are');
  t.match(disk, { driver: 'virtio-blk-pci', addr: '08.0', drive: 'payload' });
  t.strictSame(fn, {
    driver: 'vfio-user-pci',
    id: 'function',
    bus: 'pci.0',
    addr: '05.0',
    socket: { type: 'unix', path: '/run/x,y.sock' },
  });
  t.strictSame(fn, functionDevice('/run/x,y.sock'), 'equals the properties for hot-plugging');
});

t.test('a qcow2 disk looks like a raw disk to the guest, and QEMU reads its base image', async (t) => {
  const raw = { name: 'data', slot: 9, path: '/run/data.img' };
  const qcow2: Disk = { ...raw, format: 'qcow2', base: '/cache/base.qcow2' };
  const [ofRaw, ofQcow2] = [raw, qcow2].map((disk) => argv({ ...guest, disks: [disk] }));
  t.strictSame(
    values(ofQcow2 ?? [], '-blockdev').map((text) => JSON.parse(text ?? '')),
    [{ driver: 'qcow2', 'node-name': 'data', file: { driver: 'file', filename: '/run/data.img' } }],
  );
  t.strictSame(values(ofQcow2 ?? [], '-device'), values(ofRaw ?? [], '-device'));
  t.strictSame(filesOf({ accelerator: 'tcg', memory: 16, cpus: 1, disks: [qcow2] }), [
    { path: '/cache/base.qcow2', writable: false },
    { path: '/run/data.img', writable: true },
  ]);
});

t.test('in vmd’s machine, disks and function are on its root bus and have its virtio version', async (t) => {
  const siblings: Siblings = { devices: [], functionSlot: 4, virtio: 'legacy', msix: false };
  const args = argv({ ...guest, siblings, functionSocket: '/run/f.sock' });
  t.strictSame(values(args, '-machine'), ['q35,sata=off,smbus=off']);
  const devices = values(args, '-device').map((text) => JSON.parse(text ?? ''));
  t.match(devices[1], { driver: 'virtio-blk-pci', bus: 'pcie.0', 'disable-modern': true, vectors: 0 });
  t.strictSame(devices.at(-1), functionDevice('/run/f.sock', siblings));
  t.match(devices.at(-1), { bus: 'pcie.0', addr: '04.0' });
});

t.test(
  'the generic virtio device shares its memory with the backend; its path may contain a comma',
  async (t) => {
    const generic = { socket: '/run/x,y.sock', virtioId: 30, configSize: 20 };
    const args = argv({ ...guest, generic });
    t.strictSame(values(args, '-machine'), ['pc,memory-backend=memory']);
    t.strictSame(
      values(args, '-object').map((text) => JSON.parse(text ?? '')),
      [{ 'qom-type': 'memory-backend-memfd', id: 'memory', size: 256 * 2 ** 20, share: true }],
    );
    t.equal(values(args, '-chardev').at(-1), 'socket,id=generic,path=/run/x,,y.sock');
    t.strictSame(JSON.parse(values(args, '-device').at(-1) ?? ''), {
      driver: 'vhost-user-test-device-pci',
      id: 'generic',
      bus: 'pci.0',
      addr: '05.0',
      chardev: 'generic',
      'virtio-id': 30,
      config_size: 20,
    });
    t.ok(filesOf({ ...guest, generic }).some(({ path, writable }) => path === '/run/x,y.sock' && writable));
  },
);

t.test('a memory file is shared with the guest to be saved and private to restored guests', async (t) => {
  const path = '/cache/a,b/ram';
  const backend = (mapping: 'shared' | 'private') => {
    const machine: MachineDescription = { ...guest, memoryFile: { path, mapping } };
    t.strictSame(values(argv(machine), '-machine'), ['pc,memory-backend=memory']);
    t.strictSame(values(argv(machine), '-m'), ['256']);
    t.strictSame(
      filesOf(machine).filter((file) => file.path === path),
      [{ path, writable: mapping === 'shared' }],
    );
    return values(argv(machine), '-object').map((text) => JSON.parse(text ?? ''));
  };
  const common = { 'qom-type': 'memory-backend-file', id: 'memory', size: 256 * 2 ** 20, 'mem-path': path };
  t.strictSame(backend('shared'), [{ ...common, share: true }]);
  t.strictSame(backend('private'), [{ ...common, share: false, readonly: true, rom: 'off' }]);
  t.strictSame(values(argv(guest), '-object'), [], 'no memory backend without a memory file');
});

t.test('a machine to be restored has the arguments of the saved one and waits for the state', async (t) => {
  t.strictSame(argv({ ...guest, incoming: true }), [...argv(guest), '-incoming', 'defer']);
});

t.test('the size of the translation cache applies to TCG only', async (t) => {
  t.strictSame(values(argv({ ...guest, translationCache: 24 }), '-accel'), ['tcg,tb-size=24']);
  t.strictSame(values(argv({ ...guest, translationCache: 24, accelerator: 'kvm' }), '-accel'), ['kvm']);
});

t.test('KVM passes the host CPU through; the RTC can be set', async (t) => {
  const args = argv({ ...guest, accelerator: 'kvm', rtcBase: '2038-01-19T03:14:00' });
  t.strictSame(values(args, '-cpu'), ['host']);
  t.strictSame(values(args, '-rtc'), ['base=2038-01-19T03:14:00']);
  t.strictSame(values(argv(guest), '-rtc'), []);
});

t.test('a machine without a CPU has qtest instead of serial ports', async (t) => {
  const machine: MachineDescription = { accelerator: 'qtest', memory: 16, cpus: 1 };
  t.strictSame(channelsOf(machine), ['qmp', 'qtest']);
  t.strictSame(values(argv(machine), '-chardev'), ['socket,id=qmp,fd=5', 'socket,id=qtest,fd=6']);
  t.strictSame(values(argv(machine), '-serial'), []);
  t.strictSame(values(argv(machine), '-kernel'), []);
});

t.test('lists every file that QEMU opens; only disks and the socket are writable', async (t) => {
  t.strictSame(filesOf({ ...guest, functionSocket: '/run/f.sock' }), [
    { path: '/k/vmlinux', writable: false },
    { path: '/k/init,ramfs.cpio', writable: false },
    { path: '/run/f.sock', writable: true },
    { path: '/run/a,b.img', writable: true },
  ]);
});
