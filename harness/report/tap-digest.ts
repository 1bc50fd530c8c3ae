// A TAP stream made short: a line a test that passed, all of one that failed, and the reason of one that was skipped.

export interface TapSums {
  total: number;
  failed: number;
  skipped: number;
}

export interface Digest {
  /** Takes one line of TAP, without its newline. */
  feed(line: string): void;
  /** The sums so far: assertions, not files. */
  sums(): TapSums;
}

/** `say` gets the lines to show; with `quiet` nothing is said of tests that pass. */
export const tapDigest = (say: (line: string) => void, { quiet }: { quiet: boolean }): Digest => {
  const sums: TapSums = { total: 0, failed: 0, skipped: 0 };
  let block: string[] = [];
  const count = (line: string): void => {
    // In a name, TAP has a backslash before it.
    const [, not, skip] = /^ *(not )?ok \d+(?:.*[^\\]# SKIP(.*))?/.exec(line) ?? [];
    sums.total += 1;
    if (not && skip === undefined) sums.failed += 1;
    if (skip !== undefined) {
      sums.skipped += 1;
      say(`skipped: ${line.trim()}`);
    }
  };
  return {
    feed: (line) => {
      block.push(line);
      if (/^ *(not )?ok \d+/.test(line) && !/ # time=/.test(line)) count(line);
      const [, not, name, time] = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)ms)?(?: \{)?$/.exec(line) ?? [];
      if (name === undefined) return;
      if (not) for (const told of block) say(told);
      else if (!quiet) say(`✓ ${name}  ${(Number(time ?? 0) / 1000).toFixed(1)} s`);
      block = [];
    },
    sums: () => sums,
  };
};
