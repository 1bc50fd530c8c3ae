import t from 'tap';
import type { CommandResult, Commands } from './shell.js';
import { enableDevice, parseDevice, readDevice, readRegisters, writeRegister } from './sysfs.js';

const listing = `vendor 0x0b5d
device 0x0777
subsystem_vendor 0x0b5d
subsystem_device 0xffff
class 0x078000
revision 0x00
irq 10
modalias pci:v00000B5Dd00000777sv00000B5Dsd0000FFFFbc07sc80i00
enable 1
driver ../../../bus/pci/drivers/virtio_pci_obsd
resource 0x0000000000001000 0x0000000000001fff 0x0000000000040101
${'resource 0x0000000000000000 0x0000000000000000 0x0000000000000000\n'.repeat(12)}`;

/** A shell that records its commands and gives the same answer to all. */
const shellOf = (result: Partial<CommandResult>): Commands & { asked: string[] } => {
  const asked: string[] = [];
  const whole = { status: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), ...result };
  const run = async (command: string): Promise<CommandResult> => {
    asked.push(command);
    return whole;
  };
  return { asked, run, text: async (command) => String((await run(command)).stdout) };
};

t.test('parses the attributes of a device', async (t) => {
  t.strictSame(parseDevice(listing), {
    vendor: 0x0b5d,
    device: 0x0777,
    subsystemVendor: 0x0b5d,
    subsystemDevice: 0xffff,
    class: 0x078000,
    revision: 0,
    irq: 10,
    modalias: 'pci:v00000B5Dd00000777sv00000B5Dsd0000FFFFbc07sc80i00',
    enabled: true,
    driver: 'virtio_pci_obsd',
    regions: [{ index: 0, start: 0x1000n, size: 0x1000n, io: true }],
  });
});

t.test('parses a device without driver, a disabled one and an absent one', async (t) => {
  const bare = parseDevice(listing.replace(/^driver .*\n/m, '').replace('enable 1', 'enable 0'));
  t.match(bare, { driver: null, enabled: false });
  t.equal(await readDevice(shellOf({ stdout: Buffer.from('absent\n') }), '0000:00:05.0'), undefined);
});

t.test('names an attribute that is missing or not a number', async (t) => {
  t.throws(() => parseDevice(listing.replace(/^revision .*\n/m, '')), {
    code: 'GUEST_READ',
    fields: { what: 'sysfs revision' },
  });
  t.throws(() => parseDevice(listing.replace('irq 10', 'irq ten')), {
    code: 'GUEST_READ',
    fields: { got: '"ten"' },
  });
  t.throws(() => parseDevice(listing.replace(/^resource .*$/m, 'resource 0x1000')), { code: 'GUEST_READ' });
});

t.test('reads registers in one command, with one access each', async (t) => {
  const shell = shellOf({ stdout: Buffer.from('2d1b7a5c2d1b2d', 'hex') });
  const registers = [
    { offset: 24, width: 4 },
    { offset: 24, width: 2 },
    { offset: 25, width: 1 },
  ] as const;
  t.strictSame(await readRegisters(shell, '0000:00:05.0', registers), [0x5c7a1b2d, 0x1b2d, 0x2d]);
  t.equal(shell.asked.length, 1);
  t.match(
    shell.asked[0]?.split(' && ').map((command) => /bs=(\d) count=1 .*skip=(\d+)$/.exec(command)?.slice(1)),
    [
      ['4', '24'],
      ['2', '24'],
      ['1', '25'],
    ],
  );
});

t.test('rejects too few bytes and a failed dd', async (t) => {
  const short = shellOf({ stdout: Buffer.alloc(3) });
  await t.rejects(readRegisters(short, 'a', [{ offset: 24, width: 4 }]), { code: 'GUEST_READ' });
  const failing = shellOf({ status: 1, stderr: Buffer.from('dd: Input/output error\n') });
  await t.rejects(readRegisters(failing, 'a', [{ offset: 24, width: 4 }]), {
    code: 'GUEST_COMMAND',
    message: /Input\/output error/,
  });
});

t.test('writes a register with one access of its width, low byte first', async (t) => {
  const shell = shellOf({});
  await writeRegister(shell, '0000:00:05.0', { offset: 20, width: 4 }, 0x80000102);
  t.match(shell.asked[0], /^printf '\\002\\001\\000\\200' \| dd bs=4 count=1 .*seek=20/);
  await enableDevice(shell, '0000:00:05.0');
  t.equal(shell.asked[1], 'echo 1 >/sys/bus/pci/devices/0000:00:05.0/enable');
});
