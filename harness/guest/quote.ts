/** `text` as one word of a shell command. */
export const quoteWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
