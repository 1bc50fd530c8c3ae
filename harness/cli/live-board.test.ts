import t from 'tap';
import { sampleCell, sampleStep } from '../testing/report-sample.js';
import { liveBoard, type Terminal } from './live-board.js';

const planned = new Map([
  ['a', 1],
  ['b', 1],
]);

const record = (more: Partial<Terminal>): Terminal & { text(): string } => {
  let text = '';
  return { ...more, write: (part) => (text += part), text: () => text };
};

t.test('on a terminal, lines stay above the board, which is redrawn and removed at the end', async (t) => {
  const terminal = record({ isTTY: true, columns: 60, rows: 30 });
  const live = liveBoard(planned, terminal, () => 0);
  live.line('line');
  live.detail('what the board tells');
  live.step('a', sampleStep('fetch', 'passed'));
  live.cells([sampleCell('a', 'x', 'passed')]);
  live.close();
  t.notMatch(terminal.text(), 'what the board tells');
  // Emulates the terminal: "up two, clear below" removes two lines.
  const lines = terminal.text().split('\n');
  const kept: string[] = [];
  for (const line of lines) {
    const cleared = line.replace('\x1b[2A\x1b[0J', '');
    if (cleared !== line) kept.splice(-2);
    if (cleared !== '') kept.push(cleared);
  }
  t.strictSame(kept, ['   0.0 s  line']);
  t.match(terminal.text(), /a █{20} 1\/1 /);
});

t.test('elsewhere the output is plain lines without control characters', async (t) => {
  for (const other of [{}, { isTTY: true, columns: 60, rows: 4 }]) {
    const terminal = record(other);
    const live = liveBoard(planned, terminal, () => 0);
    live.line('line');
    live.detail('more');
    live.cells([sampleCell('a', 'x', 'passed')]);
    live.close();
    t.equal(terminal.text(), '   0.0 s  line\n   0.0 s  more\n');
  }
});

t.test('output of a guest or a compiler cannot control the terminal', async (t) => {
  for (const other of [{}, { isTTY: true, columns: 60, rows: 30 }]) {
    const terminal = record(other);
    const live = liveBoard(planned, terminal, () => 0);
    live.line('a\x1b[2Jb');
    live.close();
    t.match(terminal.text(), '   0.0 s  a\\x1b[2Jb\n');
    t.notMatch(terminal.text(), '\x1b[2J');
  }
});
