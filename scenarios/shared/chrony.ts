// Starts chrony in the distribution guest, with the configuration of docs/time.md, and asks it what it does.

import { HarnessError } from '../../harness/base/errors.js';
import type { Shell } from '../../harness/guest/shell.js';
import type { Scene } from '../../harness/scenario/scene.js';
import { type ClockClient, countReadings, untilClientWaits } from './clock-client.js';

/** Number of readings in one sample: PHC_READINGS of chrony's sys_linux.c. */
const readingsOfSample = 25;

/** Milliseconds between samples (`dpoll -2`), and the number of samples of one update (`poll 0`). */
const sampleMs = 250;
const samplesOfUpdate = 4;

/** chrony.conf for the PTP clock; docs/time.md explains the lines. */
export const configuration = (
  device: string,
): string => `refclock PHC ${device} poll 0 dpoll -2 stratum 2 maxdispersion 0.1
makestep 0.5 3
driftfile /var/lib/chrony/chrony.drift
`;

/** Timeout of the start in milliseconds: systemd loads chrony from the disk and sets up its sandbox. */
const startMs = 60_000;

/** Resolves when chronyd has started. Rejects with GUEST_COMMAND. */
export const startChrony = async (
  { vm, trace }: Pick<Scene, 'vm' | 'trace'>,
  device: string,
): Promise<ClockClient> => {
  const taken = countReadings(trace);
  await vm.shell.text(
    `cat >/etc/chrony/chrony.conf <<'END'\n${configuration(device)}END\nsystemctl start chrony`,
    { what: 'start of chrony', timeoutMs: startMs },
  );
  return {
    name: 'chrony',
    device,
    taken,
    everyMs: sampleMs,
    readings: readingsOfSample,
    groups: samplesOfUpdate,
  };
};

/** chrony's messages about steps of the clock in order: its own steps, and those that it detected. */
export const chronySteps = async (shell: Shell): Promise<string[]> => {
  const journal = await shell.text('journalctl --unit chrony --output cat');
  return journal
    .split('\n')
    .flatMap(
      (line) => /^(System clock was stepped|(?:Forward|Backward) time jump detected)/.exec(line)?.[1] ?? [],
    );
};

/** A report of chronyc as its rows of fields. Rejects with GUEST_COMMAND. */
export const askChrony = async (shell: Pick<Shell, 'text'>, report: string): Promise<string[][]> =>
  (await shell.text(`chronyc -c ${report}`)).split('\n').map((row) => row.split(','));

/** The names of the sources that chrony corrects the clock by. */
export const selectedSources = async (shell: Pick<Shell, 'text'>): Promise<string[]> =>
  (await askChrony(shell, 'sources')).flatMap(([, state, name = '']) => (state === '*' ? [name] : []));

/** select and pselect6 of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl), with which chrony waits. */
const waits: readonly string[] = ['23', '270'];

/** On a busy host the guest may stop chrony too late, when it reads again. */
const maxAttempts = 20;

const processId = '$(cat /run/chrony/chronyd.pid)';

/**
 * Runs `action` while chrony waits for its next reading. A signal stops it there: it detects a step of the
 * clock by another program only if that happens while it waits. Rejects with GUEST_READ if chrony could not
 * be stopped in time.
 */
export const whileChronyWaits = async (
  scene: Scene,
  chrony: ClockClient,
  action: () => Promise<unknown>,
): Promise<void> => {
  const { shell } = scene.vm;
  let call = '';
  for (let left = maxAttempts; left > 0; left--) {
    await untilClientWaits(scene, chrony);
    call = await shell.text(`kill -STOP ${processId} && cut -d ' ' -f 1 /proc/${processId}/syscall`);
    if (waits.includes(call)) break;
    await shell.text(`kill -CONT ${processId}`);
  }
  if (!waits.includes(call)) {
    const expected = `${waits.join(' or ')} (it waits) in ${maxAttempts} attempts`;
    throw new HarnessError('GUEST_READ', { what: 'system call of chrony', expected, got: call });
  }
  await action();
  await shell.text(`kill -CONT ${processId}`);
};
