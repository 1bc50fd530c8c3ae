import t from 'tap';
import { showDurationNs, showEach, showInstant, showInstantNs } from './formats.js';

t.test('formats instants and durations with units, also for extreme values', async (t) => {
  t.equal(showInstant(1_795_350_896_123_456n), '2026-11-22T12:34:56.123456Z (1795350896123456 µs)');
  t.equal(showInstant(-1n), '1969-12-31T23:59:59.999999Z (-1 µs)');
  t.equal(showInstantNs(-1n), '1969-12-31T23:59:59.999999Z (-1 ns)');
  t.equal(showInstantNs(1_795_350_896_123_456_789n), '2026-11-22T12:34:56.123456Z (1795350896123456789 ns)');
  for (const us of [2n ** 63n, -(2n ** 63n)]) t.equal(showInstant(us), `${us} µs`);
  t.equal(showDurationNs(-3_600_000_000_001n), '-3600.000000001 s');
  t.equal(showDurationNs(1n), '0.000000001 s');
  t.equal(showEach(showInstant)([]), 'none');
  t.equal(showEach(showInstant)([0n, 0n]), '1970-01-01T00:00:00.000000Z (0 µs) × 2');
});
