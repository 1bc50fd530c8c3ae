import t from 'tap';
import { instrument } from './instrument.js';

const body = async (source: string): Promise<string> => {
  const text = (await instrument(new Map([['a.c', source]]))).sources.get('a.c') ?? '';
  return text.slice(text.indexOf('#line 1 "a.c"\n') + '#line 1 "a.c"\n'.length);
};

t.test('a probe before each statement, two in each condition', async (t) => {
  const source = `int f(int a)
{
	int b = a;

	if (a)
		return 1;
	else if (b > 2) {
		g();
	}
	while (b--)
		h();
	goto out;
out:
	return a ? b : 0;
}
`;
  const expected = `int f(int a)
{
	int b = a;

	__coverage_at(0); if (__coverage_branch(1, 2, !!(a)))
		{ __coverage_at(3); return 1; }
	else { __coverage_at(4); if (__coverage_branch(5, 6, !!(b > 2))) {
		__coverage_at(7); g();
	} }
	__coverage_at(8); while (__coverage_branch(9, 10, !!(b--)))
		{ __coverage_at(11); h(); }
	__coverage_at(12); goto out;
out:
	__coverage_at(13); return __coverage_branch(14, 15, !!(a)) ? b : 0;
}
`;
  t.equal(await body(source), expected);
});

t.test('probes know their lines', async (t) => {
  const source = `static void f(void)
{
	int a = 1;
	int b;

	if (a &&
	    g())
		h(1,
		  2);
}
static void empty(void)
{
}
`;
  const { probes } = await instrument(new Map([['a.c', source]]));
  t.strictSame(
    probes.map(({ function: name, kind, first, last }) => `${name} ${kind} ${first}-${last}`),
    ['f statement 3-7', 'f true 6-7', 'f false 6-7', 'f statement 8-9', 'empty statement 12-13'],
  );
});

t.test('text that is not code, and code that cannot have a probe, is not changed', async (t) => {
  const tables = 'static const int a[] = { 1, 2 };\nMODULE_LICENSE("GPL");\n';
  t.equal(await body(tables), tables);
  const loop = 'void f(void)\n{\n\tfor_each(a, b)\n\t\tg();\n}\n';
  t.match(await body(loop), /for_each\(a, b\)\n\t\tg\(\);/, 'the body of a loop that is a macro');
  const others = new Map([
    ['Kbuild', 'obj-m += a.o\n'],
    ['b.c', 'void f(void) { g(); }\n'],
  ]);
  t.strictSame((await instrument(others, ['b.c'])).probes, []);
  t.equal((await instrument(others)).sources.get('Kbuild'), 'obj-m += a.o\n');
});
