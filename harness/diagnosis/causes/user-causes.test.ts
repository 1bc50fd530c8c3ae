import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { checkNames } from '../check-names.js';
import { findCauses } from './find-causes.js';

const check = (requirement: string, what: string, expected: string, seen: string): TraceData => ({
  kind: 'check',
  result: 'not ok',
  requirement,
  what,
  expected,
  seen,
});

const found = (events: readonly TraceData[], reasons: readonly string[] = []): string[] =>
  findCauses({
    trace: events.map((event, seq) => ({ seq, at: seq * 1000, ...event })),
    dmesg: [],
    reasons,
  }).map(({ id }) => id);

t.test('tells an attribute without a newline from an empty one', async (t) => {
  const shows = (text: string): string[] => [
    `the driver shows drift_ns as "${text}", expected one line that ends in a newline`,
  ];
  t.same(found([], shows('12')), ['attribute-without-newline']);
  t.same(found([], shows('')), ['attribute-empty']);
  const bytes = (seen: string): TraceData => check('attribute-form', 'bytes of drift_ns', 'x', seen);
  t.same(found([bytes('none')]), ['attribute-empty']);
  t.same(found([bytes('"12"')]), ['attribute-without-newline']);
  const counts = (text: string): string[] => [
    `the driver shows command counts as "${text}", expected NAME count`,
  ];
  t.same(found([], counts('(null) 0')), ['commands-listed-wrong']);
  t.same(found([], counts('SYNCRTC 18446744073709551615')), ['commands-counted-down']);
  t.same(found([], counts('SYNCRTC -1')), ['commands-counted-down']);
});

t.test('tells an error that is shown as nothing from one that is hidden by a value', async (t) => {
  const error = (seen: string): TraceData =>
    check('no-time-is-an-error', 'error of drift_ns where the host does not offer the time', 'ENODATA', seen);
  t.same(found([error('none')]), ['error-shown-as-nothing']);
  t.same(found([error('-17')]), ['error-hidden-by-value']);
  const drifts = check('shows-drift', checkNames.differentDrifts, '50', '1');
  t.same(found([error('-17'), drifts]), ['error-hidden-by-value'], 'the sample was never filled in');
});

t.test('the fraction is dropped also in the first second of 1970', async (t) => {
  const shown = (from: bigint, seen: bigint): TraceData => ({
    kind: 'check',
    result: 'not ok',
    requirement: 'shows-ptp-time',
    what: 'clock_gettime at an instant',
    expected: String(from),
    seen: String(seen),
    numbers: { from, to: from, seen },
  });
  const first = shown(999_999_000n, 0n);
  t.same(found([shown(5_999_999_000n, 5_000_000_000n), first]), ['fraction-dropped']);
  t.same(found([first]), [], 'it may show no time at all');
});
