// Explains why a guest did not do what the scenario waited for: what the driver last logged, and what each
// CPU executes.

import { codeOf, HarnessError } from '../base/errors.js';
import { listOf, printable, shorten } from '../base/text.js';
import { type DriverDescription, driverNames } from '../driver/description.js';
import { type BlockedTask, type CpuState, parseBlocked, parseCpus } from '../guest/backtraces.js';
import { requestBacktraces } from '../guest/request-backtraces.js';
import type { Vm } from './vm.js';

/** Maximum length of a quoted line of the driver. */
const maxLine = 120;

/** Maximum number of the driver's lines below the explanation. */
const maxLines = 10;

type Names = Pick<DriverDescription, 'modules' | 'pciDriver' | 'virtioDriver'>;

/** The lines of a kernel log that are from the driver or name it. */
export const driverLines = (lines: readonly string[], driver: Names): string[] => {
  const names = new Set([...driver.modules, ...driverNames(driver)]);
  // Stack frames also name the module, in brackets. They are not messages.
  return lines.filter(
    (line) => [...names].some((name) => line.includes(name)) && !/\+0x[0-9a-f]+\//.test(line),
  );
};

const failure = /probe.*(fail|error)|(fail|error).*probe/i;

/** The line in quotes, shortened and without its time stamp. */
const quoted = (line: string): string =>
  `'${shorten(printable(line.replace(/^\[[ \d.]+\] /, '')), maxLine)}'`;

/** `vmmci_look [virtio_vmmci]`: removes the offset, which the artifacts have. */
const functionName = (symbol: string): string => symbol.replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/, '');

const cpuText = ({ cpu, task, at, module }: CpuState): string => {
  if (task === undefined) return `CPU ${cpu} idle`;
  const caller = module !== undefined && module !== at ? `, called by ${functionName(module)}` : '';
  return `CPU ${cpu} in ${at === undefined ? 'an unknown function' : functionName(at)}${caller}`;
};

const blockedText = ({ task, module }: BlockedTask): string =>
  `${task} waits${module === undefined ? '' : ` in ${functionName(module)}`}`;

/**
 * Returns one line with the most telling facts first. `asked` is the kernel's output of the requested
 * backtraces.
 */
export const explain = (log: readonly string[], asked: readonly string[], names: Names): string => {
  const logged = driverLines(log, names);
  const failed = logged.find((line) => failure.test(line));
  const last = logged.at(-1);
  const waiting = parseBlocked(asked);
  const cpus = parseCpus(asked);
  return [
    ...(failed === undefined ? [] : [`the driver logged ${quoted(failed)}`]),
    ...(waiting.length === 0 ? [] : [listOf(waiting.map(blockedText), 3)]),
    ...(cpus.length === 0 ? ['the kernel does not say where its CPUs are'] : cpus.map(cpuText)),
    ...(failed === undefined
      ? [last === undefined ? 'the driver has logged nothing' : `the driver last logged ${quoted(last)}`]
      : []),
  ].join('; ');
};

/**
 * Returns GUEST_HANG with an explanation in place of a GUEST_TIMEOUT if the guest is still running, and
 * `error` otherwise. If QEMU does not respond either, returns QMP_SILENT. The guest cannot be used
 * afterwards.
 */
export const explainHang = async (
  error: unknown,
  vm: Vm | undefined,
  driver: DriverDescription,
): Promise<unknown> => {
  if (!(error instanceof HarnessError) || error.code !== 'GUEST_TIMEOUT') return error;
  if (vm === undefined || vm.hasEnded()) return error;
  const { what = '', ms = 0 } = error.fields;
  // Not the guest is at fault if QEMU itself does not respond.
  const silent = await vm.machine.qmp.execute('query-status').then(
    () => undefined,
    (problem: unknown) => (codeOf(problem) === 'QMP_SILENT' ? problem : undefined),
  );
  if (silent !== undefined) return silent;
  const log = vm.console.lines.map(({ text }) => text);
  const asked = await requestBacktraces(vm.machine, vm.console);
  return new HarnessError(
    'GUEST_HANG',
    {
      what: String(what),
      ms: Number(ms),
      state: explain(log, asked, driver),
      lines: driverLines(log, driver).slice(-maxLines).map(printable).join('\n'),
    },
    error,
  );
};
