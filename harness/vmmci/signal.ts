// Listeners of one event, told in the order they came.

/** `emit` to tell them all, `on` to become one; what `on` returns ends it. */
export interface Signal<T> {
  on(listener: (event: T) => void): () => void;
  emit(event: T): void;
}

export const signal = <T>(): Signal<T> => {
  const listeners = new Set<{ tell: (event: T) => void }>();
  return {
    on: (tell) => {
      const listener = { tell };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    emit: (event) => {
      for (const { tell } of [...listeners]) tell(event);
    },
  };
};
