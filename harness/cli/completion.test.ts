import { execFileSync } from 'node:child_process';
import t from 'tap';
import { captured } from '../testing/captured.js';
import { runCommand } from './command.js';
import { commands } from './commands.js';

const scriptFor = async (t: Parameters<typeof captured>[0], shell: string): Promise<string> => {
  const { status, out, err } = await captured(t, () => runCommand(['completion', shell]));
  t.strictSame([status, err], [0, '']);
  return out;
};

/** The completions that bash offers for the last word. */
const completionsOf = (script: string, ...words: string[]): string[] => {
  const ask = `COMP_WORDS=(vmmci "$@"); COMP_CWORD=$#; _vmmci; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', `${script}\n${ask}`, 'bash', ...words], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
};

t.test('bash completes commands, actions, options and the words of operands', async (t) => {
  const script = await scriptFor(t, 'bash');
  t.strictSame(completionsOf(script, 'ma'), ['matrix']);
  t.strictSame(completionsOf(script, '').slice(0, Object.keys(commands).length), Object.keys(commands));
  t.strictSame(completionsOf(script, 'kernels', 'up'), ['update']);
  t.strictSame(completionsOf(script, 'matrix', '--ke').sort(), ['--keep', '--kernel', '--kernel-parameters']);
  t.strictSame(completionsOf(script, 'suite', 'qt'), ['qtest']);
  t.strictSame(completionsOf(script, 'help', 'tes'), ['test']);
});

t.test('zsh and fish know all commands and their options', async (t) => {
  const [zsh, fish] = [await scriptFor(t, 'zsh'), await scriptFor(t, 'fish')];
  for (const name of Object.keys(commands)) {
    t.match(zsh, new RegExp(`^    ${name}\\) compadd -- .*--help`, 'm'));
    t.match(fish, new RegExp(`^complete -c vmmci -f -n __fish_use_subcommand -a ${name} -d '`, 'm'));
  }
  t.match(fish, /__fish_seen_subcommand_from matrix' -l shard -r -d '/);
  t.match(fish, /^complete -c vmmci -n '__fish_seen_subcommand_from help' -f -a '.*\btest\b/m);
  for (const option of ['help', 'debug', 'version'])
    t.match(fish, new RegExp(`^complete -c vmmci .*-l ${option} -d `, 'm'));
});
