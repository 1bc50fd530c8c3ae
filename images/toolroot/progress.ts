// The type of progress callbacks, for long work.

/** One line for a human reader, no newline, first word in lower case: `fetching the tool root's packages`. */
export type Progress = (line: string) => void;

export interface ProgressOptions {
  progress?: Progress | undefined;
}
