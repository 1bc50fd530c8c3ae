// What `import … from 'vmmci-harness/scenario'` gives: all that a scenario outside of this package may use.
export type { Trace, TraceEvent, TraceKind } from '../base/trace.js';
export { type DeviceClock, frozen, inTurn, running } from '../vmmci/clock.js';
export { VirtualScheduler } from '../vmmci/scheduler.js';
export type { Check, Checks, Subject } from './checks.js';
export type { Driver } from './driver.js';
export { showDurationNs, showEach, showInstant, showInstantNs } from './formats.js';
export type { CommonOptions, DistroMachine, QemuMachine, ScenarioOptions, VmdMachine } from './options.js';
export { type Scene, scenario } from './scenario.js';
export type { Vm } from './vm.js';
