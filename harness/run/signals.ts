// Handles SIGINT, SIGTERM, SIGHUP and a closed output pipe, for commands that must clean up before they exit.

/** The exit statuses that a shell reports: 128 plus the signal's number. */
const statuses = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

export type EndSignal = keyof typeof statuses;

/** Excludes SIGPIPE, because Node.js ignores it and a failed write is handled instead. */
const caught = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

export interface SignalWatch {
  /** The exit status for the signal; `undefined` if no signal was received. */
  status(): number | undefined;
  /** Restores the default handling of the signals. */
  release(): void;
}

const watches = new Set<(signal: EndSignal) => void>();

/** Calls `onSignal` at the first signal and exits at the second. */
export const watchSignals = (onSignal: (signal: EndSignal) => void): SignalWatch => {
  let status: number | undefined;
  const handle = (signal: EndSignal): void => {
    if (status !== undefined) process.exit(statuses[signal]);
    status = statuses[signal];
    onSignal(signal);
  };
  watches.add(handle);
  for (const signal of caught) process.on(signal, handle);
  return {
    status: () => status,
    release: () => {
      watches.delete(handle);
      for (const signal of caught) process.off(signal, handle);
    },
  };
};

/**
 * Ends this process at a signal that no watch handles: calls `report`, and exits with the status of the
 * signal. The handlers of `exit` then clean up, which a signal without any handler would prevent.
 */
export const endOnSignals = (report: (signal: EndSignal) => void): void => {
  const end = (signal: EndSignal): void => {
    if (watches.size > 0) return;
    report(signal);
    process.exit(statuses[signal]);
  };
  for (const signal of caught) process.on(signal, end);
};

let isPipeBroken = false;

/** Handles a closed output pipe: exits as on SIGPIPE, unless a signal watch must clean up first. */
export const handleBrokenPipe = (status: number = statuses.SIGPIPE): void => {
  if (isPipeBroken) return;
  isPipeBroken = true;
  if (watches.size === 0) process.exit(status);
  for (const handle of [...watches]) handle('SIGPIPE');
};

/** The status of a command that succeeded: 0, or that of SIGPIPE if its output was not read to the end. */
export const successStatus = (): number => (isPipeBroken ? statuses.SIGPIPE : 0);

/** The reason of an interrupted run. */
class Interrupted extends Error {
  constructor(readonly signal: EndSignal) {
    super(`interrupted by ${signal}`);
  }
}

/** An AbortSignal that the first signal aborts with an `Interrupted`. */
export const abortOnSignals = (): SignalWatch & { readonly signal: AbortSignal } => {
  const controller = new AbortController();
  const watch = watchSignals((signal) => controller.abort(new Interrupted(signal)));
  return { ...watch, signal: controller.signal };
};

/**
 * Resolves like `promise`, or with `undefined` once `signal` is aborted; the work itself continues until this
 * process ends.
 */
export const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
  promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
};
