#!/usr/bin/env node
// `vmmci`, the program. Its commands are listed in commands.ts.
import { handleBrokenPipe } from '../run/signals.js';
import { runCommand } from './command.js';
import { reportError, statusOf } from './report-error.js';

let hasOutputFailed = false;

const watchOutput = (name: string, stream: NodeJS.WriteStream): void => {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads the output has enough of it, as `head` does: no error to report.
    if (error.code !== 'EPIPE' && !hasOutputFailed) {
      hasOutputFailed = true;
      process.exitCode = reportError('vmmci', { error, what: `${name} cannot be written` });
    }
    handleBrokenPipe(hasOutputFailed ? statusOf.broken : undefined);
  });
};
watchOutput('standard output', process.stdout);
watchOutput('standard error', process.stderr);

// Thrown where nobody awaits it, such as in a listener.
process.on('uncaughtException', (error) => process.exit(reportError('vmmci', { error })));

const status = await runCommand(process.argv.slice(2));
// After a signal, what is still being fetched or built in this process goes with it.
if (status > 128) process.exit(hasOutputFailed ? statusOf.broken : status);
process.exitCode ??= status;
