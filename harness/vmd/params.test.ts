import t from 'tap';
import { flag, integer, oneOf, optional, readParams, text } from './params.js';

const shape = {
  name: oneOf(['A', 'B']),
  note: optional(text, null),
  force: optional(flag, false),
  at: integer(0, 9),
};

t.test('reads what is there and fills in the rest', async (t) => {
  t.same(readParams('m', shape, { name: 'B', at: 9 }), { name: 'B', note: null, force: false, at: 9 });
  t.same(readParams('m', shape, { name: 'A', at: 0, note: 'x', force: true }), {
    name: 'A',
    note: 'x',
    force: true,
    at: 0,
  });
});

for (const [raw, message] of [
  [{ at: 1 }, "m: needs 'name': A, B"],
  [{ name: 'C', at: 1 }, `m: 'name' is "C"; valid: A, B`],
  [{ name: 'A' }, "m: needs 'at': an integer from 0 to 9"],
  [{ name: 'A', at: 10 }, "m: 'at' is 10; valid: an integer from 0 to 9"],
  [{ name: 'A', at: -1 }, "m: 'at' is -1; valid: an integer from 0 to 9"],
  [{ name: 'A', at: 1.5 }, "m: 'at' is 1.5; valid: an integer from 0 to 9"],
  [{ name: 'A', at: '1' }, `m: 'at' is "1"; valid: an integer from 0 to 9`],
  [{ name: 'A', at: 1, force: 1 }, "m: 'force' is 1; valid: true, false"],
  [{ name: 'A', at: 1, note: 7 }, "m: 'note' is 7; valid: a string"],
  [{ name: 'A', at: 1, note: null }, "m: 'note' is null; valid: a string"],
  [{ name: 'A', at: 1, forced: true }, "m: no parameter 'forced'; valid: name, note, force, at"],
] as const) {
  t.test(message, async (t) =>
    t.throws(() => readParams('m', shape, raw), { code: 'CONTROL_PARAMS', message }),
  );
}

t.test('a method without parameters takes none', async (t) =>
  t.throws(() => readParams('m', {}, { toString: 1 }), {
    message: "m: no parameter 'toString'; valid: none",
  }),
);
