import t from 'tap';
import { codeOf } from '../base/errors.js';
import { clockHolder, frozen, inTurn, parseClock, running } from './clock.js';

const at = (seconds: bigint, micros = 0n): bigint => seconds * 1_000_000n + micros;
let host = at(1_000_000_000n);
const hostNow = (): bigint => host;

const frozenAt: readonly [string, bigint][] = [
  ['1970-01-01T00:00:00Z', 0n],
  ['1969-12-31T23:59:00.999999Z', at(-60n, 999_999n)],
  ['1901-12-13T20:45:52Z', at(-0x8000_0000n)],
  ['0001-01-01T00:00:00Z', at(-62135596800n)],
  ['0000-02-29T00:00:00Z', at(-62162121600n)],
  ['2019-03-02T05:57:01.123456Z', at(0x5c7a1b2dn, 123456n)],
  ['2038-01-19T03:14:08Z', at(0x8000_0000n)],
  ['2106-02-07T06:28:15.999999Z', at(0xffff_ffffn, 999_999n)],
  ['2106-02-07T06:28:16Z', at(0x1_0000_0000n)],
  ['2400-02-29T00:00:00Z', at(13574563200n)],
  ['9999-12-31T23:59:59.999999Z', at(253402300799n, 999_999n)],
  ['2026-11-22T00:00:00.5Z', at(1795305600n, 500_000n)],
];

for (const [iso, us] of frozenAt) {
  t.test(`frozen:${iso}`, async (t) => t.equal(parseClock(`frozen:${iso}`, hostNow).now(), us));
}

const wrong: readonly [string, RegExp][] = [
  ['', /is not a clock/],
  ['frozen', /is not a clock/],
  ['stopped:2026-01-01T00:00:00Z', /is not a clock/],
  ['frozen:', /not of the form/],
  ['frozen:2026-01-01', /not of the form/],
  ['frozen:2026-01-01T00:00:00', /not of the form/],
  ['frozen:2026-01-01T00:00:00+01:00', /not of the form/],
  ['frozen:2026-01-01T00:00:00.Z', /not of the form/],
  ['frozen:2026-01-01T00:00:00.1234567Z', /not of the form/],
  ['frozen:2026-01-01T00:00:00Z\n', /not of the form/],
  ['running:-2026-01-01T00:00:00Z', /not of the form/],
  ['frozen:1900-02-29T00:00:00Z', /not a date that exists/],
  ['frozen:1969-12-31T23:59:00.-500000Z', /not of the form/],
  ['running@250ppm', /is not a clock/],
  ['running@', /is not a clock/],
  ['running@+250', /is not a clock/],
  ['running@+1e3ppm', /is not a clock/],
  ['running@+100000.001ppm', /is not a clock/],
  ['running@+1.0001ppm', /is not a clock/],
  ['running:2026-01-01T00:00:00Z@', /is not a clock/],
  ['running:2026-01-01T00:00:00Z@+1ppm@+1ppm', /is not a clock/],
  ['frozen:2026-01-01T00:00:00Z@+1ppm', /not of the form/],
  ['scripted:', /clock script: file/],
  ['scripted:[]', /clock script: /],
  ['frozen:2026-02-30T00:00:00Z', /not a date that exists/],
  ['frozen:2026-02-29T00:00:00Z', /not a date that exists/],
  ['frozen:2026-13-01T00:00:00Z', /not a date that exists/],
  ['frozen:2026-00-01T00:00:00Z', /not a date that exists/],
  ['frozen:2026-01-00T00:00:00Z', /not a date that exists/],
  ['frozen:2026-01-01T24:00:00Z', /no such time of day/],
  ['frozen:2026-01-01T00:60:00Z', /no such time of day/],
  ['frozen:2016-12-31T23:59:60Z', /leap second/],
];

for (const [spec, reason] of wrong) {
  t.test(`refuses ${JSON.stringify(spec)}`, async (t) => {
    const call = (): unknown => parseClock(spec, hostNow, '--clock');
    t.throws(call, { message: reason });
    t.throws(call, {
      message: /^--clock: .*valid: frozen:YYYY-MM-DDTHH:MM:SS\[\.ffffff\]Z, running\[:/s,
    });
    try {
      call();
    } catch (error) {
      t.equal(codeOf(error), 'CLOCK_SPEC');
    }
  });
}

t.test('a running clock follows the host clock, including its steps', async (t) => {
  const clock = parseClock('running', hostNow);
  t.equal(clock.now(), host);
  host += at(3600n);
  t.equal(clock.now(), host);
  t.equal(clock.spec, 'running');
});

t.test('a clock that runs from an instant starts there', async (t) => {
  const clock = parseClock('running:2038-01-19T03:14:07.999999Z', hostNow);
  t.equal(clock.now(), at(0x7fff_ffffn, 999_999n));
  host += 2n;
  t.equal(clock.now(), at(0x8000_0000n, 1n));
});

t.test('parsing the specification of a clock gives the same clock', async (t) => {
  for (const clock of [frozen(at(1n, 7n)), running(hostNow, at(9n))]) {
    const again = parseClock(clock.spec, hostNow);
    t.equal(again.now(), clock.now());
    t.equal(again.spec, clock.spec);
  }
  t.equal(frozen(at(1n, 7n)).spec, 'frozen:1970-01-01T00:00:01.000007Z');
});

t.test('inTurn shows each instant once and stays at the last', async (t) => {
  const clock = inTurn([1n, 5n, 2n]);
  t.same([clock.now(), clock.now(), clock.now(), clock.now()], [1n, 5n, 2n, 2n]);
});

t.test('a holder shows the clock that was set last', async (t) => {
  const holder = clockHolder(frozen(1n));
  t.equal(holder.now(), 1n);
  holder.set(frozen(2_000_000n));
  t.equal(holder.now(), 2_000_000n);
  t.equal(holder.spec, 'frozen:1970-01-01T00:00:02.000000Z');
});

t.test('a holder moves frozen clocks and running clocks', async (t) => {
  const holder = clockHolder(frozen(at(10n)));
  holder.shift(at(-3n));
  t.equal(holder.now(), at(7n));
  t.equal(holder.spec, 'frozen:1970-01-01T00:00:07.000000Z');

  holder.set(running(hostNow, at(100n)));
  holder.shift(at(5n));
  t.equal(holder.spec, 'running:1970-01-01T00:01:45.000000Z');
  host += 2n;
  t.equal(holder.now(), at(105n, 2n));
});
