import t from 'tap';
import { Trace } from '../base/trace.js';
import { checksFor } from './checks.js';

const setUp = () => {
  const said: { ok: boolean; message: string; extra?: Record<string, unknown> }[] = [];
  const failures: string[] = [];
  const trace = new Trace({ now: () => 0n });
  const reporter = {
    pass: (message: string) => said.push({ ok: true, message }),
    fail: (message: string, extra: Record<string, unknown>) => said.push({ ok: false, message, extra }),
  };
  return { said, failures, trace, check: checksFor(reporter, trace, (line) => failures.push(line)) };
};

t.test('a check that holds tells the value, if it is short', async (t) => {
  const { said, failures, check } = setUp();
  check.equal('seconds', 5n, 5n);
  check.equal('list', ['x'.repeat(80)], ['x'.repeat(80)]);
  t.same(said, [
    { ok: true, message: 'seconds: 5' },
    { ok: true, message: 'list' },
  ]);
  t.same(failures, []);
});

t.test('a check that does not says what was expected, seen, and where in the trace', async (t) => {
  const { said, failures, trace, check } = setUp();
  trace.sink({ kind: 'bar-read', offset: 24, width: 1, value: 0x2d });
  check.equal('first', 1, 1);
  trace.sink({ kind: 'bar-read', offset: 25, width: 1, value: 0x2d });
  trace.sink({ kind: 'console', line: 'noise' });
  check.equal('seconds', 0x2d2d, 0x5c7a);
  t.same(failures, ['seconds: expected 23674, seen 11565 (trace #2 to #3)']);
  const last = said.at(-1);
  t.notOk(last?.ok);
  t.same(last?.extra?.trace, ['#2 0.000 ms bar-read offset=25 width=1 value=0x2d']);
  t.match(trace.since(0, 'check'), [
    { seq: 1, what: 'first', result: 'ok' },
    { seq: 4, what: 'seconds', result: 'not ok' },
  ]);
});

t.test('bigint and number are different, and so are the order and the depth of lists', async (t) => {
  const { failures, check } = setUp();
  check.equal<unknown>('a', 1n, 1);
  check.equal('b', [1, 2], [2, 1]);
  check.that('c', false, 'something', 1n);
  t.equal(failures.length, 3);
});

t.test('lists of lines: the difference is shown', async (t) => {
  const told: unknown[] = [];
  const failures: string[] = [];
  const reporter = {
    pass: (message: string) => told.push(message),
    fail: (message: string, extra: Record<string, unknown>) => told.push(message, extra.difference),
  };
  const check = checksFor(reporter, new Trace(), (line) => failures.push(line));
  check.lines('accesses', ['a', 'b'], ['a', 'b']);
  t.strictSame(told.splice(0), ['accesses: 2']);
  check.lines('accesses', ['a', 'x', 'c'], ['a', 'b', 'c']);
  t.strictSame(told, ['accesses: 2 differ, - expected, + seen', ['  a', '- b', '+ x', '  c']]);
  t.strictSame(failures, ['accesses: 2 differ, - expected, + seen\n  a\n- b\n+ x\n  c']);
});
