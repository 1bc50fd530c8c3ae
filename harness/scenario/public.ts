// The public API, `vmmci-harness/scenario`: everything that a scenario outside this package may use. Members
// marked `@internal` are left out of docs/api.md and may change at any time.

/**
 * The module that a file `*.scenario.ts` (or `.js`) imports. Each scenario gets a fresh guest with the driver
 * in it. Its verdict comes from the checks that it makes; a wait that times out is a failure, too.
 *
 * ```ts
 * import { frozen, scenario } from 'vmmci-harness/scenario';
 *
 * const options = { clock: frozen(2_147_483_648_000_001n) };
 *
 * scenario('answers-in-time', options, async ({ check, device, trace, until }) => {
 *   const mark = trace.mark;
 *   check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
 *   const ack = await until('ack', mark);
 *   check('acknowledges').equal('effect of the acknowledgement', ack.effect, 'cleared');
 * });
 * ```
 *
 * `vmmci test --driver . --scenarios DIR` runs it. `vm.shell` runs commands in the guest, `device.host` is
 * what vmd does, `device.faults` spoils messages, and `driver` reads what the driver shows.
 *
 * @packageDocumentation
 */

export type { Trace, TraceEvent, TraceKind, TraceSink } from '../base/trace.js';
export type { Device, DeviceOptions, FunctionState, PciFunction } from '../device/device.js';
export type { RequirementId } from '../diagnosis/requirements.js';
export type {
  DriverDescription,
  LogLevels,
  Parameter,
  PollInterval,
  SysctlTime,
  SysfsTime,
} from '../driver/description.js';
export type { FaultEngine } from '../faults/engine.js';
export type { Effect, Fault, FaultPlan, When } from '../faults/fault.js';
export type { Console, ConsoleLine, WaitOptions } from '../guest/console.js';
export type { CommandResult, RunOptions, Shell } from '../guest/shell.js';
export type { Guest } from '../guest/start.js';
export type { Disk } from '../qemu/disk.js';
export type { QemuExit, ShutdownReason } from '../qemu/exit.js';
export type { Machine } from '../qemu/process.js';
export type { Environment, Kernel } from '../run/environment.js';
export type { Host, HostState, Kill, StopResult } from '../vmd/host.js';
export { type ClockHolder, type DeviceClock, frozen, inTurn, running } from '../vmmci/clock.js';
export type { CommandName, Request } from '../vmmci/commands.js';
export type { DeviceState, RequestResult, Vmmci } from '../vmmci/device.js';
export type { TimerName, TimerState } from '../vmmci/kill-timer.js';
export { type Scheduler, type Timer, VirtualScheduler } from '../vmmci/scheduler.js';
export type { VmDevices } from '../vmmci/slots.js';
export type { Check, Checks, Subject } from './checks.js';
export type { Binding, Driver } from './driver.js';
export { showDurationNs, showEach, showInstant, showInstantNs } from './formats.js';
export type {
  CommonOptions,
  DistroMachine,
  InterruptController,
  QemuMachine,
  ScenarioOptions,
  VmdMachine,
} from './options.js';
export { type Scene, scenario } from './scenario.js';
export type { TracedDevice } from './scene.js';
export type { Vm } from './vm.js';
