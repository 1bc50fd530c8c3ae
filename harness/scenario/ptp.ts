// The PTP clock of the driver under test, through the guest's `ptp` program.

import { HarnessError } from '../base/errors.js';
import type { Shell } from '../guest/shell.js';
import type { Driver } from './driver.js';

/** What one step of the `ptp` program gave: numbers (of times, nanoseconds since the epoch), or an errno. */
export interface PtpAnswer {
  readonly step: string;
  readonly values: readonly bigint[];
  /** 0 when the step succeeded. */
  readonly errno: number;
}

/** One sample of PTP_SYS_OFFSET_EXTENDED, nanoseconds since the epoch. */
export interface Bracket {
  /** The guest's clock before the device was asked. */
  readonly before: bigint;
  /** The device's clock. */
  readonly time: bigint;
  /** The guest's clock after that. */
  readonly after: bigint;
}

/** Errno values of Linux (include/uapi/asm-generic/errno-base.h and errno.h). */
export const EIO = 5;
export const ENODEV = 19;
export const EOPNOTSUPP = 95;

const line = /^(\S+)(?: error (\d+)| ok|((?: -?\d+)+))$/;

/** One line of the program's output. DRIVER_READ for any other form. */
export const parseAnswer = (text: string): PtpAnswer => {
  const [, step, errno = '0', values = ''] = line.exec(text) ?? [];
  if (step === undefined)
    throw new HarnessError('DRIVER_READ', {
      what: 'PTP clock',
      expected: 'a step and its result',
      got: text,
    });
  const numbers = values.split(' ').filter((word) => word !== '');
  return { step, values: numbers.map(BigInt), errno: Number(errno) };
};

/** The samples of an `extended` step. */
export const bracketsOf = ({ values }: PtpAnswer): Bracket[] =>
  Array.from({ length: values.length / 3 }, (_, index) => {
    const [before = 0n, time = 0n, after = 0n] = values.slice(3 * index, 3 * index + 3);
    return { before, time, after };
  });

/** The name of the driver's PTP clock. DRIVER_LACKS, and so a scenario that is skipped, if it has none. */
export const needsPtp = (driver: Driver): string => {
  const { ptp } = driver.description;
  driver.needs(ptp !== undefined, 'a PTP clock');
  return ptp?.clockName ?? '';
};

/** The PTP clocks below the function, as /dev names them, each with its `clock_name`. */
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

/**
 * Takes the steps with one descriptor of the clock and resolves with what they gave. GUEST_COMMAND if it
 * cannot be opened.
 */
export const askPtp = async (
  shell: Pick<Shell, 'text'>,
  device: string,
  ...steps: readonly string[]
): Promise<PtpAnswer[]> =>
  (await shell.text(`ptp ${device} ${steps.join(' ')}`)).split('\n').map(parseAnswer);

/** The device of the only PTP clock below the function. DRIVER_READ if there is not exactly one. */
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
 * A program opens the clock and reads it; resolves when it has, and leaves it open. The function that it
 * resolves with lets it take the steps, with the same descriptor, and resolves with what the first reading
 * gave and what the steps gave. One at a time.
 */
export const holdPtp = async (
  shell: Pick<Shell, 'text'>,
  device: string,
  ...steps: readonly string[]
): Promise<() => Promise<PtpAnswer[]>> => {
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
    const [first, , ...rest] = text.split('\n').map(parseAnswer);
    return first === undefined ? rest : [first, ...rest];
  };
};
