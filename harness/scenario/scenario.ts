// `scenario(name, options, body)` declares a test that runs in its own guest, with set-up and clean-up.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import root from 'tap';
import { HarnessError, hasCode } from '../base/errors.js';
import type { Trace } from '../base/trace.js';
import type { Material } from '../diagnosis/causes/facts.js';
import { causes as causeTable, type FoundCause, findCauses } from '../diagnosis/causes/find-causes.js';
import { artifactDirectory, writeArtifacts } from '../run/artifacts.js';
import { currentChoice } from '../run/current-choice.js';
import { bundledName } from '../run/driver-name.js';
import { type Environment, openEnvironment } from '../run/environment.js';
import type { ScenarioResult } from '../run/result.js';
import { privateDirectory } from '../socket/private-directory.js';
import { oldTaint } from './before.js';
import { checksFor } from './checks.js';
import { explainHang } from './explain-hang.js';
import { inspectGuest } from './inspect-guest.js';
import { Judgement } from './judgement.js';
import { requireKernel } from './kernel-needs.js';
import { explainCut } from './livelock.js';
import type { ScenarioOptions } from './options.js';
import { Devices, type Scene, setScene } from './scene.js';
import { FailedCheck, offerShell } from './shell-at-failure.js';
import { Traces } from './traces.js';
import type { Vm } from './vm.js';
import { writeCoverage } from './write-coverage.js';

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

/** Throws CAUSE_UNFOUNDED if a cause is found although the bundled driver passed: a right driver has none. */
const assertUnfounded = (material: Material): void => {
  const causes = findCauses(material).map(({ id }) => id);
  if (causes.length > 0) throw new HarnessError('CAUSE_UNFOUNDED', { causes: causes.join(', ') });
};

const resultOf = (
  name: string,
  environment: Environment,
  { verdict, reasons, advice, unmet }: Judgement,
  trace: Trace,
  {
    generation,
    seconds,
    causes,
  }: Pick<ScenarioResult, 'generation' | 'seconds'> & { causes: readonly FoundCause[] },
): ScenarioResult => ({
  scenario: name,
  verdict,
  reasons,
  ...(unmet.length > 0 && { unmet: [...unmet] }),
  ...(advice.length > 0 && { advice }),
  ...(causes.length > 0 && { causes }),
  remedied: trace.since(0, 'snapshot').flatMap(({ error }) => (typeof error === 'string' ? [error] : [])),
  seconds: Math.round(seconds * 1000) / 1000,
  kernel: environment.kernel.release,
  generation,
  driver: environment.driver.name,
  qemu: environment.qemu.version,
  accelerator: environment.accelerator.name,
  nodeMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  directory: artifactDirectory(environment, name),
});

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
  if (only !== undefined && !only.includes(name)) return;
  void root.test(name, { timeout: limitMs }, async (t) => {
    const begin = performance.now();
    opened ??= openEnvironment(currentChoice());
    const environment = await opened;
    const { timers } = environment;
    t.setTimeout(timers.timeout(limitMs));
    root.setTimeout(timers.timeout(fileLimitMs));
    const judgement = new Judgement(t, name, environment.choice.run);
    const traces = new Traces(artifactDirectory(environment, name));
    const trace = traces.add();
    const directory = privateDirectory();
    const sockets = join(directory.path, 'sockets');
    const shared = join(directory.path, 'shared');
    mkdirSync(shared, { mode: 0o700 });
    const devices = new Devices(sockets);
    let vm: Vm | undefined;
    let livelock: HarnessError | undefined;
    let dmesg: readonly string[] = [];

    const play = async (): Promise<void> => {
      await requireKernel(environment, options);
      const { scene, baseline } = await setScene({
        environment,
        options,
        trace,
        newTrace: () => traces.add(),
        check: checksFor(t, trace, {
          level: environment.choice.level,
          onFailure: (subject, line) => {
            judgement.checkFailed(subject, line);
            if (environment.choice.shell) throw new FailedCheck(line);
          },
          onAdvice: (line) => judgement.advise(line),
        }),
        devices,
        directory: directory.path,
        sockets,
        shared,
        onVm: (started) => {
          vm = started;
        },
        onLivelock: (error) => {
          livelock ??= error;
        },
      });
      const old = oldTaint(baseline, environment.kernel.release);
      if (old !== undefined) t.comment(old);
      await body(scene);
      dmesg = await inspectGuest(scene, baseline, options);
    };
    const explain = async (error: unknown): Promise<unknown> => {
      if (hasCode(error, 'GUEST_TIMEOUT') && !vm?.hasEnded()) await vm?.postMortem.take();
      if (hasCode(error, 'GUEST_PANIC')) await vm?.postMortem.gone();
      if (!environment.choice.shell) return explainHang(error, vm, environment.driver);
      for (const limited of [t, root]) limited.setTimeout(0);
      // `t.comment` would be too late: tap holds back a comment after a failed check until the next check.
      await offerShell(error, { vm, device: devices.all[0], trace, directory: directory.path }, (line) =>
        process.stdout.write(`# ${line}\n`),
      );
      t.setTimeout(timers.timeout(limitMs));
      root.setTimeout(timers.timeout(fileLimitMs));
      return error;
    };
    // A driver can hang when it is loaded, in the body, or when it is unloaded at the end.
    await judgement.attempt(() =>
      play().catch(async (error: unknown) => {
        const explained = await explain(explainCut(error, livelock));
        // The judgement already has the failed check.
        if (!(explained instanceof FailedCheck)) throw explained;
      }),
    );
    await judgement.attempt(() => vm?.machine.kill());
    for (const problem of vm?.postMortem.problems ?? []) t.comment(problem);
    if (environment.choice.coverage && vm !== undefined)
      await writeCoverage(artifactDirectory(environment, name), vm.coverage());
    for (const device of devices.all) await judgement.attempt(() => device.close());

    const { generation = environment.choice.generation } = options;
    const seconds = (performance.now() - begin) / 1000;
    await judgement.attempt(async () => traces.close());
    const console = vm?.console.lines ?? [];
    const log = [...dmesg, ...console.map(({ text }) => text)];
    const material = () => ({ trace: traces.kept(), dmesg: log, reasons: judgement.reasons });
    // Without a driver, programs of the guest access the registers as they like.
    const isBundled = environment.driver.name === bundledName && options.driver !== 'absent';
    if (judgement.verdict === 'passed' && isBundled)
      await judgement.attempt(() => assertUnfounded(material()));
    const causes = judgement.verdict === 'failed' ? findCauses(material()) : [];
    for (const { id } of causes) t.comment(`cause: ${causeTable[id].sentence}`);
    await judgement.attempt(() =>
      writeArtifacts(
        environment,
        resultOf(name, environment, judgement, trace, { generation, seconds, causes }),
        {
          console,
          qemu: vm?.machine.argv ?? [],
          dmesg,
          registers: vm?.postMortem.registers,
          memory: vm?.postMortem.memory,
        },
      ),
    );
    // Only now: the result, too, may come from events that are no longer in memory.
    if (judgement.verdict === 'passed' && !environment.choice.keep) traces.discard();
    directory.remove();
    if (judgement.verdict !== 'passed') t.comment(`artifacts: ${artifactDirectory(environment, name)}`);
  });
};
