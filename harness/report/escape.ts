// Text from guests, drivers and compilers, made harmless in each form of report.

/** XML 1.0 and HTML have no place for them; a console may hold any (escape sequences, above all). */
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

/** For a Markdown table cell or a line of prose: all punctuation is itself. */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(unprintable, '\ufffd')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[!-/:-@[-`{-~]/g, '\\$&')
    // Escaped or not, a name after it is somebody who would be called here.
    .replaceAll('@', '@\u2060');

/** A code block that its content cannot end. */
export const fence = (text: string): string => {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const mark = '`'.repeat(longest + 1);
  return `${mark}text\n${text.replaceAll(unprintable, '\ufffd').trimEnd()}\n${mark}`;
};
