import t from 'tap';
import { defaultGeneration, type Generation, generationNames, generations } from './generations.js';

const all = Object.values<Generation>(generations);
const those = (holds: (generation: Generation) => boolean): readonly string[] =>
  all.filter(holds).map(({ name }) => name);

t.test('there are nine generations, oldest first, each under its own name', async (t) => {
  t.same(generationNames, ['6.2', '6.4', '6.5', '7.3', '7.4', '7.7', '7.8', '7.9', '8.0']);
  t.same(
    those(() => true),
    generationNames,
  );
  t.equal(defaultGeneration, '8.0');
});

t.test('each difference applies to the right generations', async (t) => {
  t.same(
    those(({ features }) => features === 7),
    generationNames,
  );
  t.same(
    those(({ ackMs }) => ackMs === 3000),
    generationNames,
  );
  t.same(
    those(({ gracefulMs }) => gracefulMs === 30_000),
    ['6.2', '6.4', '6.5'],
  );
  t.same(
    those(({ gracefulMs }) => gracefulMs === 120_000),
    ['7.3', '7.4', '7.7', '7.8', '7.9', '8.0'],
  );
  t.same(
    those(({ gracefulStart }) => gracefulStart === 'always'),
    ['7.7', '7.8', '7.9', '8.0'],
  );
  t.same(
    those(({ isrReadLowersLine }) => !isrReadLowersLine),
    ['6.2'],
  );
  t.same(
    those(({ maskedAssert }) => maskedAssert === 'lost'),
    ['6.2', '6.4', '6.5', '7.3'],
  );
  t.same(
    those(({ interrupt }) => interrupt === 'level'),
    ['8.0'],
  );
  t.same(
    those(({ expiry }) => expiry === 'crash'),
    ['7.8'],
  );
  t.same(
    those(({ forcedStopGraceMs }) => forcedStopGraceMs === 10_000),
    ['8.0'],
  );
  t.same(
    those(({ forcedStopGraceMs }) => forcedStopGraceMs === null),
    generationNames.slice(0, -1),
  );
});
