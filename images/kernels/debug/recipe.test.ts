import { readFile } from 'node:fs/promises';
import t from 'tap';
import { missingOptions } from '../config.js';
import { isStep } from './compile.js';
import { configPath, optionsNotTaken, parseFragment } from './recipe.js';

t.test(
  'the configuration has each option once, with a reason, and all options that a guest needs',
  async (t) => {
    const text = await readFile(configPath(), 'utf8');
    const options = parseFragment(text);
    const names = options.map(({ name }) => name);
    t.ok(names.includes('KASAN'));
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
    // X86_64 follows from 64BIT.
    t.strictSame(missingOptions(`${text}CONFIG_X86_64=y\n`, 'bzImage'), []);
  },
);

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
