import t from 'tap';
import { transcriptFailure } from './transcript-failure.js';

t.test('names the cause of a transcript that did not end, in few short lines', async (t) => {
  const lines = transcriptFailure({
    verdict: 'failed',
    reasons: ['livelock: 100 acknowledgements\n[    1.5] a line of the log', 'b', 'c', 'd', 'x'.repeat(900)],
    causes: [{ id: 'isr-never-read', evidence: ['#1 read'] }],
    directory: 'runs/now/6.12-cloud/transcript',
  }).split('\n');
  t.strictSame(lines.slice(0, 4), [
    'failed: livelock: 100 acknowledgements',
    '  b',
    '  c',
    '  … 2 more reasons',
  ]);
  t.match(lines[4], /^ {2}cause isr-never-read: The interrupt handler never reads the ISR/);
  t.match(lines[5], / change: Read the ISR/);
  t.equal(lines.at(-1), '  artifacts: runs/now/6.12-cloud/transcript');
  for (const line of lines) t.ok(line.length <= 160, line);
});
