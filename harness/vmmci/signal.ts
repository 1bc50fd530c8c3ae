// A list of listeners for one event.

/**
 * `emit` calls all listeners in the order in which they were added. `on` adds one until the returned function
 * is called.
 */
export interface Signal<T> {
  on(listener: (event: T) => void): () => void;
  emit(event: T): void;
}

export const signal = <T>(): Signal<T> => {
  const listeners = new Set<{ call: (event: T) => void }>();
  return {
    on: (call) => {
      const listener = { call };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    emit: (event) => {
      for (const { call } of [...listeners]) call(event);
    },
  };
};
