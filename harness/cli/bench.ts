// `vmmci bench`: what an access costs, against a bare echo over the same kind of socket; and what the start of a guest costs.
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { askFor, kernelRow } from '../../images/kernels/table.js';
import { HarnessError } from '../base/errors.js';
import { type BootFigure, measureBoots } from '../bench/boot.js';
import { type Figure, figuresOf, guestFigure } from '../bench/figures.js';
import { type GuestSeries, measureGuest, portKernel } from '../bench/guest.js';
import { measure } from '../bench/measure.js';
import { renderFigures } from '../bench/table.js';
import { columns } from '../report/table.js';
import { variables } from '../run/environment.js';
import { progressLines } from './progress-lines.js';

export const summary = 'measure what a register read costs, as a ratio to a bare echo';

const usage = `usage: vmmci bench [--guest | --boot] [--kernel NAME] [--rounds N] [--clients N,…] [--profile DIR] [--json]
  --guest         measure in a restored guest as well
  --boot          measure nothing but starts of a guest, with and without each step that makes them fast
  --kernel NAME   the guest's kernel; for --guest one with /dev/port, ${portKernel} when not given
  --rounds N      interleaved rounds, of which the median counts; 15 when not given
  --clients N,…   clients at once; 1,16,256 when not given
  --profile DIR   leave CPU profiles of all processes in DIR
  --json          JSON in place of the table
`;

const options = {
  guest: { type: 'boolean' },
  boot: { type: 'boolean' },
  kernel: { type: 'string' },
  rounds: { type: 'string' },
  clients: { type: 'string' },
  profile: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Accesses of one kind in one round: enough for a median, and few enough for noise to hit all kinds alike. */
const accessesFor = (clients: number): number => Math.max(2000, clients * 20);

const countOption = (option: string, value: string, most: number): number => {
  if (!/^[1-9]\d*$/.test(value) || Number(value) > most)
    throw new HarnessError('USAGE', { reason: `${option}: '${value}' is not a number from 1 to ${most}` });
  return Number(value);
};

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

/** Resolves with 0: what is slow is for the reader to judge, on the machine that the reader knows. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const rounds = countOption('--rounds', values.rounds ?? '15', 1000);
  if (values.boot) {
    if (values.kernel !== undefined) process.env[variables.kernel] = askFor(kernelRow(values.kernel));
    const boots = await measureBoots(rounds, progressLines());
    process.stdout.write(
      `${values.json ? JSON.stringify({ machine: machineOf(undefined), rounds, boots }, null, 2) : renderBoots(boots)}\n`,
    );
    return 0;
  }
  const counts = (values.clients ?? '1,16,256').split(',').map((one) => countOption('--clients', one, 1000));
  if (values.guest) process.env[variables.kernel] = askFor(kernelRow(values.kernel ?? portKernel));
  const progress = progressLines();
  const figures: Figure[] = [];
  for (const clients of counts) {
    progress(`measuring with ${clients} at once`);
    const accesses = accessesFor(clients);
    figures.push(...figuresOf(await measure({ clients, rounds, accesses, profile: values.profile })));
  }
  const guest = values.guest ? await measureGuest(rounds, progress) : undefined;
  if (guest) figures.unshift(guestFigure(guest));
  const machine = machineOf(guest);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ machine, rounds, figures }, null, 2)}\n`
      : `${describe(machine, rounds)}\n\n${renderFigures(figures)}\n`,
  );
  return 0;
};
