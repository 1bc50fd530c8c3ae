// What a test file may leave changed in its process, to the harm of the files that run in it later.

/**
 * The environment, the working directory and the listeners of errors, each as text under its name. Listeners
 * of signals are not compared: tap and execa add theirs when they first need them, and keep them.
 */
export const processState = (): ReadonlyMap<string, string> => {
  const env = Object.entries(process.env).map(
    ([name, value = '']) => [`environment variable ${name}`, value] as const,
  );
  const listeners = ['uncaughtException', 'unhandledRejection', 'warning'].map(
    (event) => [`listeners of ${event}`, String(process.listenerCount(event))] as const,
  );
  return new Map([...env, ['working directory', process.cwd()], ...listeners]);
};

/** `environment variable HOME`, `working directory`, `listeners of warning`: what differs, sorted. */
export const changedState = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] => {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
};
