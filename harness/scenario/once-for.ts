/** Calls `make` once for each object that `of` finds in its argument; again after a failure, for the next who asks. */
export const onceFor = <T, R>(of: (argument: T) => object, make: (argument: T) => Promise<R>) => {
  const made = new WeakMap<object, Promise<R>>();
  return (argument: T): Promise<R> => {
    const key = of(argument);
    const known = made.get(key);
    if (known !== undefined) return known;
    const making = make(argument);
    made.set(key, making);
    making.catch(() => made.delete(key));
    return making;
  };
};
