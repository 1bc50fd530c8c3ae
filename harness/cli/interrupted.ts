// Ctrl-C and its kin, for commands that have something to put away first.

/** Aborted at the first SIGINT, SIGTERM or SIGHUP; `done` lets the signals be what they are without it. */
export const interrupted = (): { signal: AbortSignal; done: () => void } => {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const end = (): void => controller.abort(new Error('interrupted'));
  for (const name of names) process.on(name, end);
  return {
    signal: controller.signal,
    done: () => {
      for (const name of names) process.off(name, end);
    },
  };
};
