import fc from 'fast-check';
import t from 'tap';
import { contentFields, encodeFrame, type Frame, FrameReader, fieldsContent } from './terminal-frames.js';

const frame = (kind: Frame['kind'], session: number, text: string): Frame => ({
  kind,
  session,
  content: Buffer.from(text, 'latin1'),
});

const greeting = frame('g', 0, 'vmmci-terminal 1');

const shown = (frames: Iterable<Frame>): string[] =>
  [...frames].map(({ kind, session, content }) => `${kind}${session} ${content.toString('latin1')}`);

t.test('frames are found however the bytes are cut', async () => {
  const kinds = fc.constantFrom<Frame['kind']>('o', 'i', 'w', 'k', 'c', 'g', 'O', 'E', 'A', 'X');
  const frames = fc.array(
    fc.record({
      kind: kinds,
      session: fc.nat(15),
      content: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    }),
  );
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(encodeFrame));
      const reader = new FrameReader();
      const found: Frame[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1;
        found.push(...reader.feed(bytes.subarray(at, at + size)));
        at += size;
      }
      return JSON.stringify(found) === JSON.stringify(sent);
    }),
  );
});

t.test('what is no frame is refused', async (t) => {
  for (const bytes of ['Z\0\0\0', 'O\x10\0\0', 'O\0\x10\x01'])
    t.throws(() => [...new FrameReader().feed(Buffer.from(bytes, 'latin1'))], {
      code: 'TERMINAL',
      message: /invalid beginning of a frame/,
    });
});

t.test('after a reset everything up to the greeting is a rest, also half a greeting', async (t) => {
  const reader = new FrameReader();
  t.strictSame(shown(reader.feed(encodeFrame(frame('O', 1, 'whole')))), ['O1 whole']);
  t.strictSame(shown(reader.feed(Buffer.from('O\x01\0\xff cut'))), []);
  reader.lose();
  const bytes = Buffer.concat([
    Buffer.from('Zzz g\0\0\x10vmmci'),
    encodeFrame(greeting),
    encodeFrame(frame('A', 2, '')),
  ]);
  t.strictSame(shown(reader.feed(bytes.subarray(0, 25))), []);
  t.strictSame(shown(reader.feed(bytes.subarray(25))), ['g0 vmmci-terminal 1', 'A2 ']);
});

t.test('fields have a zero behind each, and a limit', async (t) => {
  t.strictSame(contentFields(fieldsContent(['t', '', 'ü'])), ['t', '', 'ü']);
  t.throws(() => fieldsContent(['x'.repeat(4096)]), { code: 'TERMINAL', message: /longer than 4096 bytes/ });
  t.throws(() => fieldsContent(['a\0b']), { code: 'TERMINAL' });
});
