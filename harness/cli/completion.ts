// `vmmci completion`: generates shell completion scripts from the tables of the commands.

import { type Command, type CommandTable, defineCommand, type Group } from './define-command.js';
import type { Option } from './option.js';
import { print } from './print.js';

interface Completion {
  readonly name: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, Option<unknown>>>;
  /** Actions, and the values that operands accept. */
  readonly words: readonly string[];
}

const partsOf = (command: Command | Group): readonly Command[] =>
  command.kind === 'group' ? Object.values(command.actions) : [command];

const readCompletions = (commands: CommandTable): Promise<Completion[]> =>
  Promise.all(
    Object.entries(commands).map(async ([name, { summary, load }]) => {
      const { command } = await load();
      const parts = partsOf(command);
      return {
        name,
        summary,
        options: Object.assign({}, command.options, ...parts.map(({ options }) => options)),
        words: [
          ...(command.kind === 'group' ? Object.keys(command.actions) : []),
          ...parts.flatMap(({ operands }) => operands.flatMap(({ words = [] }) => words)),
        ],
      };
    }),
  );

const wordsOf = ({ options, words }: Completion): string =>
  [...words, ...Object.keys(options).map((name) => `--${name}`), '--help', '--debug'].join(' ');

/** Falls back to file names, because option values and operands may be paths. */
const bash = (all: readonly Completion[]): string => `# bash completion for vmmci: . <(vmmci completion bash)
_vmmci() {
  local cur=\${COMP_WORDS[COMP_CWORD]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${all.map(({ name }) => name).join(' ')} help --help --version'
  else
    case \${COMP_WORDS[1]} in
${all.map((one) => `      ${one.name}) words='${wordsOf(one)}' ;;`).join('\n')}
      help) words='${all.map(({ name }) => name).join(' ')}' ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _vmmci vmmci`;

const zsh = (all: readonly Completion[]): string => `#compdef vmmci
# zsh completion for vmmci: source <(vmmci completion zsh), after compinit; or save it as _vmmci in a directory of $fpath
_vmmci() {
  if (( CURRENT == 2 )); then
    compadd -- ${all.map(({ name }) => name).join(' ')} help --help --version
    return
  fi
  case \${words[2]} in
${all.map((one) => `    ${one.name}) compadd -- ${wordsOf(one)} ;;`).join('\n')}
    help) compadd -- ${all.map(({ name }) => name).join(' ')} ;;
  esac
  _files
}
# As a file of $fpath, this is loaded by the first completion.
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then _vmmci "$@"; else compdef _vmmci vmmci; fi`;

const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;

const fish = (all: readonly Completion[]): string =>
  [
    '# fish completion for vmmci: vmmci completion fish >~/.config/fish/completions/vmmci.fish',
    "complete -c vmmci -f -n __fish_use_subcommand -a help -d 'print the help of a command'",
    "complete -c vmmci -n __fish_use_subcommand -l version -d 'print versions'",
    "complete -c vmmci -l help -d 'print this help'",
    "complete -c vmmci -l debug -d 'print the stack of an error'",
    `complete -c vmmci -n '__fish_seen_subcommand_from help' -f -a '${all.map(({ name }) => name).join(' ')}'`,
    ...all.map(
      ({ name, summary }) => `complete -c vmmci -f -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ),
    ...all.flatMap(({ name, options, words }) => {
      const seen = `complete -c vmmci -n '__fish_seen_subcommand_from ${name}'`;
      return [
        ...words.map((word) => `${seen} -f -a ${word}`),
        ...Object.entries(options).map(
          ([option, { kind, help }]) =>
            `${seen} -l ${option}${kind === 'flag' ? '' : ' -r'} -d ${quote(help)}`,
        ),
      ];
    }),
  ].join('\n');

const shells = { bash, zsh, fish } as const;

/** The exit status: 0. */
const run = async (_: object, [shell = '']: readonly string[], all: CommandTable): Promise<number> => {
  if (Object.hasOwn(shells, shell)) print(shells[shell as keyof typeof shells](await readCompletions(all)));
  return 0;
};

export const command = defineCommand({
  operands: [{ syntax: '<SHELL>', help: 'the shell', words: Object.keys(shells) }],
  options: {},
  notes: ['The first line of a script says how to use it.'],
  run,
});
