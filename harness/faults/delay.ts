// The wait of a delayed message.

/** Waits `ms` milliseconds or a little longer, never less, or until the connection of the message ends. */
export const delay = async (ms: number, { closed }: { readonly closed: Promise<void> }): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const due = performance.now() + ms;
  const over = new Promise<void>((resolve) => {
    // A timer of Node.js counts in whole milliseconds, so it may run up to one too early.
    const wait = (): void => {
      const rest = due - performance.now();
      if (rest > 0) timer = setTimeout(wait, Math.ceil(rest));
      else resolve();
    };
    wait();
  });
  await Promise.race([over, closed]);
  clearTimeout(timer);
};
