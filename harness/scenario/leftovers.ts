// Compares the resources, other than memory, that a driver holds in the guest before it is loaded and after
// it is unloaded.

import type { Shell } from '../guest/shell.js';

/** A list of held resources. It stays in the guest, because the serial line is slow. */
export interface Holdings {
  /** Path in the guest. */
  readonly file: string;
  readonly address: string | null;
}

/**
 * Notes all resources that a driver may hold. With the address `null` those of a function are left out, which
 * may be plugged in later.
 */
export const holdings = async (shell: Pick<Shell, 'output'>, address: string | null): Promise<Holdings> => {
  const file = await shell.output(['holdings', 'note', ...(address === null ? [] : [address])], {
    what: 'the list of held resources',
  });
  return { file, address };
};

/**
 * Resolves with the resources that are held now and were not held then. `when` is for an error: when that is.
 */
export const leftovers = async (
  shell: Pick<Shell, 'output'>,
  { file, address }: Holdings,
  when?: string,
): Promise<string[]> => {
  const words = ['holdings', 'new', file, ...(address === null ? [] : [address])];
  const what = ['the list of held resources', ...(when === undefined ? [] : [when])].join(' ');
  const text = await shell.output(words, { what });
  return text === '' ? [] : text.split('\n');
};
