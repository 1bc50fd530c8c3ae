// chrony in the distribution guest, set up as docs/time.md says.

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

/** Starting it means loading it from the disk and setting up its sandbox. */
const startMs = 60_000;

/** Resolves when chronyd has started. GUEST_COMMAND. */
export const startChrony = async (shell: Shell, device: string): Promise<ClockClient> => {
  await shell.text(
    `cat >/etc/chrony/chrony.conf <<'END'\n${configuration(device)}END\nsystemctl start chrony`,
    { what: 'start of chrony', timeoutMs: startMs },
  );
  return { name: 'chrony', device, everyMs: sampleMs, readings: readingsOfSample, groups: samplesOfUpdate };
};

/** What chrony says of the clock's steps, in order: its own, and those that somebody else made. */
export const chronySteps = async (shell: Shell): Promise<string[]> => {
  const journal = await shell.text('journalctl --unit chrony --output cat');
  return journal
    .split('\n')
    .flatMap(
      (line) => /^(System clock was stepped|(?:Forward|Backward) time jump detected)/.exec(line)?.[1] ?? [],
    );
};
