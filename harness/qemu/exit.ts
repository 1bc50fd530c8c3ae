// How a QEMU process ended, as data.

import { constants } from 'node:os';

/** What QMP's SHUTDOWN event gives as its reason (QEMU 11.1, ShutdownCause); other values pass through. */
export type ShutdownReason =
  | 'guest-reset'
  | 'guest-shutdown'
  | 'guest-panic'
  | 'host-qmp-quit'
  | 'host-signal'
  | (string & {});

export interface QemuExit {
  /** Exit status; null when a signal ended it. */
  status: number | null;
  /** Name of the signal that ended QEMU, `SIGABRT` for a failed assertion. */
  signal: string | null;
  /** Why QEMU says it shut down; null when it did not say. With -no-reboot a guest's reset is one too. */
  shutdown: ShutdownReason | null;
  /** True after `Machine.kill()`. */
  killed: boolean;
  /** The last lines of QEMU's standard error. */
  stderr: string;
}

// Two names may have one number: these are the lesser known.
const aliases = new Set(['SIGIOT', 'SIGPOLL']);

const signalNames = new Map<number, string>(
  Object.entries(constants.signals)
    .filter(([name]) => !aliases.has(name))
    .map(([name, number]) => [number, name]),
);

/** Splits bubblewrap's status: it answers for a signalled program with 128 + the signal's number, as a shell does. */
export const statusOf = (
  code: number | null,
  signal: string | null,
): { status: number | null; signal: string | null } => {
  const name = code === null ? undefined : signalNames.get(code - 128);
  return name === undefined ? { status: code, signal } : { status: null, signal: name };
};

/** True when the guest itself ended the machine: a reset, a power-off or a reported panic, and not QEMU or we. */
export const isGuestsOwn = (exit: QemuExit): boolean =>
  !exit.killed && exit.signal === null && exit.status === 0 && (exit.shutdown?.startsWith('guest-') ?? false);

/** True when nobody but the guest, vmd's decision or the harness ended the machine; QMP's `quit` is a command of ours. */
export const isExpected = (exit: QemuExit): boolean =>
  exit.killed || isGuestsOwn(exit) || (exit.status === 0 && exit.shutdown === 'host-qmp-quit');

/** `guest-reset`, `killed by the harness`, `SIGABRT`, `status 1`. */
export const describeExit = (exit: QemuExit): string => {
  if (exit.killed) return 'killed by the harness';
  if (exit.signal !== null) return exit.signal;
  if (exit.status === 0) return exit.shutdown ?? 'status 0';
  return `status ${exit.status}`;
};
