import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { asset, packageRoot } from '../../images/asset.js';
import { parseDriver } from './description.js';
import { knownDrivers } from './known-drivers.js';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly type?: string;
  readonly pattern?: string;
  readonly minimum?: number;
}

const schema = JSON.parse(
  readFileSync(join(packageRoot(), 'harness/driver/vmmci-driver.schema.json'), 'utf8'),
) as Schema;

/** One of them matches each pattern of the schema. */
const samples = ['a', 'a.b', '644', 'a SYNCRTC'];

/** A value with every field of the schema. */
const fullest = ({
  properties,
  oneOf,
  items,
  const: only,
  enum: words,
  type,
  pattern,
  minimum,
}: Schema): unknown => {
  if (oneOf !== undefined) return oneOf.map(fullest)[0];
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, fullest(inner)]));
  if (items !== undefined) return [fullest(items)];
  if (type === 'object') return { debug: '1' };
  if (type === 'integer') return minimum;
  if (type === 'boolean') return true;
  return only ?? words?.[0] ?? samples.find((sample) => new RegExp(pattern ?? '').test(sample));
};

const read = (value: unknown) => parseDriver('vmmci-driver.json', '/driver', JSON.stringify(value));

t.test('the parser accepts every field of the schema', async (t) => {
  const value = fullest(schema) as Readonly<Record<string, unknown>>;
  t.match(read(value), { name: 'a', modules: ['a'], time: { kind: 'sysfs' }, quiet: { debug: '1' } });
  for (const time of schema.properties?.time?.oneOf ?? []) read({ ...value, time: fullest(time) });
  for (const key of schema.required ?? []) {
    const { [key]: _, ...rest } = value;
    t.throws(() => read(rest), { code: 'DRIVER_DESCRIPTION', message: key }, `${key} is required`);
  }
});

t.test('the schema has every field of the descriptions', async (t) => {
  const texts = [
    readFileSync(asset('driver', 'vmmci-driver.json'), 'utf8'),
    ...knownDrivers.map(({ text }) => text),
  ];
  for (const text of texts)
    for (const key of Object.keys(JSON.parse(text) as object)) t.ok(schema.properties?.[key], key);
});
