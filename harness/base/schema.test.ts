import t from 'tap';
import { boolean, fields, integer, oneOf, optional, readFields, string } from './schema.js';

const schema = fields({
  name: oneOf(['A', 'B']),
  note: optional(string),
  force: optional(boolean),
  at: integer(0, 9),
});

const read = (value: unknown) =>
  readFields(schema, value, (field, reason) => {
    throw new Error(`${field}: ${reason}`);
  });

t.test('fields that can be left out are left out of the value too', async (t) => {
  t.same(read({ name: 'B', at: 9 }), { name: 'B', at: 9 });
  const whole = { name: 'A', at: 0, note: 'x', force: true };
  t.same(read(whole), whole);
});

const wrong: readonly [value: unknown, message: string][] = [
  [[], ': expected an object, got []'],
  [{ at: 1 }, 'name: expected "A" or "B", it is missing'],
  [{ name: 'C', at: 1 }, 'name: expected "A" or "B", got "C"'],
  [{ name: 'A' }, 'at: expected an integer from 0 to 9, it is missing'],
  [{ name: 'A', at: 10 }, 'at: expected an integer from 0 to 9, got 10'],
  [{ name: 'A', at: -1 }, 'at: expected an integer from 0 to 9, got -1'],
  [{ name: 'A', at: 1.5 }, 'at: expected an integer from 0 to 9, got 1.5'],
  [{ name: 'A', at: '1' }, 'at: expected an integer from 0 to 9, got "1"'],
  [{ name: 'A', at: 1, force: 1 }, 'force: expected true or false, got 1'],
  [{ name: 'A', at: 1, note: 7 }, 'note: expected a string, got 7'],
  [{ name: 'A', at: 1, note: null }, 'note: expected a string, got null'],
  [{ name: 'A', at: 1, forced: true }, 'forced: there is no such field; valid: name, note, force, at'],
  [
    JSON.parse('{"name":"A","at":1,"__proto__":1}'),
    '__proto__: there is no such field; valid: name, note, force, at',
  ],
];

for (const [value, message] of wrong) t.test(message, async (t) => t.throws(() => read(value), { message }));

t.test('an object without fields accepts none', async (t) =>
  t.throws(
    () =>
      readFields(fields({}), { toString: 1 }, (field, reason) => {
        throw new Error(`${field}: ${reason}`);
      }),
    { message: 'toString: there is no such field; valid: none' },
  ),
);
