// What a driver has in the guest beyond its memory: by comparison, what it leaves behind when it goes.

import type { Shell } from '../guest/shell.js';

/** What was held at some moment, kept in the guest: a serial line is slow, and mostly there is nothing to tell. */
export interface Holdings {
  /** In the guest. */
  readonly file: string;
  readonly address: string | null;
}

/** Notes everything that a driver may hold. An address of `null`: but for what it has of a function, which may come later. */
export const holdings = async (shell: Pick<Shell, 'output'>, address: string | null): Promise<Holdings> => {
  const file = await shell.output(['holdings', 'note', ...(address === null ? [] : [address])], {
    what: 'what the guest holds',
  });
  return { file, address };
};

/** What is held now and was not then. */
export const leftovers = async (
  shell: Pick<Shell, 'output'>,
  { file, address }: Holdings,
): Promise<string[]> => {
  const words = ['holdings', 'new', file, ...(address === null ? [] : [address])];
  const text = await shell.output(words, { what: 'what the guest holds' });
  return text === '' ? [] : text.split('\n');
};
