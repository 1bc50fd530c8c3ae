// Measures what each optimization of the start of a guest saves: it starts the same machine without it. Each
// round starts with a different variant.

import { join } from 'node:path';
import { kernelParameters } from '../../images/guest/kernel-parameters.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { bootGuest, type Guest, restoreGuest } from '../guest/start.js';
import type { MachineDescription } from '../qemu/argv.js';
import type { Choice } from '../run/choice.js';
import { type Environment, openEnvironment } from '../run/environment.js';
import { makeDisks } from '../scenario/disks.js';
import { machineOf, unpacked } from '../scenario/machine.js';
import { privateDirectory } from '../socket/private-directory.js';
import { descendantsCpuMs } from './descendants.js';
import { rotate } from './rotate.js';
import { median, ratio } from './statistics.js';

interface Variant {
  readonly name: string;
  readonly change: (machine: MachineDescription, environment: Environment) => MachineDescription;
  readonly restored?: boolean;
}

const without = (parameter: string): Variant => ({
  name: `without ${parameter}`,
  change: (machine) => ({ ...machine, parameters: kernelParameters.filter((one) => one !== parameter) }),
});

/** The variants; the others are compared with the first. */
const variants: readonly Variant[] = [
  { name: 'cold boot', change: (machine) => machine },
  { name: 'from the bzImage', change: (machine, { kernel }) => ({ ...machine, kernel: kernel.bootImage }) },
  without('quiet'),
  without('cryptomgr.notests'),
  { name: 'restored', change: (machine) => machine, restored: true },
];

/** Medians of one variant. Times are in ms, until the agent answers. */
export interface BootFigure {
  readonly name: string;
  /** CPU time of QEMU, in ms. */
  readonly cpuMs: number;
  /** Median over the rounds of the ratio to the first variant in the same round. */
  readonly cpu: number;
  readonly wall: number;
}

const startOnce = async (start: () => Promise<Guest>): Promise<{ cpu: number; wall: number }> => {
  const begin = performance.now();
  const before = descendantsCpuMs();
  const guest = await start();
  try {
    await guest.shell.output(['guest-clock']);
    return { cpu: descendantsCpuMs() - before, wall: performance.now() - begin };
  } finally {
    await guest.machine.kill();
  }
};

/** Measures all variants; the first round is discarded. Rejects with the errors of booting a guest. */
export const measureBoots = async (
  choice: Choice,
  rounds: number,
  progress: Progress,
): Promise<BootFigure[]> => {
  const environment = await openEnvironment(choice, { progress });
  const temporary = privateDirectory();
  try {
    const disks = await makeDisks(environment, join(temporary.path, 'disks'), { format: false });
    const { qemu, timers } = environment;
    const base = machineOf(environment, disks);
    const series = variants.map(({ name }) => ({ name, cpu: [] as number[], wall: [] as number[] }));
    for (let round = 0; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      for (const [index, { change, restored = false }] of rotate([...variants.entries()], round)) {
        const machine = change(restored ? base : unpacked(base, environment), environment);
        const { cpu, wall } = await startOnce(() =>
          restored ? restoreGuest({ qemu, machine, timers }) : bootGuest({ qemu, machine, timers }),
        );
        if (round === 0) continue;
        series[index]?.cpu.push(cpu);
        series[index]?.wall.push(wall);
      }
    }
    const [first] = series;
    return series.map(({ name, cpu, wall }) => ({
      name,
      cpuMs: median(cpu),
      cpu: ratio(cpu, first?.cpu ?? []),
      wall: ratio(wall, first?.wall ?? []),
    }));
  } finally {
    temporary.remove();
  }
};
