// A change of a source text at one position, which keeps the lines after it where they are.

export interface Edit {
  /** Indexes of the source text. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies the edit. Line breaks of the replaced text are kept, since `__LINE__` would change otherwise. */
export const applyEdit = (source: string, { start, end, text }: Edit): string => {
  const breaks = (part: string): number => part.split('\n').length - 1;
  const missing = Math.max(0, breaks(source.slice(start, end)) - breaks(text));
  return `${source.slice(0, start)}${text}${'\n'.repeat(missing)}${source.slice(end)}`;
};
