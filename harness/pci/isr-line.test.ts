import t from 'tap';
import { type GenerationName, generations } from '../vmmci/generations.js';
import { idleLine, type LineEvent, stepLine } from './isr-line.js';

/** The events, those that signalled the client marked with `!`, and the final level of the line. */
const play = (name: GenerationName, ...events: LineEvent[]): string => {
  let line = idleLine;
  const shown = events.map((event) => {
    const step = stepLine(line, event, generations[name]);
    line = step.line;
    return step.signal ? `${event}!` : event;
  });
  return `${shown.join(' ')} ${line.asserted ? 'high' : 'low'}`;
};

t.test('a raise signals once, and no second one signals before the unmask', async (t) => {
  for (const name of ['6.2', '6.4', '7.3', '7.4', '7.8', '7.9', '8.0'] as const)
    t.equal(play(name, 'arm', 'raise', 'raise', 'raise'), 'arm raise! raise raise high', name);
  t.equal(play('8.0', 'raise', 'disarm', 'raise'), 'raise disarm raise high', 'no eventfd is armed');
});

t.test('if the generation latches, an unmask signals what was raised while masked', async (t) => {
  for (const name of ['6.2', '6.4', '7.3'] as const)
    t.equal(
      play(name, 'arm', 'raise', 'raise', 'unmask', 'raise'),
      'arm raise! raise unmask raise! high',
      name,
    );
  for (const name of ['7.4', '7.7', '7.8', '7.9'] as const) {
    t.equal(
      play(name, 'arm', 'raise', 'raise', 'unmask', 'unmask'),
      'arm raise! raise unmask! unmask high',
      name,
    );
    t.equal(
      play(name, 'arm', 'raise', 'isr-read', 'raise', 'unmask'),
      'arm raise! isr-read raise unmask! high',
      `${name}: after the read of ISR`,
    );
    t.equal(
      play(name, 'arm', 'raise', 'raise', 'isr-read', 'unmask'),
      'arm raise! raise isr-read unmask low',
      `${name}: the read of ISR took both`,
    );
  }
});

t.test('one-shot: unmask and arm do not signal again, nor for a missed raise', async (t) => {
  t.equal(play('7.8', 'arm', 'raise', 'unmask', 'unmask'), 'arm raise! unmask unmask high');
  t.equal(play('7.8', 'raise', 'arm'), 'raise arm high');
});

t.test('level: unmask and arm signal again until ISR is read', async (t) => {
  t.equal(
    play('8.0', 'arm', 'raise', 'unmask', 'unmask', 'isr-read', 'unmask'),
    'arm raise! unmask! unmask! isr-read unmask low',
  );
  t.equal(play('8.0', 'raise', 'arm', 'raise'), 'raise arm! raise high');
  t.equal(play('8.0', 'arm', 'raise', 'disarm', 'unmask', 'arm'), 'arm raise! disarm unmask arm! high');
  t.equal(play('8.0', 'arm', 'raise', 'arm'), 'arm raise! arm! high', 'a new eventfd is signalled too');
});

t.test('a raise while the client has masked the interrupt', async (t) => {
  t.equal(play('6.4', 'arm', 'mask', 'raise', 'unmask'), 'arm mask raise unmask high', 'lost');
  t.equal(
    play('7.4', 'arm', 'mask', 'raise', 'unmask', 'unmask'),
    'arm mask raise unmask! unmask high',
    'latched',
  );
  t.equal(
    play('8.0', 'arm', 'mask', 'raise', 'unmask', 'unmask'),
    'arm mask raise unmask! unmask! high',
    'level',
  );
  t.equal(
    play('7.4', 'arm', 'mask', 'raise', 'isr-read', 'unmask'),
    'arm mask raise isr-read unmask low',
    'taken back',
  );
});

t.test('a read of ISR lowers the line from 6.4 on', async (t) => {
  t.equal(play('6.2', 'arm', 'raise', 'isr-read'), 'arm raise! isr-read high');
  t.equal(play('6.4', 'arm', 'raise', 'isr-read'), 'arm raise! isr-read low');
});

t.test('a reset lowers the line, and the client stays armed', async (t) => {
  t.equal(play('8.0', 'arm', 'raise', 'reset', 'unmask', 'raise'), 'arm raise! reset unmask raise! high');
});
