import t from 'tap';
import { answerVersion, decodeVersion, encodeVersion } from './version.js';

const ours = { max_msg_fds: 8, max_data_xfer_size: 65536, pgsizes: 4096 };
const answer = (body: Buffer) => answerVersion(decodeVersion(body), ours);

t.test('the answer is a subset of the proposal, with our values', async (t) => {
  const text = answer(encodeVersion(0, 3, { max_msg_fds: 100, max_dma_maps: 1000 }));
  t.equal(text.readUInt32LE(0), 0, 'version 0.0');
  t.equal(text.toString('utf8', 4), '{"capabilities":{"max_msg_fds":8}}\0');
});

t.test('a capability may be as large as 64 bits', async (t) => {
  const body = Buffer.from(
    '\0\0\0\0{"capabilities":{"max_data_xfer_size":18446744073709551615,"pgsizes":9223372036854775808}}\0',
  );
  t.match(decodeVersion(body).capabilities, { max_data_xfer_size: 2 ** 64, pgsizes: 2 ** 63 });
  for (const value of ['1e400', '-1', '1.5', '"8"'])
    t.throws(() => decodeVersion(Buffer.from(`\0\0\0\0{"capabilities":{"max_msg_fds":${value}}}\0`)), {
      code: 'PROTOCOL',
      message: /capability max_msg_fds is not a non-negative integer/,
    });
});

t.test('the answer is never longer than the proposal', async (t) => {
  t.equal(answer(encodeVersion(0, 0)).length, 4, 'no capabilities, no data');
  const short = encodeVersion(0, 0, { max_data_xfer_size: 4 });
  t.ok(answer(short).length <= short.length);
});
