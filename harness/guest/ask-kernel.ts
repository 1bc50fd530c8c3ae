// Asks the kernel of a guest that does not answer any more where its CPUs are: by SysRq over the serial console, and where no CPU takes
// interrupts, by an NMI. The kernel names functions by its own symbols and those of the modules. That it answers is set where a
// guest boots: images/guest/root/init, images/distro/root/etc/sysctl.d.

import type { Machine } from '../qemu/process.js';
import type { Console } from './console.js';
import { realTimers } from './timers.js';

/** For an answer of a kernel that does take interrupts. */
const answerMs = 3000;

/** SysRq keys with the first line of what they print (drivers/tty/sysrq.c). The last shows that those before it are done. */
const questions = [
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

/** Resolves when QEMU is gone, or has had its time to go. */
const endOf = (machine: Machine): Promise<unknown> =>
  new Promise((resolve) => {
    const { after, timeoutUnderLoad } = realTimers;
    const timer = after(timeoutUnderLoad(answerMs), () => resolve(undefined));
    void machine.exit.then((exit) => {
      timer.cancel();
      resolve(exit);
    });
  });

/** The console lines that come of it; none of a guest that is gone. The guest may panic of it: it is of no more use. */
export const askKernel = async (machine: Machine, console: Console): Promise<string[]> => {
  const from = console.cursor;
  const since = () => console.lines.slice(from).map(({ text }) => text);
  try {
    for (const [key, answer] of questions) await sysrq(machine, console, key, answer);
  } catch {
    // No CPU takes an interrupt, or the guest is gone. After an NMI it panics, and with panic=-1 that is the end of QEMU.
    await machine.qmp.execute('inject-nmi').catch(() => {});
    await endOf(machine);
  }
  return since();
};
