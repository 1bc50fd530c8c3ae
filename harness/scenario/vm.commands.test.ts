// Tests that a guest that answers no more right after its restore does not outlive the attempt to use it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startDevice } from '../device/device.js';
import { defaultChoice } from '../run/choice.js';
import { openEnvironment } from '../run/environment.js';
import { privateDirectory } from '../socket/private-directory.js';
import { defaultGeneration } from '../vmmci/generations.js';
import { startVm } from './vm.js';

t.setTimeout(300_000);

const temporary = privateDirectory();
t.teardown(temporary.remove);
const directory = temporary.path;

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // the process has ended
  }
};

/** The process ids of the QEMUs whose command lines name a file in `directory`. */
const guests = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => /qemu-system/.test(commandLine(pid)) && commandLine(pid).includes(directory));

t.test('ends a restored guest that cannot be set up', async (t) => {
  const environment = await openEnvironment(defaultChoice(join(directory, 'run')));
  const device = await startDevice(join(directory, 'sockets'), { trace: () => {} });
  t.teardown(() => device.close());
  let isRunning = false;
  let running: readonly string[] = [];
  const timers = {
    ...environment.timers,
    // From the moment the guest runs, each wait for it is over at once.
    after: (ms: number, run: () => void) => {
      if (isRunning && running.length === 0) running = guests();
      return environment.timers.after(isRunning ? 0 : ms, run);
    },
  };
  const start = startVm({
    environment: { ...environment, timers },
    device,
    directory: join(directory, 'disks'),
    sockets: join(directory, 'sockets'),
    boot: 'restored',
    generation: defaultGeneration,
    plugged: true,
    disk: false,
    trace: (event) => {
      if (event.kind === 'qmp-event' && event.event === 'RESUME') isRunning = true;
    },
  });
  await t.rejects(start, { code: /^(GUEST_TIMEOUT|QMP_TIMEOUT|QMP_SILENT)$/ });
  t.teardown(() => {
    for (const pid of guests()) process.kill(Number(pid), 'SIGKILL');
  });
  t.not(running.length, 0, 'the guest was running');
  t.strictSame(guests(), []);
});
