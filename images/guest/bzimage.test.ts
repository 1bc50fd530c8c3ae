import t from 'tap';
import { readBzImage } from './bzimage.js';

const sizeAppended = Buffer.from('78563412', 'hex');

/** A bzImage with that many setup sectors, and the payload at `offset` in its protected-mode part. */
const image = (payload: Buffer, { sectors = 3, version = 0x20f, offset = 100 } = {}): Buffer => {
  const start = ((sectors || 4) + 1) * 512;
  const whole = Buffer.alloc(start + offset + payload.length + 50, 0xee);
  whole[0x1f1] = sectors;
  whole.write('HdrS', 0x202);
  whole.writeUInt16LE(version, 0x206);
  whole.writeUInt32LE(offset, 0x248);
  whole.writeUInt32LE(payload.length, 0x24c);
  payload.copy(whole, start + offset);
  return whole;
};

const magics = { gzip: '1f8b0800', xz: 'fd377a585a0000', lz4: '02214c18', zstd: '28b52ffd' } as const;

t.test('finds the payload and its compression', async (t) => {
  for (const [compression, magic] of Object.entries(magics)) {
    const packed = Buffer.concat([Buffer.from(magic, 'hex'), Buffer.from('payload')]);
    const whole = compression === 'gzip' ? packed : Buffer.concat([packed, sizeAppended]);
    t.strictSame(readBzImage(image(whole)), { compression, packed }, compression);
    t.strictSame(readBzImage(image(whole, { sectors: 0 })).packed, packed, 'no sectors means four');
  }
});

t.test('rejects anything else with the reason', async (t) => {
  const good = Buffer.concat([Buffer.from(magics.zstd, 'hex'), sizeAppended]);
  const cases: [string, Buffer][] = [
    ['is not a bzImage', Buffer.alloc(4096)],
    ['is not a bzImage', Buffer.from('HdrS')],
    ['uses a boot protocol before 2.08', image(good, { version: 0x207 })],
    ['is truncated', image(good).subarray(0, 2150)],
    ['has an unknown compression format: 425a6839', image(Buffer.from('425a6839', 'hex'))],
  ];
  for (const [reason, bytes] of cases) {
    t.throws(
      () => readBzImage(bytes),
      { code: 'GUEST_BUILD', fields: { reason: new RegExp(reason.slice(0, 30)) } },
      reason,
    );
  }
});
