import fc from 'fast-check';
import t from 'tap';
import { lines } from './lines.js';

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

const collect = async (chunks: readonly Buffer[], limit = 1000): Promise<string[]> => {
  const all: string[] = [];
  for await (const line of lines(stream(chunks), limit)) all.push(line);
  return all;
};

t.test('the last line needs no newline', async (t) => {
  t.same(await collect([Buffer.from('a\n\nb')]), ['a', '', 'b']);
  t.same(await collect([Buffer.from('a\n')]), ['a']);
  t.same(await collect([]), []);
});

t.test('the lines do not depend on the chunks', async () => {
  const text = fc.array(
    fc.string({ unit: 'grapheme', maxLength: 8 }).map((line) => line.replaceAll('\n', '')),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(20)), async (all, cuts) => {
      const whole = Buffer.from(all.map((line) => `${line}\n`).join(''));
      const pieces: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        pieces.push(whole.subarray(at, at + cut));
        at += cut;
      }
      pieces.push(whole.subarray(at));
      const seen = await collect(pieces);
      if (JSON.stringify(seen) !== JSON.stringify(all)) throw new Error(`${JSON.stringify(seen)} seen`);
    }),
    { seed: 1, numRuns: 200 },
  );
});

t.test('a line over the limit is an error, with or without a newline', async (t) => {
  t.same(await collect([Buffer.from('abcd\nefgh')], 4), ['abcd', 'efgh']);
  const tooLong = { code: 'CONTROL_REQUEST', message: /longer than 4 bytes/ };
  await t.rejects(collect([Buffer.from('abcde\n')], 4), tooLong);
  await t.rejects(collect([Buffer.from('ab'), Buffer.from('cd'), Buffer.from('e')], 4), tooLong);
});
