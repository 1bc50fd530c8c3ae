import t from 'tap';
import { figuresOf, guestFigure } from './figures.js';
import type { Sample } from './measure.js';
import { digits, renderFigures } from './table.js';

t.test('three significant digits', async (t) => {
  t.same(
    [0, 7.426, 61.04, 143.4, 999.6, 14_349, 1_234_567].map((value) =>
      digits(value).replaceAll('\u202f', ' '),
    ),
    ['0.00', '7.43', '61.0', '143', '1 000', '14 300', '1 230 000'],
  );
  t.equal(digits(Number.NaN), '-');
});

const sample = (accessUs: number, perSecond: number): Sample => ({
  accessUs,
  perSecond,
  cpuUs: accessUs / 2,
  rss: 64 * 2 ** 20,
});

t.test('the table shows medians, and ratios as costs', async (t) => {
  const samples = {
    echo: [sample(20, 1000), sample(30, 900), sample(200, 100)],
    'one-hop': [sample(30, 800), sample(45, 700), sample(300, 90)],
    'both-hops': [sample(50, 500), sample(75, 450), sample(500, 50)],
  };
  const figures = figuresOf({ clients: 1, samples });
  t.match(figures, [
    {
      what: 'register read, 1 client',
      unit: 'µs',
      values: { echo: 30 },
      ratios: { echo: 1, 'both-hops': 2.5 },
    },
    { what: 'requests, 1 client', values: { 'both-hops': 450 }, ratios: { 'both-hops': 2 } },
    { what: 'Node CPU per read, 1 client', values: { echo: 15 }, ratios: { 'one-hop': 1.5 } },
    { what: 'Node memory, 1 client', unit: 'MiB', values: { echo: 64 }, ratios: { 'both-hops': 1 } },
  ]);
  t.notOk(
    figuresOf({ clients: 16, samples }).some(({ what }) => what.startsWith('register read')),
    'what a read takes in a queue says nothing about the read',
  );
  t.match(
    renderFigures(figures).split('\n')[2],
    /^\| register read, 1 client \(µs\) +\| +30\.0 \| +45\.0 \| +1\.50× \|/,
  );
});

t.test('the table shows the figures of the guest', async (t) => {
  const series = {
    kernel: '6.12',
    accelerator: 'tcg',
    qemu: '11',
    echo: [20, 25],
    oneHop: [40, 50],
    bothHops: [80, 75],
    memory: { qemuMiB: 200, nodeMiB: 90, events: 1 },
  };
  t.match(guestFigure(series), { values: { 'one-hop': 45 }, ratios: { 'one-hop': 2, 'both-hops': 3.5 } });
});
