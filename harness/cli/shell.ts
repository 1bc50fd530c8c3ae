// `vmmci shell`: starts a guest with device and driver, and opens a terminal in it.

import { mkdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { HarnessError, hasCode } from '../base/errors.js';
import { shorten } from '../base/text.js';
import { boundedOutput } from '../guest/bounded-output.js';
import { maxCommand } from '../guest/terminal-frames.js';
import type { TerminalSession, Terminals } from '../guest/terminals.js';
import { openEnvironment } from '../run/environment.js';
import { abortOnSignals, unlessAborted } from '../run/signals.js';
import type { Vm } from '../scenario/vm.js';
import { connectShell, findShell } from '../shell/connect.js';
import { escapeHint } from '../shell/user-terminal.js';
import { privateDirectory } from '../socket/private-directory.js';
import { type CommandTable, defineCommand } from './define-command.js';
import { clock } from './device-options.js';
import { interact, requireTerminal } from './interact.js';
import { flag, oneOf, type Read, type Values, value } from './option.js';
import { note } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceIn, runOptions } from './run-options.js';
import { type GdbFiles, openGdb, withLines } from './shell-gdb.js';
import { guestDirectory, type OpenedShell, openShellGuest } from './shell-guest.js';

const { kernel, driver, 'driver-description': description, qemu, generation } = runOptions;
const parameters = runOptions['kernel-parameters'];

/** Checked before a guest is started for it. */
const guestCommand: Read<string> = (text, name) => {
  if (text !== '' && Buffer.byteLength(text) <= maxCommand) return text;
  throw new HarnessError('INVALID_VALUE', {
    name,
    expected: `a command of 1 to ${maxCommand} bytes (a longer one can be standard input of --run sh)`,
    value: shorten(text, 100),
  });
};

const options = {
  kernel,
  'kernel-parameters': parameters,
  driver,
  'driver-description': description,
  qemu,
  generation,
  clock,
  cpus: value('N', 'CPUs of the guest: 1 or 2', { read: oneOf(['1', '2']), fallback: '1' }),
  unloaded: flag('do not load the driver; modprobe finds it'),
  run: value('CMD', 'run a command of the guest without a terminal, and exit with its status', {
    read: guestCommand,
  }),
  gdb: flag("serve QEMU's gdb stub, and write commands for gdb with the symbols of kernel and driver"),
  attach: flag('open one more terminal in the guest of a running shell'),
};

type ShellValues = Values<typeof options>;

const usage = (name: string, expected: string, got: string): HarnessError =>
  new HarnessError('INVALID_VALUE', { name, expected, value: got });

/** Passes standard input on, unless it is a terminal: a command with --run must not wait for the user. */
const passInput = async (session: TerminalSession): Promise<void> => {
  if (!process.stdin.isTTY)
    for await (const bytes of process.stdin) await session.write(Buffer.from(bytes as Buffer));
  await session.endInput();
};

const runOnly = async (terminals: Pick<Terminals, 'open'>, command: string, signal: AbortSignal) => {
  const write = {
    output: boundedOutput(process.stdout, () => session),
    error: boundedOutput(process.stderr, () => session),
  };
  const session = terminals.open({
    directory: guestDirectory,
    command,
    onOutput: (bytes, from) => write[from](bytes),
  });
  signal.addEventListener('abort', () => session.signal(constants.signals.SIGTERM), { once: true });
  const input = passInput(session);
  // Writing fails when the command has ended, which is not an error.
  input.catch(() => {});
  try {
    return (await unlessAborted(session.end, signal)) ?? 'left';
  } finally {
    process.stdin.destroy();
  }
};

/** Upper bound in milliseconds for the end of QEMU after the end of its terminal. */
const endMs = 10_000;

/**
 * Resolves with a message for the user if the guest went down as requested. Otherwise rejects with the reason
 * for its end: GUEST_PANIC, QEMU_EXIT and so on.
 */
const explainEnd = async (vm: Vm, error: unknown): Promise<string> => {
  if (!hasCode(error, 'TERMINAL') || !vm.hasEnded()) throw error;
  // Read first, because `ended` reports the end to vmd, which then notes a kill of its own.
  const kill = vm.kill();
  await vm.ended('end of the guest', endMs);
  return kill === undefined ? String(error.fields.reason) : `vmd ends the VM (${kill.reason})`;
};

const introduce = ({ served: { control }, vm }: OpenedShell): void => {
  note(`the driver's directory is in ${guestDirectory}; the function is at ${vm.address}`);
  note(`host side: vmmci ctl --control ${control} stop (or clock, fault, state …)`);
  note(`second terminal: vmmci shell --attach ${control}`);
  note(escapeHint);
};

const introduceGdb = ({ program, commands }: GdbFiles): void => {
  note(`gdb with kernel and driver: ${program}`);
  note(`in a gdb of your own: source ${commands}`);
};

const start = async (values: ShellValues, all: CommandTable): Promise<number> => {
  if (values.run === undefined) requireTerminal('without --run');
  const { signal, status, release } = abortOnSignals();
  const directory = privateDirectory();
  const interrupted = (): number => {
    note(signal.reason.message);
    return status() ?? 1;
  };
  let opened: OpenedShell | undefined;
  try {
    const choice = choiceIn(directory.path, { ...runDefaults, ...values });
    const progress = progressLines();
    const prepared = openEnvironment(choice, { progress });
    const environment = await unlessAborted(
      values.gdb ? prepared.then((made) => withLines(made, progress)) : prepared,
      signal,
    );
    if (environment === undefined) return interrupted();
    const shared = join(directory.path, 'shared');
    await mkdir(shared, { mode: 0o700 });
    const opening = openShellGuest({
      environment,
      directory: directory.path,
      shared,
      clock: values.clock,
      cpus: values.cpus === '1' ? 1 : 2,
      load: !values.unloaded,
      warn: note,
    });
    opened = await unlessAborted(opening, signal);
    // QEMU ends with this process.
    if (opened === undefined) return interrupted();
    if (values.gdb)
      introduceGdb(await openGdb(environment, opened, { directory: directory.path, shared, progress }));
    const { terminals } = opened.vm;
    const { vm } = opened;
    if (values.run !== undefined) {
      const end = await runOnly(terminals, values.run, signal).catch((error: unknown) =>
        explainEnd(vm, error),
      );
      if (typeof end === 'number') return end;
      if (end === 'left') return interrupted();
      note(end);
      return status() ?? 1;
    }
    introduce(opened);
    const { control } = opened.served;
    const end = await interact({ name: 'without --run', terminals, control, all, signal }).catch(
      (error: unknown) => explainEnd(vm, error),
    );
    note(typeof end === 'string' && end !== 'left' ? `\n${end}` : '\nleft the guest; it is gone');
    return status() ?? (typeof end === 'number' ? end : 0);
  } finally {
    release();
    await opened?.close();
    directory.remove();
  }
};

/** The options of a run that a shell does not have. */
const runDefaults = { scenarios: undefined, level: undefined, keep: false, output: undefined } as const;

const attach = async (control: string, values: ShellValues, all: CommandTable): Promise<number> => {
  if (values.run === undefined) requireTerminal('without --run');
  const { signal, status, release } = abortOnSignals();
  const { terminals, close } = await connectShell(control);
  try {
    if (values.run !== undefined) {
      const end = await runOnly(terminals, values.run, signal);
      if (typeof end === 'number') return end;
      note(signal.reason.message);
      return status() ?? 1;
    }
    note(`${escapeHint}; the guest keeps running`);
    const end = await interact({ name: 'without --run', terminals, control, all, signal });
    note('\nleft the guest');
    return status() ?? (typeof end === 'number' ? end : 0);
  } finally {
    close();
    release();
  }
};

/** Exit status: that of the command or of the shell in the guest; 0 if it was left. */
const run = async (
  values: ShellValues,
  [control]: readonly string[],
  all: CommandTable,
  given: readonly string[],
): Promise<number> => {
  if (!values.attach && control !== undefined) throw usage('without --attach', 'no argument', control);
  if (!values.attach) return start(values, all);
  const own = given.find((name) => name !== 'attach' && name !== 'run');
  if (own !== undefined) throw usage(`--${own}`, 'a guest of its own, so no --attach', '--attach');
  return attach(control ?? (await findShell()), values, all);
};

export const command = defineCommand({
  operands: [
    { syntax: '[SOCKET]', help: 'with --attach: the control socket of the shell (default: the only one)' },
  ],
  options,
  notes: [
    `In the terminal, ${escapeHint}.`,
    'Ctrl-C, Ctrl-Z and the size of the window reach the guest.',
    'The guest is gone when the terminal that started it is closed.',
    "The exit status is that of the command or of the guest's shell, or 0 if the guest was left.",
  ],
  run,
});
