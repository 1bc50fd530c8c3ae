// `scenario(name, options, body)` declares a test that runs in its own guest, with set-up and clean-up.

import root from 'tap';
import { HarnessError } from '../base/errors.js';
import { glob } from '../base/glob.js';
import { currentChoice } from '../run/current-choice.js';
import { type Environment, openEnvironment } from '../run/environment.js';
import { Judgement } from './judgement.js';
import type { ScenarioOptions } from './options.js';
import { ScenarioRun } from './scenario-run.js';
import type { Scene } from './scene.js';

export type { ScenarioOptions } from './options.js';
export type { Scene } from './scene.js';

/** The timeout of all scenarios of a file in milliseconds. */
const fileLimitMs = 2_400_000;

/**
 * The timeout of a scenario in milliseconds. Every wait is shorter, so only a defect of the harness reaches
 * it.
 */
const limitMs = 600_000;

/** Valid names, which are also names of directories. */
const nameForm = /^\w[\w.@+-]{0,99}$/;

let opened: Promise<Environment> | undefined;

// This timeout holds until the first scenario sets one for its kernel. The process of a worker may have set
// another before it imported this file.
root.setTimeout(fileLimitMs);

/**
 * Declares a scenario. Its artifacts get the same `name`. After the body, the driver is unloaded if the guest
 * still runs: it must leave nothing behind, and the kernel log must be clean.
 */
export const scenario = (
  name: string,
  options: ScenarioOptions,
  body: (scene: Scene) => Promise<void>,
): void => {
  if (!nameForm.test(name))
    throw new HarnessError('INVALID_VALUE', {
      name: 'scenario',
      expected: 'letters, digits, dots and dashes',
      value: name,
    });
  const { only } = currentChoice();
  if (only !== undefined && !only.some((wanted) => glob(wanted).test(name))) return;
  void root.test(name, { timeout: limitMs }, async (t) => {
    const begin = performance.now();
    // An error before the run begins, for example of the host, leaves no result, and only the lines of this
    // judgement.
    const start = new Judgement(t, name, currentChoice().run);
    let run: ScenarioRun | undefined;
    await start.attempt(async () => {
      opened ??= openEnvironment(currentChoice());
      const environment = await opened;
      const limit = (): void => {
        t.setTimeout(environment.timers.timeout(limitMs));
        root.setTimeout(environment.timers.timeout(fileLimitMs));
      };
      limit();
      run = new ScenarioRun(name, options, environment, {
        reporter: t,
        withoutTimeouts: async (step) => {
          for (const limited of [t, root]) limited.setTimeout(0);
          await step();
          limit();
        },
      });
    });
    await run?.play(body);
    await run?.end();
    await run?.report((performance.now() - begin) / 1000);
  });
};
