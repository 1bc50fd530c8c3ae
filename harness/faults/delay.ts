// The wait of a delayed message.

/** Waits `ms` milliseconds, or until the connection of the message ends. */
export const delay = async (ms: number, { closed }: { readonly closed: Promise<void> }): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([over, closed]);
  clearTimeout(timer);
};
