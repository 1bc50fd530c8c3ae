#!/usr/bin/env node
// `vmmci`, the program: one file a command.
import { runCommand } from './command.js';

/** The status of a process that SIGPIPE ends, which Node ignores. */
const nobodyReads = 128 + 13;

// Whoever reads the output has enough of it, as `head` does. What this process has started ends with it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(nobodyReads);
});

process.exitCode = await runCommand(process.argv.slice(2));
