import t from 'tap';
import { generations } from '../vmmci/generations.js';
import { ConfigSpace } from './config-space.js';

const dword = (config: ConfigSpace, offset: number) => config.read(offset, 4).readUInt32LE(0).toString(16);
const write = (config: ConfigSpace, offset: number, value: number, size = 4) => {
  const data = Buffer.alloc(size);
  data.writeUIntLE(value, 0, size);
  config.write(offset, data);
};

t.test('the identity is that of vmd in every generation', async (t) => {
  for (const generation of Object.values(generations)) {
    const config = new ConfigSpace(generation);
    const expected: Record<number, string> = {
      0: '7770b5d',
      8: '7800000', // class 0780, revision 0
      16: '1', // I/O ports
      44: 'ffff0b5d',
      60: '100', // INTA
    };
    const wrong: string[] = [];
    for (let offset = 0; offset < 0x100; offset += 4)
      if (dword(config, offset) !== (expected[offset] ?? '0')) wrong.push(`0x${offset.toString(16)}`);
    t.same(wrong, [], generation.name);
  }
});

t.test(
  'all bytes are storage, except for missing BARs, the ROM, and the bytes after the header',
  async (t) => {
    const config = new ConfigSpace(generations['8.0']);
    const before = Array.from({ length: 64 }, (_, at) => dword(config, 4 * at));
    for (let offset = 0; offset < 0x100; offset += 4) write(config, offset, 0xffffffff);
    const fixed = [0x14, 0x18, 0x1c, 0x20, 0x24, 0x30];
    for (let offset = 0; offset < 0x100; offset += 4) {
      const expected =
        offset === 0x10 ? 'fffff001' : offset >= 0x40 || fixed.includes(offset) ? '0' : 'ffffffff';
      t.equal(dword(config, offset), expected, `0x${offset.toString(16)}`);
    }
    config.reset();
    t.same(
      Array.from({ length: 64 }, (_, at) => dword(config, 4 * at)),
      before,
    );
  },
);

t.test('T07, T08: until 7.8, narrow writes within a dword go into its low bytes', async (t) => {
  for (const [name, cacheLine, command] of [
    ['6.2', '40', 'f900'],
    ['7.8', '40', 'f900'],
    ['7.9', '4000', 'f9000000'],
    ['8.0', '4000', 'f9000000'],
  ] as const) {
    const config = new ConfigSpace(generations[name]);
    write(config, 0x0d, 0x40, 1);
    t.equal(dword(config, 0x0c), cacheLine, name);
    write(config, 0x06, 0xf900, 2);
    t.equal(dword(config, 0x04), command, name);
    write(config, 0x10, 0xc0de0000);
    t.equal(dword(config, 0x10), 'c0de0001', 'a whole dword is written in place');
  }
});

t.test('6.2: a byte within a dword is read from the wrong bits, except for the interrupt pin', async (t) => {
  const bytes = (name: '6.2' | '6.4') => {
    const config = new ConfigSpace(generations[name]);
    return [0, 1, 2, 3, 0x3d].map((offset) => config.read(offset, 1)[0]);
  };
  t.same(bytes('6.2'), [0x5d, 0x6b, 0x2d, 0x85, 0x01]);
  t.same(bytes('6.4'), [0x5d, 0x0b, 0x77, 0x07, 0x01]);
  t.equal(
    new ConfigSpace(generations['6.2']).read(0, 256).readUInt16LE(2),
    0x0777,
    'other widths are correct',
  );
});
