// Checks how long after its command an acknowledgement came.

import type { Trace } from '../../harness/base/trace.js';
import type { Environment } from '../../harness/run/environment.js';
import type { Checks } from '../../harness/scenario/checks.js';
import { generations } from '../../harness/vmmci/generations.js';

/** vmd's timeout for an acknowledgement in milliseconds. It is the same in every generation. */
const { ackMs } = generations['8.0'];

/**
 * Checks that the first acknowledgement since `mark` came within 3 s of the first command. The limit is
 * multiplied by the slowness of the kernel.
 */
export const acknowledgedIn = (
  check: Checks,
  trace: Trace,
  mark: number,
  { slowness }: Pick<Environment, 'slowness'>,
): void => {
  const limitMs = Math.round(ackMs * slowness);
  const [command] = trace.since(mark, 'command');
  const [ack] = trace.since(mark, 'ack');
  const ms = command && ack && (ack.at - command.at) / 1000;
  check.that(
    `acknowledged within ${limitMs / 1000} s`,
    ms !== undefined && ms < limitMs,
    `less than ${limitMs} ms after the command`,
    ms === undefined ? 'no acknowledgement' : `${ms.toFixed(1)} ms`,
  );
};
