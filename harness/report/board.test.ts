import t from 'tap';
import { sampleCell, sampleStep } from '../testing/report-sample.js';
import { renderBoard } from './board.js';

const [fetched, built, booted] = (['fetch', 'build', 'boot'] as const).map((name) =>
  sampleStep(name, 'passed'),
);
const steps = [fetched, built, booted].filter((step) => step !== undefined);

t.test('the board has one line for each kernel, from the fetch to the end', async (t) => {
  const cells = [
    sampleCell('a', 'one', 'passed', { file: 'x' }),
    sampleCell('a', 'two', 'failed', { file: 'x' }),
  ];
  const rows = [
    { kernel: 'a', planned: 4, steps: [], cells: [] },
    { kernel: 'bb', planned: 4, steps: steps.slice(0, 1), cells: [] },
    { kernel: 'a', planned: 4, steps, cells },
    { kernel: 'a', planned: 1, steps, cells },
    { kernel: 'a', planned: 4, steps: [sampleStep('fetch', 'skipped')], cells: [] },
  ];
  t.strictSame(renderBoard(rows, 200), [
    `a  ${'░'.repeat(20)} 0/4 fetching`,
    `bb ${'░'.repeat(20)} 0/4 building`,
    `a  ${'█'.repeat(5)}${'░'.repeat(15)} 1/4 testing; 1 passed, 1 failed`,
    `a  ${'█'.repeat(20)} 1/1 1 passed, 1 failed`,
    `a  ${'░'.repeat(20)} 0/4 fetch skipped`,
  ]);
  t.ok(renderBoard(rows, 30).every((line) => line.length <= 30));
});
