#!/usr/bin/env node
// The main program of `vmmci`. Its commands are listed in commands.ts.

import '../base/file-size-limit.js';

import { fstatSync } from 'node:fs';
import { systemCode } from '../base/thrown.js';
import { writeAllSync } from '../base/write-all.js';
import { endOnSignals, handleBrokenPipe, successStatus } from '../run/signals.js';
import { nameOf, runCommand } from './command.js';
import { note } from './print.js';
import { reportError, statusOf } from './report-error.js';

let hasOutputFailed = false;

/** The stream of Node.js for a file takes a write that was cut short for a whole one. */
const writeWhole = (stream: NodeJS.WriteStream, fd: number): void => {
  if (!fstatSync(fd).isFile()) return;
  stream._write = (chunk: Uint8Array, _, done) => {
    try {
      writeAllSync(fd, chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
};

const watchOutput = (name: string, stream: NodeJS.WriteStream, fd: number): void => {
  writeWhole(stream, fd);
  stream.on('error', (error) => {
    // A reader such as `head` may close the pipe early; that is not an error.
    if (systemCode(error) !== 'EPIPE' && !hasOutputFailed) {
      hasOutputFailed = true;
      process.exitCode = reportError('vmmci', { error, what: `${name} cannot be written` });
    }
    handleBrokenPipe(hasOutputFailed ? statusOf.broken : undefined);
  });
};
watchOutput('standard output', process.stdout, 1);
watchOutput('standard error', process.stderr, 2);

// Errors thrown in listeners reach no caller.
process.on('uncaughtException', (error) => process.exit(reportError('vmmci', { error })));

const args = process.argv.slice(2);
endOnSignals((signal) => note(`${nameOf(args)}: interrupted by ${signal}`));

const status = (await runCommand(args)) || successStatus();
// After a signal, exit now, without waiting for fetches and builds in this process.
if (status > 128) process.exit(hasOutputFailed ? statusOf.broken : status);
process.exitCode ??= status;
