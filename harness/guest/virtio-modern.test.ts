import t from 'tap';
import type { CommandResult, Commands } from './shell.js';
import { findStructures, openModernVirtio } from './virtio-modern.js';

/** Configuration space with a capability list, each entry as `[at, next, id, type, bar, offset, length]`. */
const configOf = (...list: readonly (readonly number[])[]): Buffer => {
  const config = Buffer.alloc(256);
  config.writeUInt16LE(0x10, 0x06);
  config[0x34] = list[0]?.[0] ?? 0;
  for (const [at = 0, next = 0, id = 0, type = 0, bar = 0, offset = 0, length = 0] of list) {
    config.set([id, next, 16, type, bar], at);
    config.writeUInt32LE(offset, at + 8);
    config.writeUInt32LE(length, at + 12);
  }
  return config;
};

const whole = configOf(
  [0x98, 0x84, 0x11], // MSI-X
  [0x84, 0x70, 9, 5, 0, 0, 0], // a window in configuration space
  [0x70, 0x60, 9, 4, 4, 0x2000, 20],
  [0x60, 0x50, 9, 3, 4, 0x1000, 1],
  [0x50, 0x40, 9, 1, 4, 0, 0x38],
  [0x40, 0, 9, 1, 2, 0x9000, 0x38], // a second one of type common
);

t.test('finds structures along the capability list', async (t) => {
  t.strictSame(
    [...findStructures(whole)],
    [
      ['device', { bar: 4, offset: 0x2000, length: 20 }],
      ['isr', { bar: 4, offset: 0x1000, length: 1 }],
      ['common', { bar: 4, offset: 0, length: 0x38 }],
    ],
  );
  const without = Buffer.from(whole);
  without.writeUInt16LE(0, 0x06);
  t.equal(findStructures(without).size, 0, 'no list');
  const loop = configOf([0x40, 0x50, 9, 1, 4, 0, 0x38], [0x50, 0x40, 9, 3, 4, 0x1000, 1]);
  t.equal(findStructures(loop).size, 2, 'a list with a loop');
  const beyond = Buffer.from(whole);
  beyond[0x34] = 0xf4;
  beyond.set([9, 0, 16, 1, 4], 0xf4);
  t.equal(findStructures(beyond).size, 0, 'a structure that ends beyond the configuration space');
});

const sysfs = `vendor 0x1af4
device 0x105e
subsystem_vendor 0x1af4
subsystem_device 0x1100
class 0x00ff00
revision 0x01
irq 10
modalias pci:x
enable 1
${'resource 0x0000000000000000 0x0000000000000000 0x0000000000000000\n'.repeat(4)}
resource 0x00000000febf0000 0x00000000febf3fff 0x0000000000140204
`;

/** A shell that describes the device and gives `answer` to all other commands. */
const shellOf = (config: Buffer, answer = ''): Commands & { asked: string[] } => {
  const asked: string[] = [];
  const run = async (command: string): Promise<CommandResult> => {
    asked.push(command);
    const stdout = command.startsWith('head')
      ? config
      : Buffer.from(command.startsWith('devmem') ? answer : sysfs);
    return { status: 0, stdout, stderr: Buffer.alloc(0) };
  };
  return { asked, run, text: async (command) => String((await run(command)).stdout) };
};

t.test('turns accesses into physical addresses, in one command', async (t) => {
  const shell = shellOf(whole, '0x0000000B\n0x5C7A1B2D\n');
  const { access } = await openModernVirtio(shell, '0000:00:05.0');
  const values = await access(
    { structure: 'common', offset: 20, width: 1 },
    { structure: 'common', offset: 20, width: 1, value: 15 },
    { structure: 'device', offset: 4, width: 4 },
  );
  t.strictSame(values, [0xb, 0x5c7a1b2d]);
  t.equal(shell.asked.at(-1), 'devmem 0xfebf0014 8 && devmem 0xfebf0014 8 15 && devmem 0xfebf2004 32');
  await t.rejects(
    access({ structure: 'isr', offset: 0, width: 1 }),
    { message: /1 numbers/ },
    'the answer has two values',
  );
  await t.rejects(access({ structure: 'notify', offset: 0, width: 2 }), { code: 'GUEST_READ' });
});

t.test('rejects a device that is not modern virtio', async (t) => {
  const legacy = await openModernVirtio(shellOf(Buffer.alloc(256)), '0000:00:05.0');
  await t.rejects(legacy.access({ structure: 'common', offset: 0, width: 4 }), {
    code: 'GUEST_READ',
    message: /structure common of 0000:00:05.0: expected a structure in memory, got none/,
  });
  await t.rejects(openModernVirtio(shellOf(Buffer.alloc(64)), '0000:00:05.0'), {
    message: /256 bytes, got 64/,
  });
});
