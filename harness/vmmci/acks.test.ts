import t from 'tap';
import { type AckEffect, acknowledges, decideAck } from './acks.js';
import { commands } from './commands.js';
import { generations } from './generations.js';

const { NONE, SHUTDOWN, REBOOT, SYNCRTC } = commands;

interface Case {
  stored: number;
  value: number;
  timerPending?: boolean;
  old: AckEffect;
  new?: AckEffect;
}

/** `old` is the effect in 7.4; `new` is the effect in 7.7 if it differs. */
const cases: readonly Case[] = [
  { stored: NONE, value: NONE, old: 'none' },
  { stored: REBOOT, value: NONE, timerPending: true, old: 'none' },
  { stored: NONE, value: SHUTDOWN, old: 'guest-shutdown' },
  { stored: NONE, value: SHUTDOWN, timerPending: true, old: 'guest-shutdown' },
  { stored: NONE, value: REBOOT, old: 'mismatch' },
  { stored: REBOOT, value: SHUTDOWN, timerPending: true, old: 'mismatch' },
  { stored: SHUTDOWN, value: REBOOT, timerPending: true, old: 'mismatch' },
  { stored: SYNCRTC, value: SHUTDOWN, old: 'mismatch' },
  { stored: REBOOT, value: REBOOT, timerPending: true, old: 'graceful' },
  { stored: SHUTDOWN, value: SHUTDOWN, timerPending: true, old: 'graceful' },
  { stored: REBOOT, value: REBOOT, old: 'acknowledged', new: 'graceful' },
  { stored: SHUTDOWN, value: SHUTDOWN, old: 'acknowledged', new: 'graceful' },
  { stored: SYNCRTC, value: SYNCRTC, old: 'cleared' },
  { stored: REBOOT, value: SYNCRTC, timerPending: true, old: 'cleared' },
  { stored: NONE, value: SYNCRTC, old: 'cleared' },
  { stored: REBOOT, value: 7, timerPending: true, old: 'illegal' },
  { stored: NONE, value: 0x02020202, old: 'illegal' },
  { stored: REBOOT, value: 0xffffffff, old: 'illegal' },
];

for (const { stored, value, timerPending = false, old, new: later = old } of cases) {
  t.test(`stored ${stored}, written ${value}, timer ${timerPending ? 'pending' : 'off'}`, async (t) => {
    t.equal(decideAck({ stored, value, timerPending, generation: generations['7.4'] }), old, '7.4');
    t.equal(decideAck({ stored, value, timerPending, generation: generations['7.7'] }), later, '7.7');
  });
}

t.test('three effects count as an acknowledgement', async (t) => {
  const effects: readonly AckEffect[] = [
    'none',
    'guest-shutdown',
    'graceful',
    'acknowledged',
    'mismatch',
    'cleared',
    'illegal',
  ];
  t.same(effects.filter(acknowledges), ['graceful', 'acknowledged', 'cleared']);
});
