import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { ensureBrowser } from '../../images/browser/ensure.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { type Browser, type Page, startChromium } from '../testing/chromium.js';
import { sampleCell, samplePages, sampleReport } from '../testing/report-sample.js';
import { renderHtml } from './html.js';

const sample = sampleReport();
/** Includes a row without problems. */
const report = { ...sample, cells: [...sample.cells, sampleCell('old', 'fine', 'passed')] };

const command = await ensureBrowser(await ensureToolRoot());

t.test('the report in a browser', { timeout: 300_000 }, async (t) => {
  const directory = t.testdir({});
  const file = join(directory, 'index.html');
  await writeFile(file, renderHtml(report, samplePages(report)));
  const browser: Browser = await startChromium(command, directory);
  t.teardown(() => browser.close());
  const open = (hash = ''): Promise<Page> => browser.open(`${pathToFileURL(file)}${hash}`);

  /** The page has no errors and requested nothing but itself. */
  const isClean = (test: Pick<typeof t, 'strictSame'>, { errors, requests }: Page): void => {
    test.strictSame(errors, []);
    test.strictSame(
      requests.filter((url) => !url.startsWith(String(pathToFileURL(file)))),
      [],
      'nothing is fetched',
    );
  };
  const visibleTexts = (page: Page, selector: string): Promise<string[]> =>
    page.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((part) => part.checkVisibility()).map((part) => part.innerText.trim())`,
    );

  await t.test('text from a guest stays text', async (t) => {
    const page = await open();
    t.equal(
      await page.evaluate('document.title'),
      'vmmci kernel matrix: 3 passed, 2 failed, 1 broken, 2 skipped',
    );
    t.equal(await page.evaluate('document.images.length'), 0);
    isClean(t, page);
  });

  await t.test('every verdict is recognizable without colour', async (t) => {
    const page = await open();
    t.strictSame(
      new Set((await visibleTexts(page, 'section td')).map((text) => text.replace(/[\d.]+ s/, 'n s'))),
      new Set(['✓ n s', '✓ n s ↻ retried', '✗ failed', '⚠ broken ↻ retried', '– skipped', '']),
    );
  });

  await t.test('the generation filter hides other generations and shows them again', async (t) => {
    const page = await open();
    t.strictSame(await visibleTexts(page, 'section h2'), ['vmd 8.0', 'vmd 7.8']);
    const choose = (value: string): Promise<unknown> =>
      page.evaluate(
        `document.getElementById('generation').value = '${value}', document.getElementById('generation').dispatchEvent(new Event('change'))`,
      );
    await choose('7.8');
    t.strictSame(await visibleTexts(page, 'section h2'), ['vmd 7.8']);
    await choose('8.0');
    t.strictSame(await visibleTexts(page, 'section h2'), ['vmd 8.0']);
    await choose('');
    t.strictSame(await visibleTexts(page, 'section h2'), ['vmd 8.0', 'vmd 7.8']);
    isClean(t, page);
  });

  await t.test('rows without a problem can be hidden', async (t) => {
    const page = await open();
    const box = `document.getElementById('problems').click()`;
    const before = await visibleTexts(page, 'section tbody tr');
    await page.evaluate(box);
    const during = await visibleTexts(page, 'section tbody tr');
    t.ok(during.length < before.length, `${during.length} of ${before.length}`);
    t.ok(during.every((row) => /failed|broken|retried|skipped/.test(row)));
    await page.evaluate(box);
    t.strictSame(await visibleTexts(page, 'section tbody tr'), before);
  });

  await t.test('a link in the grid opens its cell, a second time too', async (t) => {
    const page = await open();
    const isOpen = (id: string): Promise<boolean> =>
      page.evaluate(`document.getElementById(${JSON.stringify(id)}).open`);
    const follow = (): Promise<unknown> =>
      page.evaluate(`new Promise((resolve) => {
        [...document.querySelectorAll('td.failed a')].find((link) => link.hash.includes('stop')).click();
        setTimeout(resolve);
      })`);
    t.equal(await isOpen('old/8.0/stop'), false);
    await follow();
    t.equal(await isOpen('old/8.0/stop'), true);
    t.equal(await isOpen('old/7.8/stop'), false);
    await page.evaluate(`document.getElementById('old/8.0/stop').open = false`);
    await follow();
    t.equal(await isOpen('old/8.0/stop'), true);
    isClean(t, page);
  });

  await t.test('an address opens its cell with its timeline and its clocks', async (t) => {
    const page = await open(`#${encodeURIComponent('old/8.0/stop')}`);
    const within = (part: string): string => `details[id="old/8.0/stop"] ${part}`;
    for (const title of [
      'Why',
      'Reproduce with',
      'Failed checks',
      'Last events before the failure',
      'Timeline',
      'Clocks',
    ])
      t.ok((await visibleTexts(page, within('h3'))).includes(title), title);
    const boxes = await page.evaluate<number[]>(
      `[...document.querySelectorAll(${JSON.stringify(within('svg'))})].map((svg) => svg.getBoundingClientRect().height)`,
    );
    t.equal(boxes.length, 2, 'a timeline and the clocks');
    t.ok(
      boxes.every((height) => height > 50),
      String(boxes),
    );
    t.equal(
      await page.evaluate(`document.querySelectorAll(${JSON.stringify(within('svg .bad'))}).length`),
      1,
    );
    t.match(
      await page.evaluate(
        `document.querySelector(${JSON.stringify(within('.lanes .bad title'))}).textContent`,
      ),
      /^#\d+ .* ms /,
    );
    isClean(t, page);
  });

  await t.test('the page follows the dark colour scheme with readable text', async (t) => {
    const page = await open();
    const colours = (): Promise<[string, string]> =>
      page.evaluate(
        `['backgroundColor', 'color'].map((name) => getComputedStyle(document.querySelector('td.failed'))[name])`,
      );
    const light = await colours();
    await page.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: 'dark' }],
    });
    const dark = await colours();
    t.strictNotSame(dark, light);
    for (const [back, text] of [light, dark]) t.ok(contrast(back, text) >= 4.5, `${text} on ${back}`);
  });
});

/**
 * Contrast ratio by WCAG 2, which demands at least 4.5. Takes colours of getComputedStyle: `rgb(1, 2, 3)`.
 */
const contrast = (one: string, other: string): number => {
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (high + 0.05) / (low + 0.05);
};
