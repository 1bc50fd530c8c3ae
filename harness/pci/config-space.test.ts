import t from 'tap';
import { ConfigSpace } from './config-space.js';

const word = (config: ConfigSpace, offset: number) => config.read(offset, 4).readUInt32LE(0).toString(16);
const write = (config: ConfigSpace, offset: number, value: number, size = 4) => {
  const data = Buffer.alloc(size);
  data.writeUIntLE(value, 0, size);
  config.write(offset, data);
};

t.test('identity as vmd gives it, in every generation', async (t) => {
  const config = new ConfigSpace();
  t.equal(word(config, 0x00), '7770b5d');
  t.equal(word(config, 0x04), '0', 'command and status, no capabilities');
  t.equal(word(config, 0x08), '7800000', 'class 0780, revision 0');
  t.equal(word(config, 0x0c), '0', 'header type 0, one function');
  t.equal(word(config, 0x10), '1', 'I/O ports');
  t.equal(word(config, 0x2c), 'ffff0b5d');
  t.equal(word(config, 0x34), '0', 'no capability pointer');
  t.equal(word(config, 0x3c), '100', 'INTA');
  const rest = [0x14, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x30, 0x38];
  for (let offset = 0x40; offset < 0x100; offset += 4) rest.push(offset);
  for (const offset of rest) t.equal(word(config, offset), '0', `0x${offset.toString(16)}`);
});

t.test('only storage takes writes', async (t) => {
  const config = new ConfigSpace();
  for (let offset = 0; offset < 0x100; offset += 4) write(config, offset, 0xffffffff);
  const changed: Record<number, string> = {
    0: '7770b5d',
    4: 'ffff',
    8: '7800000',
    12: 'ffff',
    16: 'fffff001',
    44: 'ffff0b5d',
    60: '1ff',
  };
  for (let offset = 0; offset < 0x100; offset += 4)
    t.equal(word(config, offset), changed[offset] ?? '0', `0x${offset.toString(16)}`);
  config.reset();
  t.equal(word(config, 0x04), '0');
  t.equal(word(config, 0x10), '1');
  t.equal(word(config, 0x3c), '100');
});

t.test('any width and offset', async (t) => {
  const config = new ConfigSpace();
  write(config, 0x05, 0x04, 1);
  t.equal(word(config, 0x04), '400');
  write(config, 0x0d, 0x40, 1);
  t.equal(word(config, 0x0c), '4000');
  write(config, 0x12, 0xc0de, 2);
  t.equal(word(config, 0x10), 'c0de0001');
  t.same(config.read(0x3d, 1), Buffer.of(1));
  t.equal(config.read(0, 256).length, 256);
  t.same(config.read(0x10, 4), Buffer.of(1, 0, 0xde, 0xc0));
});
