import t from 'tap';
import { scripted } from './clock.js';
import { parseScript } from './clock-script.js';
import { formatInstant } from './instant.js';

t.test('a script sets the start, steps the clock and changes its rate', async (t) => {
  let host = 1_000_000n;
  const clock = scripted(
    `{ "start": "2026-03-29T00:59:50Z", "rate": "+250ppm",
       "changes": [ { "at": "2026-03-29T01:00:00Z", "step": 3600 },
                    { "after": 3620.5, "step": "-0.000001", "rate": "-40ppm" } ] }`,
    () => host,
  );
  const shown = (seconds: bigint): string => {
    host = 1_000_000n + seconds * 1_000_000n;
    return formatInstant(clock.now());
  };
  t.equal(shown(0n), '2026-03-29T00:59:50.000000Z');
  t.equal(shown(9n), '2026-03-29T00:59:59.002250Z');
  t.equal(shown(10n), '2026-03-29T02:00:00.002500Z');
  t.equal(shown(20n), '2026-03-29T02:00:10.005000Z');
  t.equal(shown(21n), '2026-03-29T02:00:11.005102Z', 'the second change happened after 20.494877 s');
  t.equal(shown(9n), '2026-03-29T00:59:59.002250Z', 'a host clock that is set back sets this clock back');
});

t.test('without a start, a script starts at the time of the host', async (t) => {
  let host = 123n;
  const clock = scripted('{"changes":[{"after":1,"step":-2}]}', () => host);
  t.equal(clock.now(), 123n);
  host = 1_000_123n;
  t.equal(clock.now(), -999_877n);
});

const wrong: readonly [text: string, message: RegExp][] = [
  ['{', /file: /],
  ['[]', /script: expected an object, got \[\]/],
  ['{}', /changes: expected a list, it is missing/],
  ['{"changes":{}}', /changes: expected a list, got \{\}/],
  ['{"changes":[],"speed":1}', /speed: there is no such field; valid: start, rate, changes/],
  ['{"changes":[],"rate":250}', /rate: expected a rate such as "\+250ppm", got 250/],
  ['{"changes":[],"rate":"250"}', /rate: "250" is not a rate such as \+250ppm/],
  ['{"changes":[],"start":"now"}', /start: 'now' is not of the form/],
  ['{"changes":[{"at":"2026-02-30T00:00:00Z","step":1}]}', /changes\[0\]\.at: .* is not a date that exists/],
  ['{"changes":[{"step":1}]}', /changes\[0\]: needs one of at, after/],
  ['{"changes":[{"after":1,"at":"2026-01-01T00:00:00Z","step":1}]}', /changes\[0\]: needs one of at, after/],
  ['{"changes":[{"after":1}]}', /changes\[0\]: needs step or rate/],
  ['{"changes":[{"after":1,"step":1e-7}]}', /changes\[0\]\.step: 1e-7 is not a number of seconds/],
  ['{"changes":[{"after":"1 s","step":1}]}', /changes\[0\]\.after: "1 s" is not/],
  ['{"changes":[{"after":1,"rate":"+200000ppm"}]}', /changes\[0\]\.rate: .* within 100000 ppm/],
  ['{"changes":[{"after":null,"step":1}]}', /changes\[0\]\.after: expected a number of seconds, got null/],
];

for (const [text, message] of wrong)
  t.test(`refuses ${text}`, async (t) => t.throws(() => parseScript(text), { message }));
