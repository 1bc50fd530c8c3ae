import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { MachineDescription } from './argv.js';
import type { Qemu } from './find.js';
import { snapshotKey } from './snapshot-key.js';

const qemu: Qemu = {
  path: 'qemu',
  version: '11.1.3',
  build: 'QEMU emulator version 11.1.3 (Debian 1)',
  command: (args) => ({ file: 'qemu', args: [...args] }),
};

const machineIn = (directory: string): MachineDescription => ({
  accelerator: 'tcg',
  memory: 256,
  cpus: 1,
  kernel: join(directory, 'kernel'),
  initramfs: join(directory, 'initramfs'),
  parameters: ['quiet'],
  disks: [{ name: 'payload', slot: 8, path: join(directory, 'disk') }],
});

t.test('the key changes with everything that the saved machine was made from', async (t) => {
  const directory = t.testdir({
    kernel: 'k',
    initramfs: 'i',
    'other-kernel': 'K',
    disk: 'd',
    'big-disk': 'ddd',
  });
  const machine = machineIn(directory);
  const base = await snapshotKey(machine, qemu);
  t.match(base, /^[0-9a-f]{16}$/);
  const others: Record<string, MachineDescription> = {
    kernel: { ...machine, kernel: join(directory, 'other-kernel') },
    memory: { ...machine, memory: 512 },
    cpus: { ...machine, cpus: 2 },
    parameters: { ...machine, parameters: [] },
    'a disk’s size': { ...machine, disks: [{ name: 'payload', slot: 8, path: join(directory, 'big-disk') }] },
    'a disk’s slot': { ...machine, disks: [{ name: 'payload', slot: 9, path: join(directory, 'disk') }] },
    'no disk': { ...machine, disks: [] },
    accelerator: { ...machine, accelerator: 'kvm' },
    siblings: { ...machine, siblings: { devices: [], functionSlot: 4, virtio: 'modern', msix: true } },
    clock: { ...machine, rtcBase: '2038-01-19T03:14:00' },
  };
  for (const [name, other] of Object.entries(others)) t.not(await snapshotKey(other, qemu), base, name);
  t.not(
    await snapshotKey(machine, { ...qemu, build: 'QEMU emulator version 11.1.3 (Debian 2)' }),
    base,
    'build',
  );
  await writeFile(join(directory, 'initramfs'), 'another');
  t.not(await snapshotKey(machine, qemu), base, 'the initramfs, replaced at the same path');
});

t.test('the key does not depend on what differs between runs', async (t) => {
  const directory = t.testdir({ kernel: 'k', initramfs: 'i', disk: 'aaaa', copy: 'bbbb' });
  const machine = machineIn(directory);
  const base = await snapshotKey(machine, qemu);
  t.equal(
    await snapshotKey({ ...machine, incoming: true }, qemu),
    base,
    'a machine that waits for a snapshot',
  );
  t.equal(await snapshotKey({ ...machine, functionSocket: '/run/f.sock' }, qemu), base, 'a function socket');
  const copy = { ...machine, disks: [{ name: 'payload', slot: 8, path: join(directory, 'copy') }] };
  t.equal(await snapshotKey(copy, qemu), base, 'a disk of the same size');
  await truncate(join(directory, 'copy'), 5);
  t.not(await snapshotKey(copy, qemu), base);
});

t.test('a qcow2 disk contributes the size that the guest sees', async (t) => {
  const header = Buffer.alloc(512);
  header.writeUInt32BE(0x514649fb);
  header.writeBigUInt64BE(4096n, 24);
  const directory = t.testdir({
    kernel: 'k',
    initramfs: 'i',
    disk: Buffer.alloc(4096),
    qcow2: header,
    text: 'x'.repeat(64),
  });
  const machine = machineIn(directory);
  const as = (name: string): MachineDescription => ({
    ...machine,
    disks: [{ name: 'payload', slot: 8, path: join(directory, name), format: 'qcow2', base: '/cache/base' }],
  });
  t.equal(
    await snapshotKey(as('qcow2'), qemu),
    await snapshotKey(machine, qemu),
    'equals the key with a raw disk of that size',
  );
  header.writeBigUInt64BE(8192n, 24);
  await writeFile(join(directory, 'qcow2'), header);
  t.not(await snapshotKey(as('qcow2'), qemu), await snapshotKey(machine, qemu));
  await t.rejects(snapshotKey(as('text'), qemu), { code: 'SNAPSHOT', message: /text.*not a qcow2/ });
  // Found before the kernel and the initramfs have been looked at: the rejection must not be left unhandled.
  await t.rejects(snapshotKey(as('missing'), qemu), { code: 'ENOENT' });
});
