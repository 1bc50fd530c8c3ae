// Ending a run before its end: begin nothing more, or also end what runs.

export interface Halt {
  /** Why nothing more is begun; undefined while all goes on. */
  readonly reason: string | undefined;
  /** Aborted when what runs is to end, too. */
  readonly kill: AbortSignal;
  /** What runs goes on to its end. The first reason stays. */
  stop(reason: string): void;
  /** What runs is ended. */
  interrupt(reason: string): void;
}

export const createHalt = (): Halt => {
  const killer = new AbortController();
  let reason: string | undefined;
  const stop = (why: string): void => {
    reason ??= why;
  };
  return {
    get reason() {
      return reason;
    },
    kill: killer.signal,
    stop,
    interrupt: (why) => {
      stop(why);
      killer.abort();
    },
  };
};

/** What a shell reports for each: 128 and the signal's number. */
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Interrupts `halt` at the first signal; ends this process at the second. The returned function tells the exit status. */
export const haltOnSignals = (halt: Halt): { status(): number | undefined; release(): void } => {
  let status: number | undefined;
  const listeners = Object.entries(signals).map(([name, code]) => {
    const listener = (): void => {
      if (status !== undefined) process.exit(code);
      status = code;
      halt.interrupt(`interrupted by ${name}`);
    };
    process.on(name, listener);
    return () => void process.off(name, listener);
  });
  return {
    status: () => status,
    release: () => {
      for (const off of listeners) off();
    },
  };
};
