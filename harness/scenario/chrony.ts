// Starts chrony in the distribution guest, with the configuration of docs/time.md.

import type { Shell } from '../guest/shell.js';
import type { ClockClient } from './clock-client.js';

/** Number of readings in one sample: PHC_READINGS of chrony's sys_linux.c. */
const readingsOfSample = 25;

/** Milliseconds between samples (`dpoll -2`), and the number of samples of one update (`poll 0`). */
const sampleMs = 250;
const samplesOfUpdate = 4;

const configuration = (device: string): string => `refclock PHC ${device} poll 0 dpoll -2 stratum 2
makestep 0.5 3
driftfile /var/lib/chrony/chrony.drift
`;

/** Timeout of the start in milliseconds: systemd loads chrony from the disk and sets up its sandbox. */
const startMs = 60_000;

/** Resolves when chronyd has started. Throws GUEST_COMMAND. */
export const startChrony = async (shell: Shell, device: string): Promise<ClockClient> => {
  await shell.text(
    `cat >/etc/chrony/chrony.conf <<'END'\n${configuration(device)}END\nsystemctl start chrony`,
    { what: 'start of chrony', timeoutMs: startMs },
  );
  return { name: 'chrony', device, everyMs: sampleMs, readings: readingsOfSample, groups: samplesOfUpdate };
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
