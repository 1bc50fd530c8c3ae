// Inspects the guest after the body of its scenario: the driver is unloaded and must leave nothing behind,
// and the kernel must not have reported a problem.

import { HarnessError } from '../base/errors.js';
import { assertHealthy, type KernelLog, readKernelLog, withoutJudged } from '../guest/kernel-log.js';
import { describeLeak, findLeaks, saveSymbols } from '../guest/kmemleak.js';
import { findSplats } from '../guest/splats.js';
import { describeExit, isExpected } from '../qemu/exit.js';
import { hasOption } from './kernel-needs.js';
import { leftovers } from './leftovers.js';
import type { ScenarioOptions } from './options.js';
import type { Baseline, Scene } from './scene.js';
import type { Vm } from './vm.js';

/**
 * Checks the console of a guest that went down or was reset: its kernel log is gone, but the console has
 * warnings.
 */
const assertConsole = ({ console }: Vm, { consoleCursor }: Baseline): void => {
  const lines = console.lines.slice(consoleCursor).map(({ text }) => text);
  assertHealthy({ splats: findSplats(lines), taint: [] });
};

/**
 * Rejects with QEMU_EXIT if neither the guest nor the harness ended the machine, also if no one waited for
 * its end.
 */
const assertExpectedEnd = async ({ machine, console }: Vm): Promise<void> => {
  const exit = await machine.exit;
  if (isExpected(exit)) return;
  throw new HarnessError('QEMU_EXIT', {
    how: describeExit(exit),
    what: 'the end of the scenario',
    stderr: exit.stderr,
    lines: console.tail(),
  });
};

const readLog = ({ guest, boot }: ScenarioOptions, { shell }: Vm, { taint }: Baseline): Promise<KernelLog> =>
  // Our small guest reports that it is up before the driver under test is loaded, a distribution after that.
  readKernelLog(shell, guest === 'distro' && boot === 'cold' ? 'powerOn' : 'up', taint);

/**
 * Calls `onLog` with the lines of the kernel log before they are judged, and again with the reports of leaks.
 * Rejects with KERNEL_SPLAT, KERNEL_LOG, QEMU_EXIT and errors of the shell.
 */
export const inspectGuest = async (
  { check, vm, driver, environment }: Scene,
  baseline: Baseline,
  options: ScenarioOptions,
  onLog: (lines: readonly string[]) => void,
): Promise<void> => {
  if (vm.hasEnded()) {
    await assertExpectedEnd(vm);
    assertConsole(vm, baseline);
    return;
  }
  const { holdings } = baseline;
  const looksForLeaks =
    holdings !== undefined && !vm.hasRestarted() && (await hasOption(environment, 'DEBUG_KMEMLEAK'));
  const { modules } = driver.description;
  if (looksForLeaks) await saveSymbols(vm.shell, modules);
  if (vm.hasRestarted()) assertConsole(vm, baseline);
  else if (holdings !== undefined && (await driver.unloadLoaded()).length > 0)
    check('leaves-nothing').equal('leaked resources', await leftovers(vm.shell, holdings), []);
  const log = await readLog(options, vm, vm.hasRestarted() ? { ...baseline, taint: 0 } : baseline);
  onLog(log.lines);
  assertHealthy(withoutJudged(log, vm.judged));
  if (!looksForLeaks) return;
  // Runs after the log was read, because kmemleak also logs a count of the kernel's own leaks.
  const leaks = await findLeaks(vm.shell, modules, driver.loads);
  check('leaves-nothing').equal('leaked memory', leaks.map(describeLeak), []);
  onLog([...log.lines, ...leaks.flatMap(({ report }) => report)]);
};
