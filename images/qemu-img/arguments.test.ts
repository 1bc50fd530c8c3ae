import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { imageInfo } from '../../harness/testing/disk-images.js';
import { asset } from '../asset.js';
import { createBase, createOverlay } from './image.js';

/** A tool root that does not exist: every script refuses its arguments before it needs one. */
const root = { path: '/nonexistent', version: '', compiler: '' };

t.test('invalid arguments are refused before anything is changed', async (t) => {
  const directory = t.testdir({ base: 'x', there: 'y', rootfs: {}, link: t.fixture('symlink', 'gone') });
  const at = (name: string) => join(directory, name);
  const refusals: [string[], RegExp][] = [
    [['create-base'], /^create-base: usage: create-base DIRECTORY IMAGE/],
    [['create-base', at('rootfs'), at('new'), '--size'], /usage/],
    [
      ['create-base', at('rootfs'), at('new'), '--size', '0'],
      /--size is '0', expected a whole number above 0/,
    ],
    [['create-base', at('rootfs'), at('new'), '--size', '1M'], /--size is '1M'/],
    [['create-base', at('rootfs'), at('new'), '--label', 'seventeen letters'], /at most 16/],
    [['create-base', at('rootfs'), at('new'), '--inodes', at('gone')], /--inodes '.*gone' does not exist/],
    [['create-base', at('base'), at('new')], /DIRECTORY '.*base' is not a directory/],
    [['create-base', at('rootfs'), at('there')], /'.*there' exists/],
    [['create-base', at('rootfs'), at('link')], /'.*link' exists/],
    [['create-base', at('rootfs'), at('no/new')], /the directory of '.*new' does not exist/],
    [['overlay', at('gone'), at('new')], /BASE '.*gone' does not exist/],
    [['overlay', at('rootfs'), at('new')], /BASE '.*rootfs' is not a file/],
    [['overlay', at('base'), at('there')], /exists/],
    [['overlay', at('base'), at('new'), '--fast'], /usage/],
    [['check'], /usage: check IMAGE/],
    [['check', at('gone')], /does not exist/],
    [['compact', at('base'), at('there')], /exists/],
    [['flatten', at('base')], /usage: flatten IMAGE TO/],
    [['flatten', at('base'), at('there')], /exists/],
    [['info', at('base'), '--json'], /usage: info IMAGE \[--raw\]/],
    [['compare', at('base')], /usage: compare IMAGE IMAGE/],
  ];
  for (const [[tool = '', ...args], expected] of refusals) {
    const { exitCode, stderr } = await execa(asset('qemu-img', tool), args, { reject: false });
    t.equal(exitCode, 64, `${tool} refuses`);
    t.match(stderr, expected);
  }
  t.strictSame((await readdir(directory)).sort(), ['base', 'link', 'rootfs', 'there']);
});

t.test('refusals and failures are HarnessErrors', async (t) => {
  const directory = t.testdir({ base: 'x', rootfs: {} });
  await t.rejects(createBase(root, join(directory, 'gone'), join(directory, 'new')), {
    code: 'IMAGE_ARGUMENT',
    fields: { tool: 'create-base', reason: /not a directory/ },
  });
  await t.rejects(createOverlay(root, join(directory, 'base'), join(directory, 'base')), {
    code: 'IMAGE_ARGUMENT',
  });
  await t.rejects(imageInfo(root, join(directory, 'base')), {
    code: 'IMAGE_TOOL',
    fields: { tool: 'info', reason: /no tool root with qemu-img in \/nonexistent; .*vmmci setup/ },
  });
});
