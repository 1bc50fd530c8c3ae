// Small building blocks for the pages of the HTML report.

import { fitParts, foldLines, moreLines } from '../base/bounded.js';
import { shorten } from '../base/text.js';
import { escapeMarkup } from './escape.js';

export interface BlockLimits {
  /** Limit for the escaped text in UTF-8. */
  readonly maxBytes: number;
  /** Show the last lines instead of the first. */
  readonly fromEnd?: boolean;
}

const maxLineLength = 400;

/**
 * A heading and preformatted lines, with repetitions folded and omitted lines counted. Empty without lines.
 */
export const block = (
  title: string,
  texts: readonly string[],
  { maxBytes, fromEnd }: BlockLimits,
): string => {
  if (texts.length === 0) return '';
  const folded = foldLines(texts.flatMap((text) => text.split('\n')));
  const lines = folded.map((line) => () => escapeMarkup(shorten(line, maxLineLength)));
  const shown = fromEnd
    ? fitParts(lines.toReversed(), { maxBytes, more: moreLines }).split('\n').reverse().join('\n')
    : fitParts(lines, { maxBytes, more: moreLines });
  return `<h3>${escapeMarkup(title)}</h3>\n<pre>${shown}</pre>\n`;
};

/** A heading and an SVG; empty without an SVG. */
export const drawing = (title: string, svg: string): string =>
  svg === '' ? '' : `<h3>${title}</h3>\n${svg}\n`;

/** A relative path as a URL. */
export const addressOf = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
