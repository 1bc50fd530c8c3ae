// Turns mmdebstrap's complaints into an error that says what to do.

import { HarnessError } from '../../harness/base/errors.js';
import { asRoot } from './host-command.js';
import { proxyNote } from './proxies.js';

export type FailureKind = 'network' | 'signature' | 'space' | 'other';

/** In order of precedence: with a full disk, apt also reports that it failed to fetch. */
const kinds: readonly [FailureKind, RegExp][] = [
  ['space', /No space left on device|Disk quota exceeded|enough free space/i],
  // A proxy or mirror answered with an HTTP error. Its error page is not signed, so this precedes
  // `signature`.
  ['network', /(^|\s)[45]\d\d {1,2}[A-Z][a-z]/m],
  ['signature', /NO_PUBKEY|not signed|signatures? (couldn't|could not|were invalid)|Missing key/i],
  [
    'network',
    /Temporary failure resolving|Could not (resolve|connect|handshake)|Connection (failed|refused|timed out|reset)|Network is unreachable|Unable to connect|No route to host|Failed to fetch|index files failed to download|unexpected size|Hash Sum mismatch|Undetermined Error|Cannot initiate the connection/i,
  ],
];

export const classify = (complaints: string): FailureKind =>
  kinds.find(([, pattern]) => pattern.test(complaints))?.[0] ?? 'other';

/** The most informative line: the first that matches the kind, otherwise the last error line. */
const reasonOf = (kind: FailureKind, complaints: string): string => {
  const lines = complaints.split('\n').map((line) => line.trim());
  const pattern = kinds.find(([name, pattern]) => name === kind && pattern.test(complaints))?.[1];
  const found = pattern
    ? lines.find((line) => pattern.test(line))
    : lines.findLast((line) => line.startsWith('E: '));
  return found ?? (lines.at(-1) || 'no reason given');
};

interface Run {
  /** The product, as messages name it. */
  what: string;
  scratch: string;
  log: string;
  /** The number of this attempt, from 1. */
  attempts: number;
}

/** The error for a failed run of mmdebstrap. */
export const failureOf = (complaints: string, { what, scratch, log, attempts }: Run): Error => {
  const kind = classify(complaints);
  const reason = reasonOf(kind, complaints);
  // tar writes to the cache, and `publish` reports a full cache. All other programs write to the scratch
  // directory.
  if (kind === 'space' && !reason.startsWith('tar: ')) {
    return new HarnessError('CACHE_FULL', { path: scratch, variable: 'TMPDIR' });
  }
  if (kind === 'network')
    return new HarnessError('TOOLROOT_NETWORK', { what, reason: reason + proxyNote(), log, attempts });
  if (kind === 'signature') {
    const command = asRoot('apt-get install --only-upgrade debian-archive-keyring');
    return new HarnessError('TOOLROOT_SIGNATURE', { reason, log, command });
  }
  return new HarnessError('TOOLROOT_BUILD', { what, reason, log });
};

/** For a progress line: the reason in a HarnessError, or the whole message of any other error. */
export const reasonIn = (error: Error): string =>
  error instanceof HarnessError && 'reason' in error.fields ? String(error.fields.reason) : error.message;
