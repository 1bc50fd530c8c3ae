// Paths as Latin-1, one character a byte, because names of files need not be UTF-8.

/** The path for a function of `node:fs`, from Latin-1. */
export const bytesOf = (path: string): Buffer => Buffer.from(path, 'latin1');

/** Latin-1 of an ordinary path. */
export const toLatin1 = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');

/** The path for a message, from Latin-1: bytes that are not UTF-8 are replaced. */
export const fromLatin1 = (path: string): string => bytesOf(path).toString('utf8');
