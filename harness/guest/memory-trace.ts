// Finds memory that the driver allocates and never frees, with the kernel's trace events, which ordinary
// kernels have too (include/trace/events/kmem.h). images/guest/memory-trace.c reads them in the guest.

import { HarnessError } from '../base/errors.js';
import type { Programs } from './shell.js';

/** Rejects with GUEST_READ if the trace cannot be read, or has lost events: then it shows nothing. */
const memoryTrace = async (shell: Programs, words: readonly string[], what: string): Promise<string> => {
  const { status, stdout, stderr } = await shell.execute(['memory-trace', ...words], { what });
  if (status === 0) return stdout.toString('utf8');
  throw new HarnessError('GUEST_READ', {
    what,
    expected: 'a complete memory trace',
    got: stderr.toString('utf8').trim(),
  });
};

/** Starts tracing the allocations of modules, and everything that is freed. */
export const beginMemoryTrace = async (shell: Programs): Promise<void> => {
  await memoryTrace(shell, ['begin'], 'the start of the memory trace');
};

/**
 * Records what the driver's modules have allocated so far. Call it while they are still loaded: afterwards
 * their symbols are gone.
 */
export const noteAllocations = async (shell: Programs, modules: readonly string[]): Promise<void> => {
  await memoryTrace(shell, ['note', ...modules], 'what the driver has allocated');
};

/**
 * Stops tracing. Resolves with the functions that allocated memory which was never freed, one for each
 * object. Call it after the driver was unloaded.
 */
export const endMemoryTrace = async (shell: Programs): Promise<string[]> => {
  const text = (await memoryTrace(shell, ['end'], 'what the driver has not freed')).trim();
  return text === '' ? [] : text.split('\n').sort();
};
