// Measures register reads from inside a restored guest: a loop of port reads in the kernel, through QEMU.

import { join } from 'node:path';
import * as v from 'valibot';
import type { Progress } from '../../images/toolroot/progress.js';
import { HarnessError } from '../base/errors.js';
import { Trace } from '../base/trace.js';
import { TraceFile } from '../base/trace-file.js';
import { startDevice } from '../device/device.js';
import type { Shell } from '../guest/shell.js';
import { enableDevice, readDevice } from '../guest/sysfs.js';
import type { Choice } from '../run/choice.js';
import { openEnvironment } from '../run/environment.js';
import { startVm } from '../scenario/vm.js';
import { privateDirectory } from '../socket/private-directory.js';
import { defaultGeneration } from '../vmmci/generations.js';
import { CONFIG_OFFSET, CONFIG_SIZE } from '../vmmci/registers.js';
import { type BenchProcess, startBenchProcess } from './bench-process.js';
import { intervals, type Read } from './intervals.js';
import { type Order, socketsSchema, timingSchema } from './messages.js';
import { family, type ProcessFacts } from './processes.js';
import { median } from './statistics.js';

/** One median per round, in µs. */
export interface GuestSeries {
  readonly kernel: string;
  readonly accelerator: string;
  readonly qemu: string;
  /** The baseline in the same rounds. */
  readonly echo: readonly number[];
  /** Reads of the virtio header, which the function answers itself. */
  readonly oneHop: readonly number[];
  /** Reads of the device configuration, which the backend answers. */
  readonly bothHops: readonly number[];
  readonly memory: GuestMemory;
}

/** What one guest takes: the largest resident sets, in MiB. */
export interface GuestMemory {
  readonly qemuMiB: number;
  /** This process, with the device and the trace. */
  readonly nodeMiB: number;
  /** The number of events in the trace, most of which are on disk. */
  readonly events: number;
}

const memoryOf = (trace: Trace): GuestMemory => {
  const all = family(process.pid);
  const peak = (fits: (one: ProcessFacts) => boolean): number =>
    Math.round(Math.max(0, ...all.filter(fits).map(({ peakMiB }) => peakMiB)));
  return {
    qemuMiB: peak(({ program }) => program.startsWith('qemu')),
    nodeMiB: peak(({ pid }) => pid === process.pid),
    events: trace.mark,
  };
};

/** Sweeps over all registers, and accesses to the echo server, in one round. */
const sweeps = 50;
const accesses = 1000;

const medianOf = (reads: readonly Read[], fits: (offset: number) => boolean): number =>
  median(reads.filter(({ offset }) => fits(offset)).map(({ us }) => us));

/** The server and the client of the baseline, in processes of their own. */
const startEcho = async (directory: string): Promise<{ run(): Promise<number>; stop(): Promise<void> }> => {
  const processes: BenchProcess[] = [
    startBenchProcess('server-process.js', ['echo', '1', directory]),
    startBenchProcess('client-process.js'),
  ];
  const [server, client] = processes;
  if (server === undefined || client === undefined) throw new Error('no processes');
  const connect: Order = { order: 'connect', kind: 'echo', sockets: await server.hear(socketsSchema) };
  await client.ask(connect, v.null());
  const order: Order = { order: 'run', kind: 'echo', accesses };
  return {
    run: async () => (await client.ask(order, timingSchema)).accessUs,
    stop: async () => {
      for (const benchProcess of processes) await benchProcess.stop();
    },
  };
};

/** A kernel with /dev/port. Debian builds its cloud kernels without CONFIG_DEVPORT. */
export const portKernel = '6.12-generic';

const port0 = 'dd if=/dev/port bs=1 count=1 status=none >/dev/null';

/** The guest creates only a few nodes in /dev, and this one may be missing. */
const requirePorts = async (shell: Shell, kernel: string): Promise<void> => {
  const { status } = await shell.run(`[ -e /dev/port ] || mknod /dev/port c 1 4; ${port0}`);
  if (status !== 0) throw new HarnessError('KERNEL_PORTS', { kernel, example: portKernel });
};

/** One sweep is one read(2) of /dev/port, which the kernel turns into a byte read of each port. */
const sweepScript = (port: number): string =>
  `for i in $(seq ${sweeps}); do dd if=/dev/port bs=${CONFIG_OFFSET + CONFIG_SIZE} count=1 iflag=skip_bytes skip=${port} status=none; done >/dev/null`;

/**
 * Sets up what is missing, restores a guest and measures in it. The first round is discarded. Rejects with
 * the errors of the set-up and of the guest.
 */
export const measureGuest = async (
  choice: Choice,
  rounds: number,
  progress: Progress,
): Promise<GuestSeries> => {
  const environment = await openEnvironment(choice, { progress });
  const temporary = privateDirectory();
  const sockets = join(temporary.path, 'sockets');
  const trace = new Trace({ store: new TraceFile(join(temporary.path, 'trace.jsonl')) });
  const echo = await startEcho(join(temporary.path, 'echo'));
  const device = await startDevice(sockets, { trace: trace.sink });
  try {
    const vm = await startVm({
      environment,
      device,
      sockets,
      directory: join(temporary.path, 'disks'),
      boot: 'restored',
      generation: defaultGeneration,
      plugged: true,
      disk: false,
      trace: trace.sink,
    });
    try {
      const { shell } = vm;
      await requirePorts(shell, environment.kernel.release);
      await enableDevice(shell, vm.address);
      const port = (await readDevice(shell, vm.address))?.regions[0]?.start ?? 0n;
      const series = { echo: [] as number[], oneHop: [] as number[], bothHops: [] as number[] };
      for (let round = 0; round <= rounds; round++) {
        const baseline = await echo.run();
        const mark = trace.mark;
        await shell.text(sweepScript(Number(port)), { what: 'port reads', timeoutMs: 60_000 });
        if (round === 0) continue;
        const reads = intervals(trace.since(mark, 'bar-read'));
        series.echo.push(baseline);
        series.oneHop.push(medianOf(reads, (offset) => offset < CONFIG_OFFSET));
        series.bothHops.push(medianOf(reads, (offset) => offset >= CONFIG_OFFSET));
      }
      const { kernel, accelerator, qemu } = environment;
      return {
        kernel: kernel.release,
        accelerator: accelerator.name,
        qemu: qemu.version,
        ...series,
        memory: memoryOf(trace),
      };
    } finally {
      await vm.machine.kill();
    }
  } finally {
    await device.close();
    await echo.stop();
    temporary.remove();
  }
};
