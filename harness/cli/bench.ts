// `vmmci bench`: measures register accesses relative to a bare echo over the same kind of socket, and guest
// starts.

import { availableParallelism, cpus } from 'node:os';
import { askFor, defaultKernelName, kernelRow } from '../../images/kernels/table.js';
import { groupDigits } from '../base/bounded.js';
import { makeDirectory } from '../base/make-directory.js';
import { type BootFigure, measureBoots } from '../bench/boot.js';
import { type Figure, figuresOf, guestFigure } from '../bench/figures.js';
import { type GuestMemory, type GuestSeries, measureGuest, portKernel } from '../bench/guest.js';
import { measure } from '../bench/measure.js';
import { renderFigures } from '../bench/table.js';
import { columns } from '../report/table.js';
import { type Choice, defaultChoice } from '../run/choice.js';
import { unlessAborted } from '../run/signals.js';
import { defineCommand } from './define-command.js';
import { count, flag, type Values, value } from './option.js';
import { progressLines } from './progress-lines.js';
import { untilSignal } from './until-signal.js';

const maxClients = 1000;

const options = {
  guest: flag('also measure in a restored guest'),
  boot: flag('measure only guest starts, with and without each optimization'),
  kernel: value('NAME', "the guest's kernel; --guest needs one with /dev/port", {
    shown: `${portKernel} for --guest`,
  }),
  rounds: value('N', 'number of interleaved rounds; the result is their median', {
    read: count(1000),
    fallback: '15',
  }),
  clients: value('N,…', 'numbers of concurrent clients', {
    read: (text, name) => text.split(',').map((one) => count(maxClients)(one, name)),
    fallback: '1,16,256',
  }),
  profile: value('DIR', 'write CPU profiles of all processes to DIR'),
  json: flag('print JSON instead of the table'),
};

/** Accesses of one kind per round: enough for a median, but few, so that noise affects all kinds alike. */
const accessesFor = (clients: number): number => Math.max(2000, clients * 20);

interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  readonly qemu: string | undefined;
}

const machineOf = (guest: GuestSeries | undefined): Machine => ({
  cores: availableParallelism(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  node: process.version,
  qemu: guest?.qemu,
});

const describe = ({ cores, cpu, node, qemu }: Machine, rounds: number): string =>
  `${cores} cores (${cpu}), Node ${node}${qemu === undefined ? '' : `, QEMU ${qemu}`}; medians of ${rounds} rounds`;

const describeMemory = ({ qemuMiB, nodeMiB, events }: GuestMemory): string =>
  `memory of the guest at most: QEMU ${qemuMiB} MiB, this process ${nodeMiB} MiB with ${groupDigits(events)} trace events`;

/** No run directory is needed: a benchmark writes no artifacts. */
const choiceFor = (kernel: string): Choice => ({ ...defaultChoice(''), kernel: askFor(kernelRow(kernel)) });

const renderBoots = (figures: readonly BootFigure[]): string =>
  columns([
    ['start', 'CPU', 'CPU ratio', 'wall ratio'],
    ...figures.map(({ name, cpuMs, cpu, wall }) => [
      name,
      `${(cpuMs / 1000).toFixed(2)} s`,
      cpu.toFixed(2),
      wall.toFixed(2),
    ]),
  ]);

/** Prints the figures. Rejects after `signal`. */
const measureAll = async (values: Values<typeof options>, signal: AbortSignal): Promise<void> => {
  const { rounds, clients: counts, profile } = values;
  // Checked before anything is measured.
  if (profile !== undefined) makeDirectory(profile);
  if (values.boot) {
    const booting = measureBoots(choiceFor(values.kernel ?? defaultKernelName), rounds, progressLines());
    const boots = (await unlessAborted(booting, signal)) ?? [];
    signal.throwIfAborted();
    process.stdout.write(
      `${values.json ? JSON.stringify({ machine: machineOf(undefined), rounds, boots }, null, 2) : renderBoots(boots)}\n`,
    );
    return;
  }
  const progress = progressLines();
  const figures: Figure[] = [];
  for (const clients of counts) {
    progress(`measuring with ${clients} concurrent clients`);
    const accesses = accessesFor(clients);
    figures.push(...figuresOf(await measure({ clients, rounds, accesses, profile, signal })));
  }
  const guest = values.guest
    ? await unlessAborted(measureGuest(choiceFor(values.kernel ?? portKernel), rounds, progress), signal)
    : undefined;
  signal.throwIfAborted();
  if (guest) figures.unshift(guestFigure(guest));
  const machine = machineOf(guest);
  const memory = guest?.memory;
  const lines = [describe(machine, rounds), '', renderFigures(figures)];
  if (memory !== undefined) lines.push('', describeMemory(memory));
  process.stdout.write(
    `${values.json ? JSON.stringify({ machine, rounds, figures, memory }, null, 2) : lines.join('\n')}\n`,
  );
};

/** Exit status: 0, because slow figures depend on the machine; 128+n after signal n. */
const run = (values: Values<typeof options>): Promise<number> =>
  // QEMU ends with this process.
  untilSignal(async (signal) => {
    await measureAll(values, signal);
    return 0;
  });

export const command = defineCommand({ options, run });
