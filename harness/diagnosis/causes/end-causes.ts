// Causes of a driver that does less after a stop, or after the device did not respond.

import type { TraceEvent } from '../../base/trace-event.js';
import { commandName } from '../../vmmci/commands.js';
import { registers } from '../../vmmci/registers.js';
import { looksUnasked, unanswered, wantsAck } from './command-causes.js';
import { exchangesOf, isAck, isCommandRead, second, sleeps } from './events.js';
import type { Cause } from './facts.js';

const { command } = registers;

const isStop = (name: string | undefined): boolean => name === 'SHUTDOWN' || name === 'REBOOT';

/** Matches the timeout of a wait for several polls. */
const noPolls = /^no 'bar-read' in the trace, \d+ times/;

/** The same, or of a wait for several polls that are answered wrongly. */
const noPollsOrFaults = /^no '(?:bar-read|fault)' in the trace, \d+ times/;

/** Matches a read of the status that nothing answered: a poll may begin with one. */
const isAbsentStatus = (event: TraceEvent): boolean =>
  event.kind === 'bar-read' && event.offset === registers.status.offset && event.value === 0xff;

/** Matches a read of the command that nothing answered, or all ones. */
const isAbsentCommand = (event: TraceEvent): boolean =>
  event.kind === 'bar-read' && event.offset === command.offset && event.value === 0xffff_ffff;

export const endCauses = {
  'stop-after-stop-ignored': {
    sentence: 'The driver ignores a stop that comes after another kind of stop.',
    change: 'Handle each new value at BAR0 offset 20, whatever was handled before.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time'],
    find: (facts) => {
      if (!wantsAck(facts)) return [];
      const exchanges = exchangesOf(facts);
      return exchanges.flatMap(({ sent, events }, index) => {
        const before = exchanges[index - 1];
        const ack = before?.events.find(isAck);
        const read = unanswered(events);
        if (before === undefined || ack === undefined || read === undefined) return [];
        const isOther = isStop(sent.name) && isStop(before.sent.name) && sent.name !== before.sent.name;
        return isOther ? [ack, sent, read] : [];
      });
    },
  },
  'stops-looking-after-stop': {
    sentence: 'The driver no longer polls the command once it has acknowledged a stop.',
    change: 'Go on polling the command (BAR0 offset 20) after a stop: the host may send another command.',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    requirement: 'looks-unasked',
    explains: ['looks-unasked'],
    find: (facts) => {
      const ack = facts.trace.findLast(isAck);
      const polls = looksUnasked(facts);
      const [last, end] = [polls.at(-1), facts.trace.at(-1)];
      if (ack === undefined || last === undefined || end === undefined || polls.length < 3) return [];
      const after = facts.trace.filter(({ seq }) => seq > ack.seq);
      if (!isStop(commandName(ack.value)) || after.some(isCommandRead) || sleeps(after)) return [];
      return facts.reasons.some((reason) => noPolls.test(reason)) && end.at - ack.at > 10 * second
        ? [last, ack]
        : [];
    },
  },
  'stops-looking-after-absence': {
    sentence: 'The driver no longer polls the command once the device did not respond.',
    change: 'Go on polling the command (BAR0 offset 20) when it reads as all ones: the device may come back.',
    hosts: 'hosts up to OpenBSD 7.3, which can lose the interrupt',
    requirement: 'looks-unasked',
    find: (facts) => {
      const absent = facts.trace.findLast(isAbsentCommand) ?? facts.trace.find(isAbsentStatus);
      const end = facts.trace.at(-1);
      if (absent === undefined || end === undefined || end.at - absent.at <= 10 * second) return [];
      const polls = looksUnasked(facts).filter((event) => !isAbsentCommand(event));
      const last = polls.at(-1);
      if (last === undefined || last.seq > absent.seq || sleeps(facts.trace)) return [];
      return facts.reasons.some((reason) => noPollsOrFaults.test(reason)) ? [last, absent] : [];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
