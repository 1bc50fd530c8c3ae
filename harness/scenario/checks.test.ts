import t from 'tap';
import { Trace } from '../base/trace.js';
import type { Level } from '../diagnosis/requirements.js';
import { checksFor } from './checks.js';

const setUp = (level: Level = 'should') => {
  const reported: { ok: boolean; message: string; skip?: string; extra?: Record<string, unknown> }[] = [];
  const failures: string[] = [];
  const trace = new Trace({ now: () => 0n });
  const reporter = {
    pass: (message: string, skipped?: { readonly skip: string }) =>
      reported.push({ ok: true, message, ...skipped }),
    fail: (message: string, extra: Record<string, unknown>) => reported.push({ ok: false, message, extra }),
  };
  const onFailure = (subject: string, line: string) => failures.push(`${subject}: ${line}`);
  const advice: string[] = [];
  const onAdvice = (line: string) => advice.push(line);
  return {
    reported,
    failures,
    trace,
    check: checksFor(reporter, trace, { level, onFailure, onAdvice }),
    advice,
  };
};

t.test('shows the value of a passed check', async (t) => {
  const { reported, failures, check } = setUp();
  check('shows-host-time').equal('seconds', 5n, 5n);
  check('leaves-nothing').equal('leaked resources', [], []);
  t.same(reported, [
    { ok: true, message: 'seconds: 5' },
    { ok: true, message: 'leaked resources: none' },
  ]);
  t.same(failures, []);
});

t.test('shows for a failed check the expected and the seen value and the part of the trace', async (t) => {
  const { reported, failures, trace, check } = setUp();
  trace.sink({ kind: 'bar-read', offset: 24, width: 1, value: 0x2d });
  check('device').equal('first', 1, 1);
  trace.sink({ kind: 'bar-read', offset: 25, width: 1, value: 0x2d });
  trace.sink({ kind: 'console', line: 'noise' });
  check('shows-host-time').equal('seconds', 0x2d2d, 0x5c7a);
  t.same(failures, ['shows-host-time: seconds: expected 23674, seen 11565 (trace #2 to #3)']);
  const last = reported.at(-1);
  t.notOk(last?.ok);
  t.same(last?.extra?.trace, ['#2 0.000 ms read offset 25 (8 bits) = 0x2d']);
  t.match(trace.since(0, 'check'), [
    { seq: 1, what: 'first', result: 'ok', requirement: 'device' },
    { seq: 4, what: 'seconds', result: 'not ok', requirement: 'shows-host-time' },
  ]);
});

t.test('reports a check that cannot be made', async (t) => {
  const { reported, failures, trace, check } = setUp();
  check('sets-clock').skip('times that were set', 'kernel 6.12: built without a trace');
  t.same(reported, [
    { ok: true, message: 'times that were set', skip: 'kernel 6.12: built without a trace' },
  ]);
  t.same(failures, []);
  t.same(trace.since(0, 'check'), [], 'no result');
});

t.test('names the one event since the check before', async (t) => {
  const { failures, trace, check } = setUp();
  trace.sink({ kind: 'bar-read', offset: 24, width: 1, value: 0x2d });
  check('device').equal('seen', 1, 2);
  check('device').equal('seen at once', 1, 2);
  t.match(failures, [/\(trace #0\)$/, /\(trace #2\)$/]);
});

t.test('reports failed checks below the level as advice', async (t) => {
  const { reported, failures, advice, trace, check } = setUp();
  check('resets-device').equal('status after unload', 1, 0);
  t.same(failures, []);
  t.match(advice, [/^status after unload/]);
  t.match(reported, [{ ok: true, message: /^advice: status after unload: expected 0, seen 1/ }]);
  t.match(trace.since(0, 'check'), [{ result: 'advice', requirement: 'resets-device' }]);
});

t.test('a level decides which failed checks count', async (t) => {
  const strict = setUp('may');
  strict.check('resets-device').equal('status after unload', 1, 0);
  t.equal(strict.failures.length, 1);
  const lenient = setUp('must');
  lenient.check('leaves-nothing').equal('leaked resources', ['irq 5'], []);
  lenient.check('device').equal('sysfs class', '1', '2');
  lenient.check('driver').equal('what its author wants', '1', '2');
  t.strictSame(lenient.failures.length, 2, 'the device and what an author asks are no matter of levels');
});

t.test('distinguishes bigint and number, and the order and depth of lists', async (t) => {
  const { failures, check } = setUp();
  check('device').equal<unknown>('a', 1n, 1);
  check('device').equal('b', [1, 2], [2, 1]);
  check('device').that('c', false, 'something', 1n);
  t.equal(failures.length, 3);
});

t.test('shows a bounded difference of lists of lines', async (t) => {
  const { reported, failures, check } = setUp();
  check('keeps-transcript').lines('accesses', ['a', 'b'], ['a', 'b']);
  check('keeps-transcript').lines('accesses', ['a', 'x', 'c'], ['a', 'b', 'c']);
  t.match(reported, [
    { message: 'accesses: 2 lines as expected' },
    {
      message: 'accesses: 2 lines differ (- expected, + seen)',
      extra: { difference: ['  a', '- b', '+ x', '  c'] },
    },
  ]);
  check('keeps-transcript').lines('accesses', Array.from({ length: 900 }, String), []);
  const { difference } = reported.at(-1)?.extra ?? {};
  t.ok(Array.isArray(difference) && difference.length === 41);
  t.equal(failures.length, 2);
  t.ok(failures.every((line) => line.split('\n').length <= 42));
});

t.test(
  'records in the trace the expected and the seen value of a failed check, numbers as numbers',
  async (t) => {
    const { failures, trace, check } = setUp();
    const range = { from: -5n, to: 5n };
    check('shows-drift').between('drift', 5n, range);
    check('shows-drift').between('drift', -6n, range, (value) => `${value} ns`);
    check('shows-host-time').equal('time', 7n, 8n, (value) => `${value} µs`);
    check('goes-down').equal('end', 'reset', 'shutdown');
    t.same(
      failures.map((line) => line.replace(/ \(trace.*/, '')),
      [
        'shows-drift: drift: expected -5 ns to 5 ns, seen -6 ns',
        'shows-host-time: time: expected 8 µs, seen 7 µs',
        'goes-down: end: expected shutdown, seen reset',
      ],
    );
    const [passed, ...failed] = trace.since(0, 'check');
    t.equal(passed?.expected, undefined);
    t.match(failed, [
      { expected: '-5 ns to 5 ns', seen: '-6 ns', numbers: { ...range, seen: -6n } },
      { expected: '8 µs', seen: '7 µs', numbers: { from: 8n, to: 8n, seen: 7n } },
      { expected: 'shutdown', seen: 'reset' },
    ]);
    t.equal(failed[2]?.numbers, undefined);
  },
);
