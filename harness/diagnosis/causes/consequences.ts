// Which causes are only consequences of another one, or name the same fault less exactly.

import type { CauseId } from './cause-table.js';

/** If the cause on the left is found in a scenario, those on the right are not named. */
export const consequences: Readonly<Partial<Record<CauseId, readonly CauseId[]>>> = {
  // coming up, sleep and removal
  'probe-fails': ['driver-ok-never-set', 'function-not-bound', 'virtio-device-not-bound'],
  'probe-returns-positive': ['warning-without-fault'],
  'virtio-ids-wrong': ['virtio-alias-missing'],
  'features-after-driver-ok': ['features-not-written'],
  'nothing-restored-after-sleep': [
    'never-looks-unasked',
    'stops-looking-unasked',
    'looks-too-seldom',
    'polling-not-restarted-after-sleep',
    'not-restored-if-state-kept',
  ],
  'polling-not-restarted-after-sleep': ['stops-looking-unasked', 'looks-too-seldom'],
  'command-of-sleep-ignored': ['never-looks-unasked', 'stops-looking-unasked'],
  'not-restored-if-state-kept': ['never-looks-unasked', 'stops-looking-unasked', 'looks-too-seldom'],
  'virtio-device-not-frozen': ['looks-in-sleep'],
  'accesses-after-remove': ['memory-used-after-free'],
  'work-outlives-driver': ['accesses-after-remove', 'memory-used-after-free'],
  'state-shared-by-devices': ['memory-used-after-free'],
  // commands
  'ack-at-wrong-offset': ['command-never-acknowledged', 'same-command-ignored'],
  'ack-feature-by-number': ['acknowledged-without-feature', 'not-acknowledged-though-offered'],
  'interrupt-has-no-handler': ['never-looks-unasked'],
  'interrupt-not-acted-on': ['never-looks-unasked'],
  'own-interrupt-not-claimed': ['interrupts-nobody-claims'],
  'known-command-unknown': [
    'command-never-acknowledged',
    'not-acknowledged-though-offered',
    'stop-not-carried-out',
  ],
  'acknowledged-late': ['interrupt-not-acted-on'],
  'acknowledged-after-work': ['same-command-ignored'],
  'command-acted-on-again': ['acknowledged-twice', 'old-stop-acted-on', 'stop-repeated-after-sleep'],
  'handled-command-forgotten': ['command-acted-on-again', 'acknowledged-twice', 'all-ones-taken-for-data'],
  'old-stop-acted-on': ['old-command-counted'],
  'poweroff-forced': ['not-reset-on-remove'],
  'ptp-without-brackets': ['ptp-wrong-error'],
  'commands-counted-if-acknowledged': ['commands-not-counted', 'last-command-not-kept'],
  'commands-lost-in-sleep': ['commands-not-counted'],
  // the time
  'high-words-read': ['seconds-not-read', 'sync-without-reading-time'],
  'seconds-not-read': ['sync-without-reading-time'],
  'second-sample': ['sampled-unasked'],
  'time-never-back': ['earlier-sample-shown'],
  'microseconds-before-seconds': ['earlier-sample-shown', 'time-torn'],
  'time-without-feature': ['error-hidden-by-value'],
  'drift-in-whole-seconds': [
    'drift-rounded',
    'drift-from-raw-clock',
    'read-time-in-32-bits',
    'sample-placed-early',
    'sample-placed-late',
  ],
  'drift-from-raw-clock': ['read-time-in-32-bits', 'sample-placed-early', 'sample-placed-late'],
  'sync-loses-fraction': ['sync-rounds-time', 'sync-adds-delay-of-ticks'],
  'sync-adds-half-a-second': ['sync-rounds-time', 'sync-adds-delay-of-ticks'],
  'error-hidden-by-value': [
    'all-ones-taken-for-data',
    'unusable-microseconds-shown',
    // The sample that is shown in place of the error was never taken.
    'drift-of-last-tick',
  ],
  'ptp-absence-not-an-error': ['all-ones-taken-for-data'],
  'ptp-error-ignored': ['unusable-microseconds-shown', 'all-ones-taken-for-data'],
  // parameters and lines of the log
  'interval-in-wrong-unit': ['interval-not-read-again', 'interval-not-limited'],
  'interval-not-limited': ['interval-limits-wrong'],
  'zero-interval-not-off': ['interval-limits-wrong'],
  'polling-never-starts-again': ['interval-limits-wrong'],
  'line-per-poll': ['line-per-reading', 'log-level-not-kept'],
  'line-per-reading': ['log-level-not-kept'],
  // reports of the kernel; while one task loops, others wait for it
  'guest-stalls': ['task-waits-in-driver', 'driver-ok-never-set'],
  'task-waits-in-driver': ['driver-ok-never-set'],
  'sleeps-in-interrupt': ['lock-not-held'],
  'lock-taken-with-interrupts-on': ['lock-not-released', 'interrupt-not-acted-on', 'same-command-ignored'],
  'lock-not-released': ['interrupt-not-acted-on', 'same-command-ignored'],
  'lock-order': ['lock-not-released', 'lock-taken-with-interrupts-on'],
  'lock-not-initialized': ['lock-not-released'],
  'undefined-behaviour': ['memory-out-of-bounds'],
  'memory-out-of-bounds': ['memory-used-after-free'],
  'memory-freed-twice': ['memory-used-after-free'],
};
