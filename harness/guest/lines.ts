// Text that comes in pieces, as lines.

// Colours and cursor movements, which tools write when they take a serial line for a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with a control character
const escapes = /\x1b\[[0-9;?]*[A-Za-z]/g;

/** Gives each whole line to `onLine`, without its end and without escape sequences; `end()` gives what is left. */
export const lineSplitter = (onLine: (line: string) => void): { feed(text: string): void; end(): void } => {
  let pieces: string[] = [];
  const give = (line: string): void => onLine(line.replace(/\r+$/, '').replaceAll(escapes, ''));
  return {
    feed: (text) => {
      let start = 0;
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', start)) {
        pieces.push(text.slice(start, at));
        give(pieces.join(''));
        pieces = [];
        start = at + 1;
      }
      if (start < text.length) pieces.push(text.slice(start));
    },
    end: () => {
      if (pieces.length > 0) give(pieces.join(''));
      pieces = [];
    },
  };
};
