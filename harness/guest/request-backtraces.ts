// Asks the kernel of a hung guest where its CPUs are: by SysRq over the serial console or, if no CPU takes
// interrupts, by an NMI. The backtraces name functions of the kernel and its modules. images/guest/root/init
// and images/distro/root/etc/sysctl.d enable this.

import type { Machine } from '../qemu/process.js';
import type { Console } from './console.js';

/** In milliseconds, for a kernel that still takes interrupts. */
const answerMs = 3000;

/**
 * SysRq keys and the first line that each prints (drivers/tty/sysrq.c). The output of the last key shows that
 * the others are complete.
 */
const requests = [
  ['l', /sysrq: Show backtrace of all active CPUs/i],
  ['w', /sysrq: Show Blocked State/i],
  ['h', /sysrq: HELP/],
] as const;

const sysrq = async (
  { qmp, channel }: Machine,
  console: Console,
  key: string,
  answer: RegExp,
): Promise<void> => {
  const from = console.cursor;
  await qmp.execute('chardev-send-break', { id: 'console' });
  channel('console').write(key);
  await console.waitFor(answer, { from, what: `answer to SysRq ${key}`, timeoutMs: answerMs });
};

/** Resolves when QEMU has exited, or after a timeout. */
export const waitForExit = (machine: Machine): Promise<unknown> =>
  new Promise((resolve) => {
    const { timers } = machine;
    const timer = timers.after(timers.timeout(answerMs), () => resolve(undefined));
    void machine.exit.then((exit) => {
      timer.cancel();
      resolve(exit);
    });
  });

/**
 * Returns the console lines that the kernel prints; none if the guest is gone. The guest cannot be used
 * afterwards, because it may panic.
 */
export const requestBacktraces = async (machine: Machine, console: Console): Promise<string[]> => {
  const from = console.cursor;
  const linesSince = () => console.lines.slice(from).map(({ text }) => text);
  try {
    for (const [key, answer] of requests) await sysrq(machine, console, key, answer);
  } catch {
    // No CPU takes interrupts, or the guest is gone. An NMI makes it panic, and panic=-1 then ends QEMU.
    await machine.qmp.execute('inject-nmi').catch(() => {});
    await waitForExit(machine);
  }
  return linesSince();
};
