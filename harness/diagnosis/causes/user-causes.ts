// Causes that are visible to users of the driver: in attributes, parameters and lines of the kernel log.

import { firstLine } from '../../base/text.js';
import { named } from '../check-names.js';
import { checkCause, checksOf } from './check-cause.js';
import { isCommandRead, second } from './events.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

const errors = /^(?:[A-Z][\w/ -]+)$/; // Input/output error
/** A NUL byte, as the text of a check shows it. */
const nul = /\\x00|\\u0000/;
const value = /^-?\d+(?:\.\d+)?$/;

/** The reasons that match `form`: the driver showed text of a wrong form. */
const shownIn = ({ reasons }: Facts, form: RegExp): string[] =>
  reasons.filter((reason) => reason.startsWith('the driver shows') && form.test(reason)).slice(0, 1);

const countsOf = (text: string): Map<string, number> =>
  new Map([...text.matchAll(/(\w+) (\d+)/g)].map(([, name = '', count = '']) => [name, Number(count)]));

const isCounts = ({ requirement, expected }: FailedCheck): boolean =>
  requirement === 'shows-commands' && /^(?:\d+|\w+ \d+(?:, \w+ \d+)*)$/.test(expected);

/** Parses the counts of a check: one number, or one for each kind of command. */
const pairsOf = ({ expected, seen }: FailedCheck): [number, number][] => {
  if (/^\d+$/.test(expected)) return [[Number(expected), Number(seen)]];
  const shown = countsOf(seen);
  return [...countsOf(expected)].map(([name, count]) => [count, shown.get(name) ?? Number.NaN]);
};

const countCause = (
  wrong: (expected: number) => number,
  cause: Pick<Cause, 'sentence' | 'change'>,
): Cause => ({
  ...cause,
  requirement: 'shows-commands',
  explains: ['shows-commands'],
  find: ({ checks }) => {
    const all = checks.filter(isCounts);
    const differing = all.filter((check) => pairsOf(check).some(([expected]) => expected > 0));
    const fits = differing.every((check) =>
      pairsOf(check).every(([expected, seen]) => seen === wrong(expected)),
    );
    return fits ? differing.slice(0, 2) : [];
  },
});

const namesIn = (text: string): string[] =>
  [...text.matchAll(/(\w+) \d+(?:\\n|$)/g)].map(([, name = '']) => name);

export const userCauses = {
  'event-per-poll': checkCause(
    { what: named('eventsOfPolls') },
    {
      sentence: 'Each poll of the driver sends an event to user space, for which udev runs its rules.',
      change: 'Leave kobject_uevent() out of the poll.',
      requirement: 'no-needless-events',
    },
  ),
  'attribute-mode': checkCause(
    { what: /^mode of /, of: ['attribute-form'] },
    {
      sentence: 'The mode of an attribute is not 444: not all users can read it, or some can write it.',
      change: 'Declare it with DEVICE_ATTR_RO().',
      requirement: 'attribute-form',
    },
  ),
  'attribute-without-newline': {
    sentence: 'An attribute does not end in a newline.',
    change: 'Print a newline after the value: sysfs_emit(buf, "…\\n", …).',
    requirement: 'attribute-form',
    explains: ['attribute-form'],
    find: (facts) => [
      ...checksOf(facts, ['attribute-form'], {
        what: /^bytes of /,
        holds: ({ seen }) => !/\\n"$/.test(seen) && seen !== 'none',
      }).slice(0, 2),
      ...shownIn(facts, /as (?!"",).* expected (?:one line that ends|lines that each end) in a newline/),
    ],
  },
  'attribute-empty': {
    sentence: 'An attribute is empty.',
    change: 'Return the number of bytes that were printed: that of sysfs_emit(), and not 0.',
    requirement: 'attribute-form',
    explains: ['attribute-form'],
    find: (facts) => [
      ...checksOf(facts, ['attribute-form'], { what: /^bytes of /, seen: /^none$/ }).slice(0, 2),
      ...shownIn(facts, /as "", expected/),
    ],
  },
  'attribute-with-blanks': {
    sentence: 'An attribute has spaces around its value.',
    change: 'Print only the value and a newline.',
    requirement: 'attribute-form',
    explains: ['attribute-form', 'shows-commands'],
    find: (facts) =>
      checksOf(facts, ['attribute-form', 'shows-commands'], {
        what: /^(?:bytes of |last command)/,
        seen: /^" |\s(?:\\n)?"$| \\n/,
      }).slice(0, 2),
  },
  'attribute-with-nul': {
    sentence: 'The text of an attribute has a NUL byte.',
    change: 'Return the number of characters without the terminating NUL: that of sysfs_emit().',
    requirement: 'attribute-form',
    explains: ['attribute-form', 'shows-commands'],
    find: (facts) => [
      ...checksOf(facts, ['attribute-form', 'shows-commands'], {
        what: /^(?:bytes of |last command)/,
        seen: nul,
      }).slice(0, 2),
      ...shownIn(facts, nul),
    ],
  },
  'last-command-under-another-name': checkCause(
    {
      what: /^last command/,
      of: ['shows-commands'],
      seen: /^(?!(?:NONE|SHUTDOWN|REBOOT|SYNCRTC|unknown)$)[\w -]+$/,
    },
    {
      sentence: 'The last command is shown under another name than that of a command.',
      change: 'Show SHUTDOWN, REBOOT, SYNCRTC or unknown, and NONE before the first command.',
      requirement: 'shows-commands',
    },
  ),
  'last-command-without-name': checkCause(
    {
      what: /^(?:last command|bytes of )/,
      of: ['shows-commands', 'attribute-form', 'survives-removal'],
      seen: /^"?\(null\)(?:\\n"?)?$/,
    },
    {
      sentence: 'A kind of command has no name, so the last command is shown as (null).',
      change: 'Give each value of the last command a name, also NONE, which it has before the first.',
      requirement: 'shows-commands',
    },
  ),
  'state-not-cleared': checkCause(
    {
      what: /^bytes of /,
      holds: ({ seq, expected, seen }, { trace }) => {
        const [right, shown] = [[...countsOf(expected).values()], [...countsOf(seen).values()]];
        return (
          right.length > 1 &&
          right.every((count) => count === 0) &&
          shown.filter((count) => count !== 0).length > 1 &&
          !trace.some((event) => event.kind === 'command' && event.seq < seq)
        );
      },
    },
    {
      sentence: 'The driver shows counts of commands that never arrived, from memory that nothing has set.',
      change:
        'Allocate the structure of a device with kzalloc(), and set each variable on the stack before it is shown.',
      requirement: 'attribute-form',
    },
  ),
  'commands-listed-wrong': {
    sentence: 'The list of commands does not have exactly one line for each kind of command.',
    change: 'Print one line each for SHUTDOWN, REBOOT, SYNCRTC and unknown, in this order.',
    requirement: 'attribute-form',
    explains: ['attribute-form', 'shows-commands'],
    find: (facts) => [
      ...checksOf(facts, ['attribute-form'], {
        what: /^bytes of /,
        holds: ({ expected, seen }) => {
          const [right, shown] = [namesIn(expected), namesIn(seen)];
          return right.length > 1 && shown.length > 0 && right.join() !== shown.join();
        },
      }),
      ...shownIn(facts, /command counts as "(?!\w+ -?\d).*, expected NAME count$/),
    ],
  },
  'commands-counted-twice': countCause((expected) => 2 * expected, {
    sentence: 'Each command is counted twice.',
    change: 'Count a command where it is acted on, not at each read of BAR0 offset 20.',
  }),
  'commands-not-counted': countCause(() => 0, {
    sentence: 'Commands are not counted.',
    change: 'Count a command where it is acted on.',
  }),
  'commands-counted-as-others': {
    sentence: 'Commands are counted as commands of another kind.',
    change: 'Count by the value at BAR0 offset 20: 1 is SHUTDOWN, 2 REBOOT, 3 SYNCRTC, others are unknown.',
    requirement: 'shows-commands',
    explains: ['shows-commands'],
    find: ({ checks }) => {
      const sorted = (counts: readonly number[]): string => [...counts].sort((a, b) => a - b).join();
      const all = checks.filter((check) => isCounts(check) && pairsOf(check).length > 1);
      const isMixed = (check: FailedCheck): boolean => {
        const pairs = pairsOf(check);
        return sorted(pairs.map(([right]) => right)) === sorted(pairs.map(([, shown]) => shown));
      };
      return all.every(isMixed) ? all.slice(0, 2) : [];
    },
  },
  'commands-counted-down': {
    sentence: 'A number of commands falls with each command, and is below 0.',
    change: 'Add 1 to the number where the command is acted on.',
    requirement: 'shows-commands',
    find: (facts) => shownIn(facts, /command counts as "\w+ (?:-\d|18446744073709\d{6}"|42949\d{5}")/),
  },
  'last-command-not-kept': checkCause(
    { what: /^last command$/, seen: /^NONE$/, of: ['shows-commands'] },
    {
      sentence: 'The driver does not remember the last command: it shows NONE after a handled command.',
      change: 'Store the command when it is acted on: BAR0 offset 20 reads as NONE again after SYNCRTC.',
      requirement: 'shows-commands',
    },
  ),
  'error-hidden-by-value': checkCause(
    {
      what: /^error of /,
      of: ['no-time-is-an-error'],
      holds: ({ seen, what }) => value.test(seen) && (/does not offer/.test(what) || seen === '0'),
    },
    {
      sentence: 'The driver shows a value although the time is unavailable.',
      change: 'Return the error of the reading from the show function.',
      requirement: 'no-time-is-an-error',
    },
  ),
  'error-shown-as-nothing': checkCause(
    { what: /^error of /, of: ['no-time-is-an-error'], seen: /^none$/ },
    {
      sentence: 'If the time is unavailable, an attribute is empty in place of failing.',
      change: 'Return the error of the reading from the show function, not 0.',
      requirement: 'no-time-is-an-error',
    },
  ),
  'wrong-error': checkCause(
    {
      what: /^errors? of /,
      of: ['no-time-is-an-error'],
      holds: ({ expected, seen }) => errors.test(expected) && errors.test(seen),
    },
    {
      sentence: 'Reading an unavailable time fails with the wrong error.',
      change:
        'Return ENODATA without TIMESYNC, ENODEV if BAR0 offset 32 reads as all ones, EIO if it reads as another value above 999999.',
      requirement: 'no-time-is-an-error',
    },
  ),
  'parameter-mode': {
    sentence: 'The mode of a parameter differs from the description of the driver.',
    change: 'Make the last argument of module_param() and vmmci-driver.json agree.',
    requirement: 'parameter-contract',
    find: (facts) => [
      ...checksOf(facts, ['parameter-contract'], { what: /^mode of / }),
      ...facts.reasons
        .filter((line) => /can't create \/sys\/module\/\S+: Permission denied/.test(line))
        .map((line) => firstLine(line))
        .slice(0, 1),
    ],
  },
  'parameter-with-nul': checkCause(
    { what: /^default of /, seen: nul },
    {
      sentence: 'The text of a parameter has a NUL byte at its end.',
      change: 'Return from the get operation the number of characters, without the terminating NUL.',
      requirement: 'parameter-contract',
    },
  ),
  'parameter-default': checkCause(
    { what: /^default of /, of: ['parameter-contract'], holds: ({ seen }) => !nul.test(seen) },
    {
      sentence: 'The default of a parameter differs from the description of the driver.',
      change: 'Make the initial value of the variable and vmmci-driver.json agree.',
      requirement: 'parameter-contract',
    },
  ),
  'zero-interval-not-off': checkCause(
    {
      what: /^polls while the interval is 0/,
      holds: (_, { checks }) => !checks.some(({ what }) => /^polls while the interval is [1-9]/.test(what)),
    },
    {
      sentence: 'An interval of 0 does not turn polling off.',
      change: 'Check for 0 before the parameter is clamped.',
      requirement: 'obeys-parameters',
    },
  ),
  'interval-not-read-again': checkCause(
    {
      what: /^polls while the interval is [1-9]/,
      // A driver whose polls an interval of 0 has ended reads the parameter.
      holds: (_, { checks }) => checks.some(({ what }) => /^polls while the interval is 0/.test(what)),
    },
    {
      sentence: 'The driver ignores an interval that is written at run time and polls as before.',
      change: 'Read the parameter with READ_ONCE() each time that the work is queued.',
      requirement: 'obeys-parameters',
    },
  ),
  'interval-not-limited': checkCause(
    { what: /^polls in .* where an interval of 1 ms is asked for/ },
    {
      sentence: 'The driver accepts an interval below the minimum.',
      change: 'Clamp the parameter when the work is queued.',
      requirement: 'obeys-parameters',
    },
  ),
  'polling-never-starts-again': {
    sentence: 'After the interval was 0, polling does not start again when another interval is set.',
    change: 'Queue the work also while polling is off, so that it reads the parameter again.',
    requirement: 'obeys-parameters',
    explains: ['obeys-parameters'],
    find: ({ trace, reasons }) => {
      const off = trace.find(
        (event) =>
          event.kind === 'check' &&
          event.result === 'ok' &&
          /^polls while the interval is 0/.test(event.what),
      );
      const reason = reasons.find((line) => /^no 'bar-read' in the trace, \d+ times/.test(line));
      const last = trace.at(-1);
      if (off === undefined || reason === undefined || last === undefined) return [];
      const reads = trace.filter((event) => isCommandRead(event) && event.seq > off.seq);
      return reads.length === 0 && last.at - off.at > 2 * second ? [off, reason.split('\n', 1)[0] ?? ''] : [];
    },
  },
  'line-per-poll': checkCause(
    { what: /^lines of \d+ polls/ },
    {
      sentence: 'Each poll of the command writes a line to the kernel log.',
      change: 'Remove the line, or use dev_dbg(). Log a device that does not respond once.',
      requirement: 'quiet-log',
    },
  ),
  'line-per-foreign-interrupt': checkCause(
    { what: named('linesOfForeignInterrupt') },
    {
      sentence: 'Each interrupt of another device on the line writes a line to the kernel log.',
      change: 'Return IRQ_NONE without a line when the ISR (BAR0 offset 19) reads as 0.',
      requirement: 'quiet-log',
    },
  ),
  'line-per-reading': checkCause(
    { what: /^lines of \d+ readings of (?:each attribute|the time)/ },
    {
      sentence: 'Each reading of an attribute writes a line to the kernel log.',
      change: 'Remove the line, or use dev_dbg().',
      requirement: 'quiet-log',
    },
  ),
  'log-level-not-kept': checkCause(
    { what: /^lines (?:of readings|about an? \w+) (?:at|by) / },
    {
      sentence: 'The debug level of a line differs from the description of the driver.',
      change: 'Compare the level where the line is logged: 1 for acknowledgements, 2 for samples.',
      requirement: 'quiet-log',
    },
  ),
  'warning-without-fault': checkCause(
    {
      what: new RegExp(
        `^warnings that name the driver|${named('warningsOfSleep', 'warningsOfPolls').source}`,
      ),
    },
    {
      sentence: 'The driver logs a warning although nothing is wrong.',
      change: 'Log it with dev_info(), or not at all.',
      requirement: 'quiet-log',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
