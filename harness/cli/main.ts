#!/usr/bin/env node
// The main program of `vmmci`. Its commands are listed in commands.ts.

import { systemCode } from '../base/thrown.js';
import { handleBrokenPipe } from '../run/signals.js';
import { runCommand } from './command.js';
import { reportError, statusOf } from './report-error.js';

let hasOutputFailed = false;

const watchOutput = (name: string, stream: NodeJS.WriteStream): void => {
  stream.on('error', (error) => {
    // A reader such as `head` may close the pipe early; that is not an error.
    if (systemCode(error) !== 'EPIPE' && !hasOutputFailed) {
      hasOutputFailed = true;
      process.exitCode = reportError('vmmci', { error, what: `${name} cannot be written` });
    }
    handleBrokenPipe(hasOutputFailed ? statusOf.broken : undefined);
  });
};
watchOutput('standard output', process.stdout);
watchOutput('standard error', process.stderr);

// Errors thrown in listeners reach no caller.
process.on('uncaughtException', (error) => process.exit(reportError('vmmci', { error })));

const status = await runCommand(process.argv.slice(2));
// After a signal, exit now, without waiting for fetches and builds in this process.
if (status > 128) process.exit(hasOutputFailed ? statusOf.broken : status);
process.exitCode ??= status;
