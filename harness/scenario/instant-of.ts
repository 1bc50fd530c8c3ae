// Instants in scenarios are constants of the source: one that cannot be read is a defect of the scenario.

import { parseInstant } from '../vmmci/instant.js';

/** Microseconds since the epoch. Throws an Error that says what is wrong with the text. */
export const instantOf = (text: string): bigint => {
  const us = parseInstant(text);
  if (typeof us === 'string') throw new Error(us);
  return us;
};
