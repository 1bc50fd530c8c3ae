// One run of a scenario: its guest, devices and traces, from the start of the guest to the artifacts.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type HarnessError, hasCode } from '../base/errors.js';
import type { Trace } from '../base/trace.js';
import { causes as causeTable } from '../diagnosis/causes/cause-table.js';
import { explaining, type FoundCause, findCauses } from '../diagnosis/causes/find-causes.js';
import { usedFeatures } from '../driver/used-features.js';
import { requireNoStandstill, StandstillWatch } from '../host/standstill.js';
import { artifactDirectory, writeEvidence, writeResult } from '../run/artifacts.js';
import { bundledName } from '../run/driver-name.js';
import type { Environment } from '../run/environment.js';
import { privateDirectory } from '../socket/private-directory.js';
import { oldTaint } from './before.js';
import { type Check, checksFor } from './checks.js';
import { explainHang } from './explain-hang.js';
import { inspectGuest } from './inspect-guest.js';
import { Judgement } from './judgement.js';
import { requireKernel } from './kernel-needs.js';
import { explainCut } from './livelock.js';
import type { ScenarioOptions } from './options.js';
import type { Reporter } from './reporter.js';
import { assertNoCause, scenarioResult } from './scenario-result.js';
import { Devices, type Scene, setScene } from './scene.js';
import { offerShell, StopAtFailedCheck } from './shell-at-failure.js';
import { Traces } from './traces.js';
import type { Vm } from './vm.js';
import { writeCoverage } from './write-coverage.js';

export interface RunContext {
  readonly reporter: Reporter;
  /** Runs a step that a person ends, such as a terminal: no timeout applies meanwhile. */
  readonly withoutTimeouts: (step: () => Promise<void>) => Promise<void>;
}

/** Call `play`, `end` and `report` once, in this order. None of them rejects because of a wrong driver. */
export class ScenarioRun {
  readonly #name: string;
  readonly #options: ScenarioOptions;
  readonly #environment: Environment;
  readonly #context: RunContext;
  readonly #artifacts: string;
  readonly #judgement: Judgement;
  readonly #traces: Traces;
  readonly #trace: Trace;
  readonly #directory = privateDirectory();
  readonly #devices: Devices;
  readonly #standstill = new StandstillWatch();
  #vm: Vm | undefined;
  #livelock: HarnessError | undefined;
  #dmesg: readonly string[] = [];

  constructor(name: string, options: ScenarioOptions, environment: Environment, context: RunContext) {
    this.#name = name;
    this.#options = options;
    this.#environment = environment;
    this.#context = context;
    this.#artifacts = artifactDirectory(environment, name);
    this.#judgement = new Judgement(context.reporter, name, environment.choice.run);
    this.#traces = new Traces(this.#artifacts);
    this.#trace = this.#traces.add();
    this.#devices = new Devices(this.#sockets);
  }

  get #sockets(): string {
    return join(this.#directory.path, 'sockets');
  }

  /** Starts the guest, runs the body, and inspects the guest afterwards. */
  async play(body: (scene: Scene) => Promise<void>): Promise<void> {
    // A driver can hang when it is loaded, in the body, or when it is unloaded at the end.
    await this.#judgement.attempt(async () => {
      try {
        await this.#play(body);
      } catch (error) {
        const explained = await this.#explain(explainCut(error, this.#livelock));
        // The judgement already has the failed check.
        if (!(explained instanceof StopAtFailedCheck)) throw explained;
      }
    });
  }

  /** Ends the guest and the devices. */
  async end(): Promise<void> {
    const vm = this.#vm;
    await this.#judgement.attempt(() => vm?.machine.kill());
    for (const problem of vm?.postMortem.problems ?? []) this.#context.reporter.comment(problem);
    if (this.#environment.choice.coverage && vm !== undefined)
      await writeCoverage(this.#artifacts, vm.coverage());
    for (const device of this.#devices.all) await this.#judgement.attempt(() => device.close());
  }

  /** Finds the causes of a failure and writes the artifacts. `seconds` is the duration of the scenario. */
  async report(seconds: number): Promise<void> {
    const { reporter } = this.#context;
    const judgement = this.#judgement;
    const standstillMs = this.#standstill.end();
    if (judgement.verdict === 'failed') await judgement.attempt(() => requireNoStandstill(standstillMs));
    await judgement.attempt(async () => this.#traces.close());
    const vm = this.#vm;
    const console = vm?.console.lines ?? [];
    const causes = await this.#findCauses([...this.#dmesg, ...console.map(({ text }) => text)]);
    judgement.explain(causes, this.#environment.level);
    for (const { id } of causes) reporter.comment(`cause: ${causeTable[id].sentence}`);
    await judgement.attempt(() =>
      writeEvidence(
        this.#environment,
        { scenario: this.#name, verdict: judgement.verdict, directory: this.#artifacts },
        {
          console,
          qemu: vm?.machine.argv ?? [],
          dmesg: this.#dmesg,
          registers: vm?.postMortem.registers,
          memory: vm?.postMortem.memory,
        },
      ),
    );
    await judgement.attempt(() =>
      writeResult(
        scenarioResult(this.#name, this.#environment, judgement, this.#trace, {
          generation: this.#options.generation ?? this.#environment.choice.generation,
          seconds,
          causes,
        }),
      ),
    );
    // Only now: the result, too, may come from events that are no longer in memory.
    if (judgement.verdict === 'passed' && !this.#environment.choice.keep) this.#traces.discard();
    this.#directory.remove();
    if (judgement.verdict !== 'passed') reporter.comment(`artifacts: ${this.#artifacts}`);
  }

  async #play(body: (scene: Scene) => Promise<void>): Promise<void> {
    const environment = this.#environment;
    await requireKernel(environment, this.#options);
    const shared = join(this.#directory.path, 'shared');
    mkdirSync(shared, { mode: 0o700 });
    const { scene, baseline } = await setScene({
      environment,
      options: this.#options,
      trace: this.#trace,
      newTrace: () => this.#traces.add(),
      check: this.#check(),
      devices: this.#devices,
      directory: this.#directory.path,
      sockets: this.#sockets,
      shared,
      onVm: (vm) => {
        this.#vm = vm;
      },
      onLivelock: (error) => {
        this.#livelock ??= error;
      },
    });
    const old = oldTaint(baseline, environment.kernel.release);
    if (old !== undefined) this.#context.reporter.comment(old);
    await body(scene);
    await inspectGuest(scene, baseline, this.#options, (lines) => {
      this.#dmesg = lines;
    });
  }

  #check(): Check {
    const { level } = this.#environment;
    const { shell } = this.#environment.choice;
    return checksFor(this.#context.reporter, this.#trace, {
      level,
      onFailure: (subject, line) => {
        this.#judgement.checkFailed(subject, line);
        if (shell) throw new StopAtFailedCheck(line);
      },
      onAdvice: (line) => this.#judgement.advise(line),
    });
  }

  /**
   * Saves the state of a guest that hangs or has panicked. Returns the error with an explanation of a hang.
   */
  async #explain(error: unknown): Promise<unknown> {
    const vm = this.#vm;
    const isRunning = hasCode(error, 'GUEST_TIMEOUT') || hasCode(error, 'GUEST_LIVELOCK');
    if (isRunning && !vm?.hasEnded()) await vm?.postMortem.take();
    if (hasCode(error, 'GUEST_PANIC')) await vm?.postMortem.gone();
    if (!this.#environment.choice.shell) return explainHang(error, vm, this.#environment.driver);
    const guest = { vm, device: this.#devices.all[0], trace: this.#trace, directory: this.#directory.path };
    // A comment of the reporter would be too late: tap holds back a comment after a failed check until the
    // next check.
    const print = (line: string): unknown => process.stdout.write(`# ${line}\n`);
    await this.#context.withoutTimeouts(() => offerShell(error, guest, print));
    return error;
  }

  /**
   * The causes of a failure. A scenario that the bundled driver passed although there is a cause is broken.
   */
  async #findCauses(dmesg: readonly string[]): Promise<readonly FoundCause[]> {
    const judgement = this.#judgement;
    const material = () => {
      const [trace = [], second] = this.#traces.kept();
      const { driver } = this.#environment;
      return {
        trace,
        second,
        dmesg,
        reasons: judgement.reasons,
        syncRtc: driver.syncRtc,
        used: usedFeatures(driver),
        pollParameter: driver.pollInterval?.parameter,
        hasVirtioDriver: driver.virtioDriver !== undefined,
      };
    };
    // Without a driver, programs of the guest access the registers as they like.
    const isBundled = this.#environment.driver.name === bundledName && this.#options.driver !== 'absent';
    if (judgement.verdict === 'passed' && isBundled)
      await judgement.attempt(() => assertNoCause(findCauses(material())));
    return judgement.verdict === 'failed' ? explaining(findCauses(material()), this.#environment.level) : [];
  }
}
