// Splits text that arrives in pieces into lines.

// Color and cursor sequences, which tools write if they take a serial line for a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with a control character
const escapes = /\x1b\[[0-9;?]*[A-Za-z]/g;

/**
 * Calls `onLine` for each complete line, without line ending and escape sequences. `end()` also passes the
 * incomplete last line.
 */
export const lineSplitter = (onLine: (line: string) => void): { feed(text: string): void; end(): void } => {
  let pieces: string[] = [];
  const emit = (line: string): void => onLine(line.replace(/\r+$/, '').replaceAll(escapes, ''));
  return {
    feed: (text) => {
      let start = 0;
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', start)) {
        pieces.push(text.slice(start, at));
        emit(pieces.join(''));
        pieces = [];
        start = at + 1;
      }
      if (start < text.length) pieces.push(text.slice(start));
    },
    end: () => {
      if (pieces.length > 0) emit(pieces.join(''));
      pieces = [];
    },
  };
};
