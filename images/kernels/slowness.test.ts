import t from 'tap';
import { optionsFor } from './debug/recipe.js';
import { slownessOf } from './slowness.js';

t.test('an ordinary kernel is not slow', async (t) => {
  t.equal(slownessOf(''), 1);
  t.equal(slownessOf('CONFIG_SMP=y\n# CONFIG_KASAN_GENERIC is not set\nCONFIG_PROVE_LOCKING=m\n'), 1);
});

t.test('each debugging option makes a kernel slower', async (t) => {
  t.equal(slownessOf('CONFIG_PROVE_LOCKING=y\n'), 2);
  t.equal(slownessOf('CONFIG_KASAN_GENERIC=y\nCONFIG_PROVE_LOCKING=y\n'), 10);
});

t.test('the debug kernels are slow by what their configuration sets', async (t) => {
  const config = (await optionsFor('6.12')).map(({ name, value }) => `CONFIG_${name}=${value}\n`).join('');
  t.equal(slownessOf(config), 5 * 2 * 1.25 * 1.25);
});
