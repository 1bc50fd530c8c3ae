// Reads what readelf(1) prints about a program. Pure.

export interface ElfFacts {
  /** Names of its libraries; needs `readelf -d`. */
  readonly libraries: readonly string[];
  /** The path of its loader without the first slash; needs `readelf -l`. */
  readonly loader: string | undefined;
  /** Its machine, such as `Advanced Micro Devices X86-64`; needs `readelf -h`. */
  readonly machine: string | undefined;
}

export const parseElfListing = (listing: string): ElfFacts => ({
  libraries: [...listing.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]/]+)\]/g)].flatMap(
    ([, name]) => name ?? [],
  ),
  loader: /\[Requesting program interpreter: \/([^\]]+)\]/.exec(listing)?.[1],
  machine: /^ *Machine: +(\S.*?) *$/m.exec(listing)?.[1],
});
