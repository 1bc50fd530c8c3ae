// Caches asynchronous results by an object of the argument.

/** Calls `make` once for each object that `keyOf` returns. After a failure the next call tries again. */
export const onceFor = <T, R>(keyOf: (argument: T) => object, make: (argument: T) => Promise<R>) => {
  const made = new WeakMap<object, Promise<R>>();
  return (argument: T): Promise<R> => {
    const key = keyOf(argument);
    const known = made.get(key);
    if (known !== undefined) return known;
    const making = make(argument);
    made.set(key, making);
    making.catch(() => made.delete(key));
    return making;
  };
};
