// Causes that are visible in the driver's PTP clock.

import { named } from '../check-names.js';
import { checkCause } from './check-cause.js';
import { overlappingReads } from './clock-causes.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

const of = ['shows-ptp-time'] as const;

const ptpCause = (
  form: Omit<Parameters<typeof checkCause>[0], 'of'>,
  cause: Pick<Cause, 'sentence' | 'change'>,
): Cause => checkCause({ of, ...form }, { ...cause, requirement: 'shows-ptp-time' });

const notSupported = '95'; // EOPNOTSUPP

const isNumber = ({ seen }: FailedCheck): boolean => /^\d+$/.test(seen);

/** True if a check with that name failed. */
const fails = ({ checks }: Facts, what: RegExp): boolean =>
  checks.some((check) => check.requirement === 'shows-ptp-time' && what.test(check.what));

const acceptedCalls = 'errno of (?:settime|adjtime|adjfine|pps)$';

export const ptpCauses = {
  'ptp-call-accepted': ptpCause(
    { what: new RegExp(`^${acceptedCalls}`), seen: /^0$/ },
    {
      sentence: 'The PTP clock accepts a call that should change it, but nothing can change the device.',
      change: 'Return -EOPNOTSUPP from settime64, adjtime, adjfine and enable.',
    },
  ),
  'ptp-call-refused-with-wrong-error': ptpCause(
    {
      what: new RegExp(`^${acceptedCalls}`),
      holds: (check) => isNumber(check) && check.seen !== '0' && check.expected === notSupported,
    },
    {
      sentence: 'The PTP clock refuses a call with an error other than EOPNOTSUPP.',
      change: 'Return -EOPNOTSUPP from settime64, adjtime, adjfine and enable.',
    },
  ),
  'ptp-claims-capabilities': ptpCause(
    { what: /^capabilities$/ },
    {
      sentence: 'The PTP clock reports capabilities that it does not have.',
      change: 'Leave max_adj, n_alarm, n_ext_ts, n_per_out, n_pins and pps at 0 in struct ptp_clock_info.',
    },
  ),
  'ptp-clock-name': ptpCause(
    {
      what: /^names? of the PTP clocks?/,
      holds: ({ seen }) => seen !== 'none' && !/without a parent/.test(seen),
    },
    {
      sentence: 'The name of the PTP clock differs from the description of the driver.',
      change: 'Set the name in struct ptp_clock_info: udev rules match it.',
    },
  ),
  'ptp-clock-without-parent': ptpCause(
    { what: /^names of the PTP clocks/, seen: /without a parent/ },
    {
      sentence: 'The PTP clock is registered without its device.',
      change: 'Pass the virtio device to ptp_clock_register() as the parent.',
    },
  ),
  'ptp-clock-without-time': ptpCause(
    { what: /^PTP clocks where the host does not offer the time/ },
    {
      sentence: 'The PTP clock is registered although the host does not offer TIMESYNC.',
      change: 'Register it only if bit 0 (TIMESYNC) of the host features (BAR0 offset 0) is set.',
    },
  ),
  'ptp-clock-stays': ptpCause(
    { what: /^PTP clocks once / },
    {
      sentence: 'The PTP clock stays registered when the driver is unbound.',
      change: 'Call ptp_clock_unregister() in remove, before the device is reset.',
    },
  ),
  'ptp-clock-left-behind': checkCause(
    { of: ['leaves-nothing', 'undoes-failures'], what: /^leaked resources/, seen: /\/sys\/class\/ptp\/ptp/ },
    {
      sentence: 'The PTP clock stays registered when the driver is gone, or when its probe fails.',
      change: 'Call ptp_clock_unregister() in remove, and on each path on which probe fails afterwards.',
      requirement: 'leaves-nothing',
      explains: ['leaves-nothing', 'undoes-failures'],
    },
  ),
  'ptp-clock-made-anew-in-sleep': ptpCause(
    { what: /after it, same descriptor/ },
    {
      sentence: 'The PTP clock is registered again after a sleep, so a program that has it open gets ENODEV.',
      change: 'Keep the clock registered in freeze and restore.',
    },
  ),
  'ptp-error-ignored': ptpCause(
    {
      what: /^errno where the microseconds read as/,
      seen: /^0$/,
      holds: (_, facts) => fails(facts, /^errno of \w+ without the device/),
    },
    {
      sentence: 'The PTP clock returns a time although the device has none.',
      change: 'Return the error of the reading from gettimex64.',
    },
  ),
  'ptp-absence-not-an-error': ptpCause(
    {
      what: /^errno of \w+ without the device/,
      seen: /^0$/,
      holds: (_, facts) => !fails(facts, /^errno where the microseconds read as/),
    },
    {
      sentence: 'The PTP clock returns a time although the device does not respond.',
      change: 'Return -ENODEV from gettimex64 if the microseconds (BAR0 offset 32) read as all ones.',
    },
  ),
  'ptp-wrong-error': ptpCause(
    {
      what: /^errno (?:of \w+ without the device|where the microseconds read as)/,
      holds: (check) => isNumber(check) && check.seen !== '0' && /^[1-9]\d*$/.test(check.expected),
    },
    {
      sentence: 'A reading of the PTP clock fails with the wrong error.',
      change:
        'Return from gettimex64 the error of the reading: ENODEV if BAR0 offset 32 reads as all ones, EIO if it reads as another value above 999999.',
    },
  ),
  'ptp-time-refused': ptpCause(
    { what: /^errno of clock_gettime at/, holds: (check) => isNumber(check) && check.seen !== '0' },
    {
      sentence:
        'The PTP clock refuses a time that the device shows: every 32-bit number of seconds is valid.',
      change:
        'Return an error only if the host does not offer TIMESYNC, or if the microseconds (BAR0 offset 32) are a million or more.',
    },
  ),
  'ptp-without-brackets': ptpCause(
    {
      what: /^PTP_SYS_OFFSET_EXTENDED at/,
      holds: ({ seen }, facts) => seen === 'none' && !fails(facts, /^errno of clock_gettime at/),
    },
    {
      sentence: 'The PTP clock does not tell when it took a sample: PTP_SYS_OFFSET_EXTENDED fails.',
      change:
        'Implement gettimex64, with ptp_read_system_prets() and ptp_read_system_postts(), instead of gettime64.',
    },
  ),
  'ptp-bracket-by-one-clock': ptpCause(
    { what: named('monotonicBracket'), seen: /\d{19}/ },
    {
      sentence:
        'The system times of a PTP reading are those of the time of day, whichever clock was asked for.',
      change:
        'Call ptp_read_system_prets() and ptp_read_system_postts(): they know which clock a program has asked for.',
    },
  ),
  'ptp-bracket-too-wide': ptpCause(
    { what: /^gaps between brackets where the microseconds take/ },
    {
      sentence:
        'The system times of a PTP reading also enclose the read of the microseconds (BAR0 offset 32).',
      change: 'Call ptp_read_system_postts() right after the read of BAR0 offset 24, which takes the sample.',
    },
  ),
  'ptp-bracket-beside-sample': ptpCause(
    { what: /^brackets of seconds that take/ },
    {
      sentence: 'The system times of a PTP reading do not enclose the read of the seconds (BAR0 offset 24).',
      change:
        'Call ptp_read_system_prets() right before the read of BAR0 offset 24, and ptp_read_system_postts() right after it.',
    },
  ),
  'ptp-bracket-holds-wait': ptpCause(
    {
      what: /^brackets that begin before the one of the sample before has ended/,
      // Readers that do not wait for each other have other brackets that overlap.
      holds: (_, facts) => overlappingReads(facts).length === 0,
    },
    {
      sentence: 'The system times of a PTP reading also enclose the wait for another reader.',
      change: 'Take the lock first, then call ptp_read_system_prets(), and then read BAR0 offset 24.',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
