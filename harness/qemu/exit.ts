// Describes as data how a QEMU process ended.

import { constants } from 'node:os';

/** The reason in QMP's event SHUTDOWN (QEMU 11.1, ShutdownCause). Other values are passed on. */
export type ShutdownReason =
  | 'guest-reset'
  | 'guest-shutdown'
  | 'guest-panic'
  | 'host-qmp-quit'
  | 'host-signal'
  | (string & {});

export interface QemuExit {
  /** Exit status; null if a signal ended QEMU. */
  status: number | null;
  /** Name of the signal that ended QEMU, for example `SIGABRT` after a failed assertion. */
  signal: string | null;
  /**
   * The reason that QEMU gave for its shutdown; null if it gave none. With -no-reboot, a reset of the guest
   * is also a shutdown.
   */
  shutdown: ShutdownReason | null;
  /** True after `Machine.kill()`. */
  killed: boolean;
  /** The last lines of QEMU's standard error. */
  stderr: string;
}

// Some signals have two names; these are the less common ones.
const aliases = new Set(['SIGIOT', 'SIGPOLL']);

const signalNames = new Map<number, string>(
  Object.entries(constants.signals)
    .filter(([name]) => !aliases.has(name))
    .map(([name, number]) => [number, name]),
);

/**
 * Decodes the status of bubblewrap. Like a shell, it exits with 128 + the signal's number if a signal ended
 * the program.
 */
export const statusOf = (
  code: number | null,
  signal: string | null,
): { status: number | null; signal: string | null } => {
  const name = code === null ? undefined : signalNames.get(code - 128);
  return name === undefined ? { status: code, signal } : { status: null, signal: name };
};

/**
 * True if the guest itself ended the machine (by a reset, a power-off or a reported panic), not QEMU or the
 * harness.
 */
export const endedByGuest = (exit: QemuExit): boolean =>
  !exit.killed && exit.signal === null && exit.status === 0 && (exit.shutdown?.startsWith('guest-') ?? false);

/**
 * True if the guest or the harness ended the machine, for example with QMP's `quit`, rather than a fault of
 * QEMU.
 */
export const isExpected = (exit: QemuExit): boolean =>
  exit.killed || endedByGuest(exit) || (exit.status === 0 && exit.shutdown === 'host-qmp-quit');

/** How QEMU ended, in a few words: `guest-reset`, `killed by the harness`, `SIGABRT`, `status 1`. */
export const describeExit = (exit: QemuExit): string => {
  if (exit.killed) return 'killed by the harness';
  if (exit.signal !== null) return exit.signal;
  if (exit.status === 0) return exit.shutdown ?? 'status 0';
  return `status ${exit.status}`;
};
