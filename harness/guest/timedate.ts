// Reads the output of systemd's timedatectl(1).

import { unexpectedText } from './guest-text.js';
import type { Commands } from './shell.js';

export interface Timedate {
  /** The clock in whole seconds since the epoch. */
  seconds: number;
  /** True if the clock is synchronized over the network. */
  ntp: boolean;
}

const bad = (what: string, expected: string, got: string) =>
  unexpectedText(`timedatectl: ${what}`, expected, got);

/** Parses the output of `timedatectl show`, in UTC. Throws GUEST_READ for other output. */
export const parseTimedate = (text: string): Timedate => {
  const field = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  const [, day, time] = /^\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(field('TimeUSec')) ?? [];
  const milliseconds = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(milliseconds))
    throw bad('TimeUSec', 'a time like Sun 2026-11-22 23:38:35 UTC', field('TimeUSec'));
  const ntp = field('NTP');
  if (ntp !== 'yes' && ntp !== 'no') throw bad('NTP', 'yes or no', ntp);
  return { seconds: milliseconds / 1000, ntp: ntp === 'yes' };
};

/** timedatectl starts a service over D-Bus, which takes seconds under TCG on a busy host. */
const timeoutMs = 60_000;

export const readTimedate = async (shell: Commands): Promise<Timedate> =>
  parseTimedate(await shell.text('timedatectl show', { timeoutMs }));
