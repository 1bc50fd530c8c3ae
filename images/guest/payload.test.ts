import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { newc } from './newc.js';
import { payloadSize, writePayload } from './payload.js';

t.test('writes a disk of constant size that begins with the archive', async (t) => {
  const path = join(t.testdir(), 'payload.img');
  const entries = [{ path: 'lib/x.ko', type: 'file' as const, content: Buffer.alloc(3000, 1) }];
  await writePayload(path, entries);
  const image = await readFile(path);
  const archive = newc(entries);
  t.equal(image.length, payloadSize);
  t.ok(image.subarray(0, archive.length).equals(archive));
  t.ok(image.subarray(archive.length).every((byte) => byte === 0));
  t.ok((await stat(path)).blocks * 512 < payloadSize / 2, 'sparse');
});

t.test('overwrites the earlier content completely', async (t) => {
  const path = join(t.testdir(), 'payload.img');
  await writePayload(path, [{ path: 'a', type: 'file', content: Buffer.alloc(9000, 1) }]);
  await writePayload(path, []);
  t.ok((await readFile(path)).subarray(newc([]).length).every((byte) => byte === 0));
});

t.test('rejects a payload that is too large', async (t) => {
  const path = join(t.testdir(), 'payload.img');
  const big = { path: 'big', type: 'file' as const, content: Buffer.alloc(payloadSize) };
  await t.rejects(writePayload(path, [big]), {
    code: 'GUEST_BUILD',
    message: /the disk has only 16777216/,
  });
});
