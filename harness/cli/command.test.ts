import t from 'tap';
import { captured } from '../testing/captured.js';
import { runCommand } from './command.js';
import { commands } from './commands.js';

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
] as const)
  t.test(`exits 2 for: ${args.join(' ')}`, async (t) => {
    t.match(await captured(t, () => runCommand(args)), { status: 2, out: '', err: message });
  });
