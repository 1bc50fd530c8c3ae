// The table of all error codes. A code is stable: tests and tools match on it, never on the message.

import { durationOfMs } from './duration.js';

/**
 * Who is to blame for an error. The blame decides the verdict of a scenario. `failed`: the driver under test;
 * `broken`: the harness, the host or QEMU; `usage`: the caller's input.
 */
export type Blame = 'failed' | 'broken' | 'usage';

interface Row {
  blame: Blame;
  /**
   * `{name}` is replaced by the field of that name; `{name:ms}` is a number of milliseconds, shown with a
   * unit that fits.
   */
  message: string;
  /** Optional fields that the message does not show. */
  details?: readonly string[];
}

const table = {
  TEMPORARY_DIRECTORY: {
    blame: 'broken',
    message:
      'cannot create a temporary directory in {path}: {reason}; set TMPDIR to a directory that exists, is writable and has space left',
  },
  // sockets
  SOCKET_PATH: { blame: 'usage', message: 'socket path {path}: {reason}' },
  SOCKET_IN_USE: { blame: 'usage', message: 'socket {path} is in use by another process' },
  SOCKET_HELD: {
    blame: 'usage',
    message:
      '{holder} has begun to listen on socket {path} and has not finished within {ms:ms}; if it is stopped, let it continue or end it, and run the same command again',
  },
  SOCKET_IO: { blame: 'broken', message: '{call} on {path} failed: {errno}' },
  SOCKET_CLOSED: { blame: 'broken', message: '{path}: the peer closed the connection {when}' },
  // the trace
  CAUSE_UNFOUNDED: {
    blame: 'broken',
    message: 'evidence of {causes} is in the trace of the bundled driver, which met all requirements',
  },
  TRACE_WRITE: { blame: 'broken', message: 'cannot write the trace to {path}: {reason}' },
  // The harness bounds the trace: that alone says nothing about the driver (harness/scenario/livelock.ts).
  TRACE_CUT: {
    blame: 'broken',
    message:
      'the trace does not have {what} from #{from} on: there were too many events, and of #{first} to #{last} some were only counted ({counts})',
  },
  // protocols
  // `errno` goes into a vfio-user error reply. `effect` says what happens to a vhost-user connection.
  PROTOCOL: { blame: 'broken', message: '{protocol}: {reason}', details: ['errno', 'effect'] },
  // QEMU
  QEMU_UNUSABLE: { blame: 'usage', message: 'cannot use QEMU {path}: {reason}. {next}' },
  QEMU_START: { blame: 'broken', message: 'QEMU did not start: {reason}\n{stderr}' },
  QEMU_EXIT: {
    blame: 'broken',
    message: 'QEMU exited ({how}) while waiting for {what}\n{stderr}{lines}',
  },
  QMP_COMMAND: { blame: 'broken', message: 'QMP {command}: {class}: {description}' },
  QMP_PROTOCOL: { blame: 'broken', message: 'QMP: {reason}: {line}' },
  QMP_CLOSED: { blame: 'broken', message: 'QMP: the connection ended before {command} was answered' },
  QMP_TIMEOUT: { blame: 'broken', message: 'QMP: no {what} within {ms:ms}' },
  QMP_SILENT: {
    blame: 'broken',
    message: 'QEMU has not answered {command} within {ms:ms}: is it stopped, or the host overloaded?',
  },
  QTEST: { blame: 'broken', message: 'qtest {command}: {reason}' },
  STOOD_STILL: {
    blame: 'broken',
    message:
      'this process stood still for {ms:ms}, as on a host or in a container that was frozen or had no free CPU; run the same command again',
  },
  SNAPSHOT: { blame: 'broken', message: 'snapshot {path}: {step}: {reason}' },
  QEMU_DISK: {
    blame: 'broken',
    message:
      "the host could not {operation} the guest's disk {disk} ({reason}): {path}, on the file system {mount} with {freeMB} MB free",
  },
  // guest
  GUEST_BUILD: { blame: 'broken', message: 'guest image: {reason}' },
  GUEST_KERNEL: {
    blame: 'broken',
    message: 'the snapshot has kernel {found}, not {expected}; remove it: vmmci cache clean snapshots',
  },
  GUEST_BOOT: { blame: 'broken', message: 'the guest did not boot: {reason}' },
  GUEST_PANIC: {
    blame: 'failed',
    message: 'the guest panicked while waiting for {what}: {panic}\n{lines}',
  },
  GUEST_EXIT: {
    blame: 'failed',
    message: 'the guest went down ({how}) while waiting for {what}\n{lines}',
  },
  GUEST_LIVELOCK: {
    blame: 'failed',
    message: 'livelock: {count} {what} within {ms:ms} ({rate} per second){but}',
  },
  GUEST_HANG: { blame: 'failed', message: 'no {what} within {ms:ms}; {state}\n{lines}' },
  GUEST_TIMEOUT: { blame: 'failed', message: 'no {what} within {ms:ms}; last console lines:\n{lines}' },
  GUEST_COMMAND: {
    blame: 'failed',
    message: 'in the guest, `{command}` exited with status {status}: {stderr}',
  },
  GUEST_SHELL: { blame: 'broken', message: 'guest shell: {reason}' },
  TERMINAL: { blame: 'broken', message: 'terminal in the guest: {reason}' },
  SHELL_ATTACH: { blame: 'usage', message: '{reason}; {next}' },
  GUEST_READ: { blame: 'broken', message: 'guest {what}: expected {expected}, got {got}' },
  KERNEL_LOG: { blame: 'broken', message: 'cannot check the kernel log: {reason}' },
  KERNEL_SPLAT: { blame: 'failed', message: 'the guest kernel reported an error ({kind}): {title}\n{lines}' },
  DISK_FULL: {
    blame: 'broken',
    message:
      'no space left on the file system {mount} ({freeMB} MB free): {reason}; free some space, or set {variable} to a directory on a larger one',
  },
  // cache, tool root and kernels
  CACHE_LOCK: {
    blame: 'broken',
    message:
      'cannot lock {path}: {reason}; check that its directory is writable and that util-linux is installed, and run the same command again',
  },
  CACHE_UNWRITABLE: {
    blame: 'broken',
    message: 'cannot write to the cache {path} ({reason}); set XDG_CACHE_HOME to a directory of your own',
  },
  CACHE_NOEXEC: {
    blame: 'broken',
    message:
      'cannot run programs in {path}: its file system is mounted with noexec; set XDG_CACHE_HOME to a directory on another one',
  },
  CACHE_IN_USE: {
    blame: 'usage',
    message: '{what} is in use by {users}; wait for it to end and run the same command again',
  },
  CACHE_FULL: {
    blame: 'broken',
    message:
      'no space left while writing to {path}; free some space, or set {variable} to a directory on a larger disk, and run the same command again',
  },
  // vmd's host side and its control socket
  STOP_IN_PROGRESS: {
    blame: 'usage',
    message: 'a stop is already in progress; use --force to kill the VM',
  },
  CONTROL_REQUEST: { blame: 'usage', message: 'control request: {reason}' },
  CONTROL_METHOD: { blame: 'usage', message: "unknown method '{method}'; valid: {valid}" },
  CONTROL_PARAMS: { blame: 'usage', message: '{method}: {reason}' },
  CONTROL_FAILED: { blame: 'broken', message: '{method} failed: {reason}' },
  CONTROL_CONNECT: {
    blame: 'usage',
    message: 'no daemon answers on control socket {path} ({errno}); start one with --control {path}',
  },
  CONTROL_REPLY: { blame: 'broken', message: 'control socket {path}: {reason}' },
  CONTROL_REFUSED: { blame: 'usage', message: '{message} ({code})' },
  HOST_PROGRAM: {
    blame: 'broken',
    message: 'this host does not have {programs}; install with: {command}',
  },
  HOST_SUBUID: {
    blame: 'broken',
    message:
      'user {user} has no 65536 subordinate ids in {file}, which mmdebstrap needs without root; add them with: {command}',
  },
  HOST_NAMESPACE: {
    blame: 'broken',
    message:
      'user {user} cannot create namespaces on this host ({reason}); run as root, or allow them: {command}',
  },
  HOST_SPACE: {
    blame: 'broken',
    message:
      '{what} needs {neededMB} MB in {path}, which has {freeMB} MB; free some space, or set {variable} to a directory on a larger disk',
  },
  TOOLROOT_NETWORK: {
    blame: 'broken',
    message:
      'building {what} needs the Debian archive, which did not answer in {attempts} attempts: {reason}; check the network (or set VMMCI_MIRROR to a mirror) and run the same command again; log: {log}',
  },
  TOOLROOT_SIGNATURE: {
    blame: 'broken',
    message: "the host's keys do not verify the archive: {reason}; update them with: {command}; log: {log}",
  },
  TOOLROOT_BUILD: { blame: 'broken', message: 'building {what} failed: {reason}; log: {log}' },
  TOOLROOT_INCOMPLETE: {
    blame: 'broken',
    message:
      'the tool root in {path} does not have {missing}; expected {expected}; set VMMCI_MIRROR to a complete mirror, or remove that directory, and run the same command again',
  },
  TOOLROOT_DAMAGED: {
    blame: 'broken',
    message:
      'the tool root in {path} is damaged: {reason}; remove it with vmmci cache clean toolroot, and run the same command again',
  },
  KERNEL_NETWORK: {
    blame: 'broken',
    message:
      '{what}: the Debian archive did not answer: {reason}; check the network and run the same command again (what is already in the cache needs no network)',
  },
  KERNEL_FETCH: { blame: 'broken', message: '{what}, from the suite {suite}: {reason}' },
  KERNEL_INCOMPLETE: {
    blame: 'broken',
    message: 'the packages of kernel {release} do not contain {path}, which images and module builds need',
  },
  KERNEL_INDEX: {
    blame: 'broken',
    message: 'depmod cannot index the modules of kernel {release}: {reason}; nothing was added to the cache',
  },
  KERNEL_BUILD: {
    blame: 'broken',
    message:
      'building {what} failed: {reason}; log: {log}; run the same command again to continue from there',
  },
  KERNEL_DIRECTORY: {
    blame: 'usage',
    message: 'cannot use {directory} as a kernel: {reason}; expected {expected}',
  },
  KERNEL_TREE: {
    blame: 'broken',
    message:
      'kernel {release}: {reason}; remove it with vmmci kernels remove {name}, and run the same command again',
  },
  KERNEL_MODULE: {
    blame: 'broken',
    message: 'kernel {release} has no module {module}, neither as a file nor built in',
  },
  KERNEL_LACKS: { blame: 'usage', message: 'kernel {release}: {reason}' },
  BUILD_BROKEN: {
    blame: 'broken',
    message:
      'the compiler did not finish: {reason}; check whether this host is out of memory or kills processes, and run the same command again',
  },
  DRIVER_BUILD: {
    blame: 'failed',
    message: 'the driver in {directory} does not compile for {release}: {reason}; log: {log}',
  },
  DRIVER_SOURCE: { blame: 'usage', message: '{directory} is not a driver directory: {reason}' },
  MUTATION_RESULTS: {
    blame: 'usage',
    message: 'cannot continue from {path}: {reason}; choose another file with --results',
  },
  UNREACHED_LIST: { blame: 'usage', message: 'the list of unreached lines {path}: {reason}' },
  SEEDED_BUG: { blame: 'broken', message: 'seeded bug {file}: {reason}' },
  IMAGE_TOOL: { blame: 'broken', message: 'images/qemu-img/{tool} failed: {reason}' },
  DISK_TOOL: { blame: 'broken', message: '{tool} could not examine {path}: {report}' },
  IMAGE_ARGUMENT: { blame: 'usage', message: 'images/qemu-img/{tool}: {reason}' },
  // command line and configuration
  DRIVER_READ: { blame: 'failed', message: 'the driver shows {what} as {got}, expected {expected}' },
  DRIVER_LACKS: { blame: 'usage', message: 'driver {driver} does not have {what}' },
  REPORT_READ: { blame: 'usage', message: '{path} is not a report of a matrix run: {reason}' },
  DRIVER_DESCRIPTION: { blame: 'usage', message: '{path}: field {field}: {reason}' },
  TRANSCRIPT_READ: {
    blame: 'usage',
    message: '{path}: {reason}; write it again with: vmmci transcript --update',
  },
  INVALID_VALUE: { blame: 'usage', message: "{name}: expected {expected}, got '{value}'" },
  MISSING_VALUE: { blame: 'usage', message: '{name} is missing; expected {expected}' },
  OPTION_TWICE: {
    blame: 'usage',
    message: "{name} takes one value and was given two, '{first}' and '{second}'; give it once",
  },
  UNKNOWN_NAME: { blame: 'usage', message: "unknown {kind} '{name}'; valid: {valid}" },
  CLOCK_SCRIPT: { blame: 'usage', message: 'clock script: {where}: {reason}; expected {valid}' },
  INSTANT: { blame: 'usage', message: "'{text}' {reason}" },
  CLOCK_SPEC: { blame: 'usage', message: '{option}: {reason}; valid: {valid}' },
  FAULT_PLAN: { blame: 'usage', message: 'fault plan: {where}: {reason}' },
  MIRROR_ALONE: { blame: 'usage', message: '{set} is set, but {missing} is not; set both or neither' },
  BACKEND_ABSENT: {
    blame: 'usage',
    message: '--backend-socket: no backend answers on {path}; start it first: vmmci backend --socket {path}',
  },
  KERNEL_NAME_TWICE: {
    blame: 'usage',
    message:
      '{first} and {second} would have the same name in the report, {name}; rename one of the directories',
  },
  KERNEL_PORTS: {
    blame: 'usage',
    message:
      'kernel {kernel} has no /dev/port, which is needed to read ports; choose a kernel that has it, such as {example}',
  },
  SEEDED_BUGS_ABSENT: {
    blame: 'usage',
    message: '{directory} is missing: seeded bugs are in the repository, not in the npm package',
  },
  SCENARIO_MISSED: {
    blame: 'broken',
    message:
      'the scenario needs {event} {wanted} times, and it happened {seen} times in {attempts} attempts; run it on a less busy machine',
  },
  SCENARIO_LACKS: {
    blame: 'usage',
    message: 'the scenario uses {what}, which its options do not enable',
  },
  REPORT_OVERLAP: {
    blame: 'usage',
    message: '{cell} is in two reports, {first} and {second}; leave one of them out',
  },
  REPORT_WRITE: {
    blame: 'broken',
    message:
      'cannot write the report to {path}: {reason}; free some space or fix the permissions, then run vmmci report render on its directory',
  },
  REPORT_NONE: { blame: 'usage', message: 'no report to merge; pass the directories of the runs' },
  SCENARIO_DIRECTORY: { blame: 'usage', message: '--scenarios: cannot use {directory}: {reason}' },
  SCENARIO_TWICE: {
    blame: 'usage',
    message: 'two scenario files have the name {name}: {first} and {second}; rename one of them',
  },
  SCENARIO_TYPESCRIPT: {
    blame: 'usage',
    message:
      '{path} is TypeScript, which Node {node} cannot run; use Node 22.18 or later, install typescript beside it, or write .js',
  },
  INIT_UNKNOWN: {
    blame: 'usage',
    message:
      'the sources in {directory} do not say {what}; write {file} by hand (README, "In the repository of your driver")',
  },
  RUN_DIRECTORY: {
    blame: 'usage',
    message:
      '--output or VMMCI_RUN: {directory} {reason}; pass an empty directory, or one that does not exist',
  },
  RUN_DIRECTORY_MAKE: {
    blame: 'broken',
    message: 'cannot write artifacts to {directory}: {reason}; pass another directory with --output',
  },
  BENCH_PROCESS: {
    blame: 'broken',
    message:
      'a process of the benchmark ended by itself ({how}); see its output above, and run the same command again',
  },
  MATRIX_USAGE: { blame: 'usage', message: 'vmmci matrix refused the options; see its message above' },
  MATRIX_NO_REPORT: { blame: 'broken', message: 'vmmci matrix ended without a report ({how})' },
  EMPTY_SHARD: {
    blame: 'usage',
    message: 'shard {index}/{count} has no cells; split the {cells} cells into fewer shards',
  },
  NO_TEST_FILE: { blame: 'usage', message: "tier {tier} has no test file whose path contains '{word}'" },
  DOCTOR: { blame: 'broken', message: '{what}; {next}' },
  // unexpected errors
  HOST: { blame: 'broken', message: '{message}; {next}' },
  INTERNAL: {
    blame: 'broken',
    message: 'internal error: {message}; report it with the output of the same command with --debug',
  },
} as const satisfies Record<string, Row>;

type Table = typeof table;

export type ErrorCode = keyof Table;

/** The names in braces in a message. */
type Placeholder<Message extends string> = Message extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Field}:ms` ? Field : Name) | Placeholder<Rest>
  : never;

type FieldValue = string | number | bigint | boolean;

type Detail<Row> = Row extends { details: readonly (infer Name extends string)[] } ? Name : never;

/** The fields of a code: one for each placeholder in its message, and an optional one for each detail. */
export type ErrorFields<Code extends ErrorCode = ErrorCode> = Code extends ErrorCode
  ? Readonly<Record<Placeholder<Table[Code]['message']>, FieldValue>> &
      Readonly<Partial<Record<Detail<Table[Code]>, FieldValue>>>
  : never;

const render = (message: string, fields: Readonly<Record<string, FieldValue>>): string =>
  message.replaceAll(/\{(\w+)(:ms)?\}/g, (_, name: string, unit?: string) =>
    unit === undefined ? String(fields[name]) : durationOfMs(Number(fields[name])),
  );

/** Every error that this project throws on purpose. `fields` has the values that the message shows. */
export class HarnessError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'HarnessError';
  readonly code: Code;
  readonly blame: Blame;
  readonly fields: ErrorFields<Code>;

  constructor(code: Code, fields: ErrorFields<Code>, cause?: unknown) {
    super(render(table[code].message, fields), cause === undefined ? undefined : { cause });
    this.code = code;
    this.blame = table[code].blame;
    this.fields = fields;
  }
}

/** True if `error` is a HarnessError with that code. */
export const hasCode = <Code extends ErrorCode>(error: unknown, code: Code): error is HarnessError<Code> =>
  error instanceof HarnessError && error.code === code;

/** The code of a HarnessError; `undefined` for any other value. */
export const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof HarnessError ? error.code : undefined;
