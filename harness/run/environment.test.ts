import { cpSync } from 'node:fs';
import t from 'tap';
import { asset } from '../../images/asset.js';
import { givenLevel, levelFor, readChosenDriver } from './environment.js';

t.test('a copy of the bundled driver is held to the same level as the original', async (t) => {
  const copy = t.testdir();
  cpSync(asset('driver'), copy, { recursive: true });
  for (const driver of [asset('driver'), copy])
    t.equal(levelFor({}, await readChosenDriver({ driver })), 'may', driver);
});

t.test('the level of the user goes before that of the driver, and should is the default', (t) => {
  t.equal(levelFor({ level: 'must' }, { level: 'may' }), 'must');
  t.equal(levelFor({}, {}), 'should');
  t.strictSame([givenLevel({}, { level: 'may' }), givenLevel({}, {})], ['may', undefined], 'for reports');
  t.end();
});
