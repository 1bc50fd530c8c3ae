// Escapes text from guests, drivers and compilers for each form of report.

/**
 * Characters that XML 1.0 and HTML do not allow. Console output contains them, mostly as escape sequences.
 */
const unprintable = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For the text and the attribute values of XML and HTML. */
export const escapeMarkup = (text: string): string =>
  text
    .replaceAll(unprintable, '\ufffd')
    .replaceAll('\r', '\n')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

/**
 * What is markup within a line of Markdown: also math, names of emoji, addresses, and links to users and
 * issues. An underscore within a word is none.
 */
const inlineMarkup = /[\\`*[\]<>|~&#@$]|(?<![\p{L}\d])_|_(?![\p{L}\d])|:(?=\S)|(?<=www)\./giu;

/** What begins a list, a rule or a heading at the start of a line. */
const blockMarkup = /^(?:(?=[-+=])|(\d+)(?=[.)](?:\s|$)))/;

/** For a Markdown table cell or a line of prose. Escapes only markup, as people read the source as well. */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(unprintable, '\ufffd')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(inlineMarkup, '\\$&')
    .replace(blockMarkup, '$1\\')
    // An escaped @ would still notify the user whose name follows it.
    .replaceAll('@', '@\u2060');

/** A code block with a fence longer than any in its content. */
export const fence = (text: string): string => {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const mark = '`'.repeat(longest + 1);
  return `${mark}text\n${text.replaceAll(unprintable, '\ufffd').trimEnd()}\n${mark}`;
};
