import { PassThrough } from 'node:stream';
import t from 'tap';
import { tail } from './tail.js';

t.test('keeps the end of a stream, without harmless messages', async (t) => {
  const stream = new PassThrough();
  const lines = tail(stream, 120);
  stream.write('x'.repeat(500));
  stream.write('\nqemu: vfio-user: Could not enable error recovery for the device\n');
  stream.write('qemu: real trouble\n');
  await new Promise((resolve) => setImmediate(resolve));
  const text = lines();
  t.match(text, /real trouble$/);
  t.notMatch(text, 'error recovery');
  t.ok(text.length <= 120);
});
