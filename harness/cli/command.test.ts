import t from 'tap';
import { captured } from '../testing/captured.js';
import { runCommand } from './command.js';
import { commands } from './commands.js';
import type { Option } from './option.js';

const names = Object.keys(commands);

for (const name of names)
  t.test(`${name}: all forms of help print the same text`, async (t) => {
    const ways = [
      ['help', name],
      [name, '--help'],
      [name, '-h'],
    ];
    const answers = [];
    for (const way of ways) answers.push(await captured(t, () => runCommand(way)));
    const [first] = answers;
    for (const answer of answers) t.strictSame(answer, { status: 0, out: first?.out, err: '' });
    t.match(first?.out, `Usage: vmmci ${name} `);
    for (const line of first?.out.split('\n') ?? []) t.ok(line.length <= 110, line);
    t.match(await captured(t, () => runCommand([name, '--no-such-option'])), {
      status: 2,
      out: '',
      err: `vmmci ${name}: unknown option '--no-such-option'\nvmmci ${name} --help lists the options\n`,
    });
  });

t.test('help lists all commands', async (t) => {
  for (const way of ['--help', '-h', 'help']) {
    const { status, out, err } = await captured(t, () => runCommand([way]));
    t.strictSame([status, err], [0, '']);
    for (const name of names) t.match(out, new RegExp(`^  ${name} `, 'm'));
  }
});

t.test('--version prints the version of the package and its programs', async (t) => {
  for (const way of ['--version', '-V'])
    t.match(await captured(t, () => runCommand([way])), {
      status: 0,
      out: /^vmmci-harness \d+\.\d+\.\d+\nNode +v\d.*\nQEMU .*\nkernels .*\n$/,
      err: '',
    });
});

t.test('--version works without a cache', async (t) => {
  const before = process.env.XDG_CACHE_HOME;
  t.teardown(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  // No directory can be created there.
  process.env.XDG_CACHE_HOME = '/proc/sys';
  t.match(await captured(t, () => runCommand(['--version'])), {
    status: 0,
    out: /^vmmci-harness .*\nNode +v\d.*\nQEMU +not built yet: .*\nkernels +none yet: run vmmci setup\n$/,
    err: '',
  });
});

/** The words of a command line with `option` twice; the values are refused before they are read. */
const twice = (words: readonly string[], option: string, { kind }: Option<unknown>): string[] =>
  kind === 'flag'
    ? [...words, `--${option}`, `--${option}`, '--no-such-option']
    : [...words, `--${option}`, 'one', `--${option}=two`, '--no-such-option'];

for (const [name, { load }] of Object.entries(commands))
  t.test(`${name}: an option with one value is not taken twice; lists add up`, async (t) => {
    const { command } = await load();
    const tables =
      command.kind === 'command'
        ? [{ words: [name], options: command.options }]
        : Object.entries(command.actions).map(([action, { options }]) => ({
            words: [name, action],
            options: { ...command.options, ...options },
          }));
    for (const { words, options } of tables)
      for (const [option, row] of Object.entries(options)) {
        const { status, out, err } = await captured(t, () => runCommand(twice(words, option, row)));
        t.strictSame([status, out], [2, '']);
        t.match(
          err,
          row.kind === 'value'
            ? `--${option} takes one value and was given two, 'one' and 'two'; give it once [OPTION_TWICE]`
            : "unknown option '--no-such-option'",
          `${words.join(' ')} --${option}`,
        );
      }
  });

for (const [args, message] of [
  [[], /^Usage: vmmci/],
  [['matirx'], "vmmci: unknown command 'matirx' (Did you mean matrix?)\nvmmci --help lists the options\n"],
  [['toString'], /^vmmci: unknown command 'toString'/],
  [['--kernel', 'all'], /^vmmci: unknown option '--kernel'/],
  [['help', 'nothing'], /^vmmci: unknown command 'nothing'/],
  [['report'], /^Usage: vmmci report/],
  [['report', 'diff', 'one'], /missing required argument 'AFTER'/],
  [['kernels', 'sell'], /unknown kernel 'sell'; valid: .*5\.10-cloud/],
  [['cache', 'empty'], /unexpected argument 'empty'; actions: list, clean\n/],
  [['matrix', '--jobs', '0'], /--jobs: expected a number from 1 to 99, got '0' \[INVALID_VALUE\]/],
  [['matrix', '--kernel'], /'--kernel <PATTERN>' argument missing/],
  [['test', '--driver', '--keep'], /--driver: expected a value, got '--keep'/],
  [['suite', 'none'], /'none' is invalid.*unit, report, qtest/],
  [['suite', 'unit', '--only', 'text.test', '--only', 'no-such'], /'no-such' \[NO_TEST_FILE\]/],
  [
    ['backend', '--socket', 's', '--control', './s'],
    /--control: expected another path than that of --socket, got '.\/s'/,
  ],
  [
    ['ctl', '--control', '\ufffd', 'state'],
    /--control: expected text in UTF-8, got '\ufffd' \[INVALID_VALUE\]/,
  ],
  [['test', '--exact'], /SCENARIO is missing; expected names of scenarios after --exact \[MISSING_VALUE\]/],
  [['test', '--driver', ''], /--driver: expected a value, got '' \[INVALID_VALUE\]/],
  [
    ['matrix', '--kernel', 'x'.repeat(9999)],
    /^.{0,300}--kernel: expected at most 4095 characters, got 'x{99}…'/,
  ],
  [['test', 'x'.repeat(9999)], /^vmmci test: unknown scenario 'x{100,600}…/],
  [['x'.repeat(9999)], /^vmmci: unknown command 'x{100,600}…/],
] as const)
  t.test(`exits 2 for: ${args.join(' ')}`, async (t) => {
    t.match(await captured(t, () => runCommand(args)), { status: 2, out: '', err: message });
  });
