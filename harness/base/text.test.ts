import { execFileSync } from 'node:child_process';
import t from 'tap';
import { duration, durationOfMs } from './duration.js';
import {
  counted,
  firstLine,
  listOf,
  namesLike,
  pathFrom,
  printable,
  shellWord,
  shorten,
  shortenMiddle,
} from './text.js';
import { messageOf, stackOf, systemCode } from './thrown.js';

t.test('firstLine', async (t) => {
  t.equal(firstLine('a\nb'), 'a');
  t.equal(firstLine('\nb'), '');
  t.equal(firstLine(undefined), '');
});

t.test('shorten cuts at the length, never within a character', async (t) => {
  t.equal(shorten('abcdef', 6), 'abcdef');
  t.equal(shorten('abcdefg', 6), 'abcde…');
  t.equal(shorten('abcd\u{1f600}ef', 6), 'abcd…', 'does not split a surrogate pair');
});

t.test('shortenMiddle keeps both ends, and never cuts within a character', async (t) => {
  t.equal(shortenMiddle('abcdef', 6), 'abcdef');
  t.equal(shortenMiddle('abcdefgh', 6), 'ab…fgh');
  t.equal(shortenMiddle('a\u{1f600}cdefg\u{1f600}h', 4), 'a…h');
});

t.test('listOf and counted', async (t) => {
  t.equal(listOf(['a', 'b']), 'a, b');
  t.equal(listOf(['a', 'b', 'c', 'd'], 2), 'a, b … and 2 more');
  t.equal(counted(1, 'cause'), '1 cause');
  t.equal(counted(0, 'cause'), '0 causes');
  t.equal(counted(2, 'entry', 'entries'), '2 entries');
});

t.test('namesLike puts the likeliest of many names first', async (t) => {
  t.equal(namesLike('stopp', ['clock', 'stop-again', 'sto', 'stop']), 'stop, stop-again, sto, clock');
  const many = Array.from({ length: 52 }, (_, index) => `name-${index}`);
  t.match(namesLike('name-51', many), /^name-51, name-5, name-50, .* … and 42 more$/);
});

t.test('printable escapes control characters', async (t) => {
  t.equal(printable('\x1b[31mred\x07\x9b1A\tok\n'), '\\x1b[31mred\\x07\\x9b1A\tok\n');
  t.equal(printable('a\u202eb\ufeff\ud800'), 'a\\u202eb\\ufeff\\ud800');
  t.equal(printable('µs … 时 \u{1f600}'), 'µs … 时 \u{1f600}');
});

t.test('pathFrom shortens only paths below the directory', async (t) => {
  t.equal(pathFrom('/home/driver', '/home/driver/vmmci'), 'vmmci');
  t.equal(pathFrom('/home/driver', '/home/driver/..vmmci'), '..vmmci');
  t.equal(pathFrom('/home/driver', '/home/driver'), '.');
  t.equal(pathFrom('/home/driver', '/home/vmmci'), '/home/vmmci');
});

t.test('a quoted word passes through a shell unchanged', async (t) => {
  t.equal(shellWord('../my-driver'), '../my-driver');
  for (const word of ['', "it's", '$HOME `id` "x" \\', '-n', 'a\nb'])
    t.equal(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' }), word);
});

t.test('durations', async (t) => {
  const cases: [number, string][] = [
    [0, '0 s'],
    [-25_200, '-7 h'],
    [1.5, '1.5 s'],
    [0.013437, '13.4 ms'],
    [0.000_002, '2 µs'],
    [0.999_51, '1 s'],
    [59.99, '1 min'],
    [3e-9, '3 ns'],
  ];
  for (const [seconds, text] of cases) t.equal(duration(seconds), text);
  t.equal(durationOfMs(1500), '1.5 s');
});

t.test('thrown values', async (t) => {
  const error = new Error('why');
  t.equal(messageOf(error), 'why');
  t.equal(messageOf('why'), 'why');
  t.equal(messageOf(undefined), 'undefined');
  t.equal(stackOf(error), error.stack);
  t.equal(stackOf(7), '7');
  t.equal(systemCode(Object.assign(error, { code: 'ENOENT' })), 'ENOENT');
  t.equal(systemCode(new Error('none')), undefined);
  t.equal(systemCode({ code: 'ENOENT' }), undefined, 'only for an Error');
});
