// The wait of a delayed message.

/** Waits `ms`, but not beyond the end of the connection that the message came on. */
export const delay = async (ms: number, { closed }: { readonly closed: Promise<void> }): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([over, closed]);
  clearTimeout(timer);
};
