// Takes the argument of a worker process out of `process.argv`. tap names the directories of `t.testdir`
// after the arguments that it finds when it is imported, and a choice as JSON makes those names too long for
// a file system: import this module before tap.

/** The choice for scenarios as JSON; undefined if the worker runs tests that need none. */
export const [workerArgument] = process.argv.splice(2);
