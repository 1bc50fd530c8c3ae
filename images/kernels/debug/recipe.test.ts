import t from 'tap';
import { missingOptions } from '../config.js';
import { kernelTable } from '../table.js';
import { isStep } from './compile.js';
import { mergeFragments, optionsFor, optionsNotTaken, parseFragment, readFragments } from './recipe.js';

for (const { name, series } of kernelTable.filter(({ flavour }) => flavour === 'debug'))
  t.test(
    `the configuration of ${name} has each option once, with a reason, and all options that a guest needs`,
    async (t) => {
      for (const fragment of await readFragments(series)) {
        const options = parseFragment(fragment);
        const names = options.map(({ name }) => name);
        t.strictSame(
          names.filter((name, index) => names.indexOf(name) !== index),
          [],
          'options set twice',
        );
        t.strictSame(
          options.filter(({ why }) => !/^[A-Z].*\.$/.test(why)).map(({ name }) => name),
          [],
          'options without a reason that is a sentence',
        );
      }
      const options = await optionsFor(series);
      t.ok(options.some(({ name, value }) => name === 'KASAN' && value === 'y'));
      // X86 and X86_64 follow from 64BIT.
      const text = options.map(({ name, value }) => `CONFIG_${name}=${value}\n`).join('');
      t.strictSame(missingOptions(`${text}CONFIG_X86=y\nCONFIG_X86_64=y\n`, 'bzImage'), []);
    },
  );

t.test('an option of a later fragment replaces an earlier one', async (t) => {
  t.strictSame(
    mergeFragments(['# One.\nCONFIG_A=y\nCONFIG_B=y\n', '# Two.\nCONFIG_A=n\nCONFIG_C=m\n']).map(
      ({ name, value, why }) => `${name}=${value} ${why}`,
    ),
    ['A=n Two.', 'B=y One.', 'C=m Two.'],
  );
});

t.test('options and reasons are read from a fragment', async (t) => {
  t.strictSame(parseFragment('# ---- part\n\n# One\n# reason.\nCONFIG_A=y\nCONFIG_B="x y"\n\nCONFIG_C=n\n'), [
    { name: 'A', value: 'y', why: 'One reason.' },
    { name: 'B', value: '"x y"', why: 'One reason.' },
    { name: 'C', value: 'n', why: '' },
  ]);
  t.throws(() => parseFragment('CONFIG_A\n'), { message: /not a line.*CONFIG_A/ });
});

t.test('options that the sources do not accept are named', async (t) => {
  const wanted = parseFragment('CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=n\nCONFIG_D=y\n');
  t.strictSame(optionsNotTaken(wanted, 'CONFIG_A=y\nCONFIG_B=y\n# CONFIG_D is not set\n'), [
    'CONFIG_B=m (it is y)',
    'CONFIG_D=y (it is not set)',
  ]);
});

t.test('lines of make that report a made file', async (t) => {
  for (const line of ['  CC      kernel/fork.o', '  CC [M]  fs/ext4/super.o', '  LD      vmlinux'])
    t.ok(isStep(line), line);
  for (const line of ['make[1]: Entering directory', '', 'kernel/fork.c:1:1: warning: CC x'])
    t.notOk(isStep(line), line);
});
