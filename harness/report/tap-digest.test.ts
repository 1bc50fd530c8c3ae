import t from 'tap';
import { type DigestOptions, tapDigest } from './tap-digest.js';

const stream = `TAP version 14
# Subtest: good
    ok 1 - fine
    1..1
ok 1 - good # time=12.5ms

# Subtest: bad
    ok 1 - fine
    not ok 2 - wrong: expected 2, seen 3
      ---
      expected: "2"
      trace:
        - "#1 0.010 ms bar-read"
        - "#2 0.020 ms bar-write"
      ...
    # Subtest: deeper
        not ok 1 - also
          ---
          diff: |
            -2
            +1
          ...
        1..1
    not ok 3 - deeper # time=3ms
    # artifacts: /runs/bad
    1..3
not ok 2 - bad # time=20ms
  ---
  at:
    lineNumber: 3
  ...

# Subtest: half
    ok 1 - later # SKIP no cpio on this host
    1..1
ok 3 - half # time=3ms
1..3
# { total: 4, pass: 2, fail: 1, skip: 1 }`;

const digest = (text: string, options: Partial<DigestOptions> = {}) => {
  const lines: string[] = [];
  const digest = tapDigest((line) => lines.push(line), { quiet: false, maxLines: 12, ...options });
  for (const line of text.split('\n')) digest.feed(line);
  return { lines, sums: digest.sums() };
};

t.test('assertions are counted, the tests that contain them are not', async (t) => {
  t.strictSame(digest(stream).sums, { total: 5, failed: 2, skipped: 1 });
});

t.test('a failure has its details, a skip its reason, a pass one line or none', async (t) => {
  t.strictSame(digest(stream).lines, [
    '✓ good  0.0 s',
    '✗ bad  0.0 s',
    '    wrong: expected 2, seen 3',
    '      #1 0.010 ms bar-read',
    '      #2 0.020 ms bar-write',
    '    in deeper:',
    '    also',
    '    artifacts: /runs/bad',
    'skipped: later: no cpio on this host',
    '✓ half  0.0 s',
  ]);
  t.notOk(digest(stream, { quiet: true }).lines.some((line) => line.startsWith('✓')));
});

t.test(
  'a storm is cut to 12 lines of 160 characters, repetitions are folded, artifacts are named',
  async (t) => {
    const checks = Array.from(
      { length: 200 },
      (_, index) =>
        `    not ok ${index + 1} - timers: seen ${'[1,"graceful"],'.repeat(2000)}\n      ---\n      seen: 1\n      ...`,
    );
    const text = [
      '# Subtest: storm',
      ...checks,
      `    # cause: ${'x'.repeat(500)}`,
      '    # artifacts: /runs/storm',
      '    1..200',
      'not ok 1 - storm # time=9ms',
    ];
    const { lines, sums } = digest(text.join('\n'));
    t.equal(sums.failed, 200);
    t.ok(lines.length <= 12, `${lines.length} lines`);
    t.ok(lines.every((line) => line.length <= 160));
    t.equal(lines.at(-1), '    artifacts: /runs/storm');
    const different = text.map((line, index) => line.replace('timers', `timers ${index}`));
    const many = digest(different.join('\n')).lines;
    t.equal(many.length, 12);
    t.match(many.join('\n'), /… \d+ more lines/);
  },
);

t.test(
  'a skipped scenario does not count as passed, and a failed one does not show the location of its test',
  async (t) => {
    const stack = ['  ---', '  at:', '    fileName: harness/scenario/scenario.ts', '  ...'];
    const lines = [
      '# Subtest: first',
      '    ok 1 - first # SKIP driver x does not have the time in sysfs',
      '    1..1',
      'ok 1 - first # time=3ms',
      ...['second', 'third'].flatMap((name, index) => [
        `# Subtest: ${name}`,
        '    not ok 1 - interrupts: expected 1, seen 2 (trace #143)',
        '    not ok 2 - interrupts: expected 1, seen 2 (trace #163 to #180)',
        '    not ok 3 - interrupts: expected 1, seen 3 (trace #181)',
        '    not ok 4 - no answer within 48.2 s; CPU 0 idle',
        '      ---',
        '      lines:',
        '        - "[    1.2] said"',
        '      ...',
        '    1..4',
        `not ok ${index + 2} - ${name} # time=3ms`,
        ...stack,
      ]),
    ];
    const failure = [
      '    interrupts: expected 1, seen 2 (trace #143) × 2',
      '    interrupts: expected 1, seen 3 (trace #181)',
      '    no answer within 48.2 s; CPU 0 idle',
    ];
    t.strictSame(digest(lines.join('\n')).lines, [
      'skipped: first: driver x does not have the time in sysfs',
      ...['second', 'third'].flatMap((name) => [`✗ ${name}  0.0 s`, ...failure]),
    ]);
  },
);

t.test('names and reasons are bounded, and control characters in them are escaped', async (t) => {
  const long = `x.js\u001b[2J: ${'no such file '.repeat(40)}`;
  const { lines } = digest(
    `not ok 1 - ${long} # time=9ms\nok 2 - ${long} # time=9ms\nok 3 - y # SKIP ${long}`,
  );
  for (const line of lines) t.ok(line.length <= 160 && !line.includes('\u001b'), line);
  const shown = lines.map((line) => `${line.slice(0, 14)} ${line.slice(-8)}`);
  t.match(shown, [/^✗ x\.js\\x1b.*… {2}0\.0 s$/, /^✓ x\.js\\x1b.*… {2}0\.0 s$/, /^skipped: y: x.*…$/]);
});

t.test('a process that ended early is shown with its output', async (t) => {
  const { lines, sums } = digest(
    [
      '# Subtest: a',
      '    ok 1 - fine',
      'Error: \u001b[31mno such module',
      'not ok 1 - a: its process exited (SIGSEGV) before the file had finished',
    ].join('\n'),
  );
  t.strictSame(sums, { total: 2, failed: 1, skipped: 0 });
  t.match(lines[0], /^✗ a: its process exited \(SIGSEGV\)/);
  t.match(lines.join('\n'), 'Error: \\x1b[31mno such module', 'control characters are escaped');
});

t.test('a crash before any test does not count as a failed assertion', async (t) => {
  t.strictSame(digest('Bail out! no such module').sums, { total: 0, failed: 0, skipped: 0 });
  const { lines } = digest('# Subtest: a\nBail out! no such module\nnot ok 1 - a # time=1ms');
  t.match(lines.join('\n'), 'no such module');
});

t.test('a test name that contains SKIP is not a skip', async (t) => {
  const { lines, sums } = digest(
    [
      '# Subtest: a',
      '    ok 1 - what it printed: ok 1 - later \\# SKIP no cpio',
      '    not ok 2 - what it printed: ok 1 - later \\# SKIP no cpio',
      'not ok 1 - a # time=1ms',
    ].join('\n'),
    { quiet: true },
  );
  t.strictSame(sums, { total: 2, failed: 1, skipped: 0 });
  t.match(lines.join('\n'), 'later # SKIP no cpio');
});
