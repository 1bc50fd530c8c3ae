// Ctrl-C and its kin, and a reader of our output that is gone: for commands that have something to put away first.

/** The status that a shell reports for each: 128 and the signal's number. */
const statuses = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof statuses;

/** Node ignores SIGPIPE; a write that fails stands for it. */
const caught = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

export interface SignalWatch {
  /** What the process is to end with; `undefined` as long as no signal came. */
  status(): number | undefined;
  /** Lets the signals be what they are without it. */
  release(): void;
}

const watches = new Set<(signal: EndSignal) => void>();

/** Calls back at the first signal; ends this process at the second. */
export const watchSignals = (onSignal: (signal: EndSignal) => void): SignalWatch => {
  let status: number | undefined;
  const hear = (signal: EndSignal): void => {
    if (status !== undefined) process.exit(statuses[signal]);
    status = statuses[signal];
    onSignal(signal);
  };
  watches.add(hear);
  for (const signal of caught) process.on(signal, hear);
  return {
    status: () => status,
    release: () => {
      watches.delete(hear);
      for (const signal of caught) process.off(signal, hear);
    },
  };
};

let isPipeBroken = false;

/** Nobody reads our output any more: as SIGPIPE would end this process, but those who watch signals may put things away. */
export const breakPipe = (status: number = statuses.SIGPIPE): void => {
  if (isPipeBroken) return;
  isPipeBroken = true;
  if (watches.size === 0) process.exit(status);
  for (const hear of [...watches]) hear('SIGPIPE');
};

/** Why a run ended before its end. */
export class Interrupted extends Error {
  constructor(readonly signal: EndSignal) {
    super(`interrupted by ${signal}`);
  }
}

/** A signal that is aborted, with an `Interrupted`, at the first of them. */
export const abortOnSignals = (): SignalWatch & { readonly signal: AbortSignal } => {
  const controller = new AbortController();
  const watch = watchSignals((signal) => controller.abort(new Interrupted(signal)));
  return { ...watch, signal: controller.signal };
};

/** Resolves with `undefined` at once when `signal` is aborted: what the promise stands for is left to the end of this process. */
export const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
  promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
};
