import t from 'tap';
import { applyMutant, findMutants } from './mutants.js';
import { drawSample } from './sample.js';

const source = `#include <linux/module.h>
#define LIMIT_MAX	0x10
#define LIMIT_MIN	3
static int mode = 0644;
static int f(u32 a, int b)
{
	int err = g(a, b);

	if (err < 0)
		return err;
	spin_unlock(&lock);
	dev_info(dev, "%d and %d\\n", a, b);
	return a && LIMIT_MAX;
}
static const struct ops ops = {
	.get = f,
	.set = f,
};
`;

const sources = new Map([
  ['a.c', source],
  ['Kbuild', 'obj-m += a.o\n'],
]);

const shown = async (): Promise<string[]> =>
  (await findMutants(sources)).map(
    ({ line, operator, before, after }) => `${line} ${operator} ${before} → ${after}`,
  );

t.test('each operator finds its changes', async (t) => {
  const all = await shown();
  for (const expected of [
    '2 constant 0x10 → 0x11',
    '2 constant 0x10 → 0xf',
    '4 constant 0644 → 0444',
    '4 constant 0644 → 0600',
    '5 type u32 → s32',
    '7 swap a, b → b, a',
    '9 operator < → <=',
    '9 condition err < 0 → !(err < 0)',
    '9 condition err < 0 → 1',
    '10 returned err → 0',
    '10 removal return err; → ;',
    '11 removal spin_unlock(&lock); → ;',
    '12 removal dev_info(dev, "%d and %d\\n", a, b); → ;',
    '13 operator && → ||',
    '13 constant LIMIT_MAX → LIMIT_MIN',
    '16 element .get = f, → ',
  ])
    t.ok(all.includes(expected), expected);
  t.notOk(
    all.some((change) => /^12 (swap|string|constant)/.test(change)),
    'what is only logged is not changed',
  );
});

t.test('a mutant is one change of one file, and no line moves', async (t) => {
  const mutants = await findMutants(sources);
  t.equal(new Set(mutants.map(({ id }) => id)).size, mutants.length, 'ids are unique');
  for (const mutant of mutants) {
    const changed = applyMutant(sources, mutant);
    const text = changed.get('a.c') ?? '';
    t.not(text, source, mutant.id);
    t.equal(text.split('\n').length, source.split('\n').length, mutant.id);
    t.equal(changed.get('Kbuild'), sources.get('Kbuild'));
  }
});

t.test('a removed statement of many lines leaves empty lines', async (t) => {
  const long = new Map([['b.c', 'void f(void)\n{\n\tg(1,\n\t  2);\n\th();\n}\n']]);
  const removal = (await findMutants(long)).find(
    ({ operator, line }) => operator === 'removal' && line === 3,
  );
  t.ok(removal);
  if (removal !== undefined)
    t.equal(applyMutant(long, removal).get('b.c'), 'void f(void)\n{\n\t;\n\n\th();\n}\n');
});

t.test('a sample depends only on the seed, and a smaller sample is its beginning', async (t) => {
  const mutants = await findMutants(sources);
  const ids = (seed: number, count: number) => drawSample(mutants, seed, count).map(({ id }) => id);
  t.strictSame(ids(1, 10), ids(1, 10));
  t.strictSame(ids(1, 20).slice(0, 10), ids(1, 10));
  t.notSame(ids(1, 10), ids(2, 10));
  t.equal(new Set(ids(1, mutants.length)).size, mutants.length);
  t.equal(ids(3, 9999).length, mutants.length);
});

t.test(
  'a sample has mutants of all files in proportion, and of all operators of a file in turn',
  async (t) => {
    const two = new Map([
      ['a.c', source],
      ['b.c', source],
    ]);
    const sample = drawSample(await findMutants(two), 5, 16);
    t.equal(sample.filter(({ file }) => file === 'a.c').length, 8);
    const operators = sample.filter(({ file }) => file === 'a.c').map(({ operator }) => operator);
    t.equal(new Set(operators).size, operators.length, 'no operator twice among the first eight');
  },
);
