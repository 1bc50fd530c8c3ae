// The PTP clock of the driver under test, through the guest's `ptp` program.

import { HarnessError } from '../../harness/base/errors.js';
import type { Trace } from '../../harness/base/trace.js';
import { matchText } from '../../harness/guest/guest-text.js';
import type { Shell } from '../../harness/guest/shell.js';
import type { Driver } from '../../harness/scenario/driver.js';

/**
 * The result of one step of the `ptp` program: numbers, with times in nanoseconds since 1970, or an errno.
 */
export interface PtpAnswer {
  readonly step: string;
  readonly values: readonly bigint[];
  /** 0 when the step succeeded. */
  readonly errno: number;
}

/** One sample of PTP_SYS_OFFSET_EXTENDED, in nanoseconds since 1970. */
export interface Bracket {
  /** The guest's clock before the device was read. */
  readonly before: bigint;
  /** The device's clock. */
  readonly time: bigint;
  /** The guest's clock after the device was read. */
  readonly after: bigint;
}

/** Errno values of Linux (include/uapi/asm-generic/errno-base.h and errno.h). */
export const EIO = 5;
export const ENODEV = 19;
export const EINVAL = 22;
export const EOPNOTSUPP = 95;

const line = /^(\S+)(?: error (\d{1,4})| ok|((?: -?\d{1,19})+))$/;

/** Parses one line of the output. Throws DRIVER_READ for any other form. */
export const parseAnswer = (text: string): PtpAnswer => {
  const groups = matchText('PTP clock', 'a step and its result', line, text, 'driver');
  const [step = '', errno = '', values = ''] = groups;
  const numbers = values.split(' ').filter((word) => word !== '');
  return { step, values: numbers.map(BigInt), errno: errno === '' ? 0 : Number(errno) };
};

/** The samples of an `extended` step. */
export const bracketsOf = ({ values }: PtpAnswer): Bracket[] =>
  Array.from({ length: values.length / 3 }, (_, index) => {
    const [before = 0n, time = 0n, after = 0n] = values.slice(3 * index, 3 * index + 3);
    return { before, time, after };
  });

/** The name of the PTP clock. Skips the scenario by throwing DRIVER_LACKS if the driver has none. */
export const needsPtp = (driver: Driver): string => {
  const { ptp } = driver.description;
  driver.needs(ptp !== undefined, 'a PTP clock');
  return ptp?.clockName ?? '';
};

/** The PTP clocks of the function: their names in /dev with their `clock_name`. */
export const ptpClocks = async (
  shell: Pick<Shell, 'text'>,
  address: string,
): Promise<{ device: string; name: string }[]> => {
  const text = await shell.text(
    `for clock in /sys/bus/pci/devices/${address}/ptp/ptp* /sys/bus/pci/devices/${address}/virtio*/ptp/ptp*; do
      [ ! -e $clock/clock_name ] || echo "\${clock##*/} $(cat $clock/clock_name)"
    done`,
    { what: 'PTP clocks' },
  );
  return text
    .split('\n')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [device = '', name = ''] = entry.split(' ');
      return { device: `/dev/${device}`, name };
    });
};

/** The guest whose PTP clock is read, and the trace that gets its readings. */
export interface PtpGuest {
  readonly vm: { readonly shell: Pick<Shell, 'text'> };
  readonly trace: Pick<Trace, 'sink'>;
}

/** The answers in the program's output. The trace gets the readings among them. */
const answersIn = (text: string, { trace }: Pick<PtpGuest, 'trace'>): PtpAnswer[] => {
  const answers = text.split('\n').map(parseAnswer);
  for (const answer of answers.filter(({ step }) => step.startsWith('extended')))
    for (const bracket of bracketsOf(answer)) trace.sink({ kind: 'ptp-reading', ...bracket });
  return answers;
};

/** The names of PTP clocks that belong to no device, which the kernel may have of its own. */
export const ptpClocksWithoutParent = async (shell: Pick<Shell, 'text'>): Promise<string[]> => {
  const text = await shell.text(
    `for clock in /sys/class/ptp/ptp*; do
      [ ! -e $clock/clock_name ] || [ -e $clock/device ] || cat $clock/clock_name
    done`,
    { what: 'PTP clocks without a parent' },
  );
  return text.split('\n').filter((name) => name !== '');
};

/**
 * Runs the steps with one descriptor of the clock. Rejects with GUEST_COMMAND if the clock cannot be opened.
 */
export const askPtp = async (
  guest: PtpGuest,
  device: string,
  ...steps: readonly string[]
): Promise<PtpAnswer[]> => answersIn(await guest.vm.shell.text(`ptp ${device} ${steps.join(' ')}`), guest);

/** `count` (1 to 25) readings of the clock by one call. Rejects with DRIVER_READ if the call fails. */
export const readPtp = async (guest: PtpGuest, device: string, count: number): Promise<Bracket[]> => {
  const [answer] = await askPtp(guest, device, `extended:${count}`);
  const brackets = answer === undefined ? [] : bracketsOf(answer);
  if (brackets.length === count) return brackets;
  const got = answer?.errno ? `errno ${answer.errno}` : `${brackets.length} readings`;
  throw new HarnessError('DRIVER_READ', { what: 'PTP clock', expected: `${count} readings`, got });
};

/** The device of the only PTP clock of the function. Rejects with DRIVER_READ if there is not exactly one. */
export const ptpClock = async (shell: Pick<Shell, 'text'>, address: string): Promise<string> => {
  const [clock, ...others] = await ptpClocks(shell, address);
  if (clock !== undefined && others.length === 0) return clock.device;
  const got = `${others.length + (clock === undefined ? 0 : 1)} clocks`;
  throw new HarnessError('DRIVER_READ', {
    what: 'PTP clocks below the function',
    expected: 'one clock',
    got,
  });
};

/**
 * Starts a program that opens the clock, reads it and keeps it open; resolves when it has. The returned
 * function lets the program run the steps with the same descriptor, and resolves with the results of the
 * first reading and of the steps. Only one such program can run at a time.
 */
export const holdPtp = async (
  guest: PtpGuest,
  device: string,
  ...steps: readonly string[]
): Promise<() => Promise<PtpAnswer[]>> => {
  const { shell } = guest.vm;
  await shell.text(
    `cd /run && rm -f ptp.closed ptp.out && { [ -p ptp.go ] || mkfifo ptp.go; } &&
    { (ptp ${device} time wait:/run/ptp.go ${steps.join(' ')} >ptp.out 2>&1; : >ptp.closed) & }
    until [ -s ptp.out ]; do usleep 1000; done; [ ! -e ptp.closed ] || { cat ptp.out; false; }`,
    { what: 'a program that has the PTP clock open' },
  );
  return async () => {
    const text = await shell.text(
      'cd /run && : >ptp.go && until [ -e ptp.closed ]; do usleep 1000; done; cat ptp.out',
      { what: 'calls with the descriptor that was open' },
    );
    const [first, , ...rest] = answersIn(text, guest);
    return first === undefined ? rest : [first, ...rest];
  };
};
