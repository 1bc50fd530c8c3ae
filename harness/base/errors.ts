// The one table of error codes. A code is stable: tests and tools match on it, never on the prose.

/**
 * Whose fault an error is, and so which verdict a scenario gets:
 * `failed`: the driver under test; `broken`: the harness, the host or QEMU; `usage`: the caller's input.
 */
export type Blame = 'failed' | 'broken' | 'usage';

interface Row {
  blame: Blame;
  /** The message; `{name}` is replaced by the field of that name. */
  message: string;
  /** Fields that the message does not show and that may be absent. */
  details?: readonly string[];
}

const table = {
  TEMPORARY_DIRECTORY: {
    blame: 'broken',
    message:
      'no temporary directory can be made in {path}: {reason}; set TMPDIR to a directory that exists, is writable and has space left',
  },
  // sockets
  SOCKET_PATH: { blame: 'usage', message: 'socket path {path}: {reason}' },
  SOCKET_IN_USE: { blame: 'usage', message: 'socket {path} is in use by another process' },
  SOCKET_IO: { blame: 'broken', message: '{call} on {path} failed: {errno}' },
  SOCKET_CLOSED: { blame: 'broken', message: '{path}: the peer closed the connection {when}' },
  // the trace
  TRACE_WRITE: { blame: 'broken', message: 'the trace cannot be written to {path}: {reason}' },
  TRACE_CUT: {
    blame: 'failed',
    message:
      'there were too many events to keep: of #{first} to #{last} some are only counted ({counts}), so nobody can tell {what} from #{from} on',
  },
  // protocols
  // `errno`: for a vfio-user error reply. `effect`: what becomes of a vhost-user connection.
  PROTOCOL: { blame: 'broken', message: '{protocol}: {reason}', details: ['errno', 'effect'] },
  // QEMU
  QEMU_UNUSABLE: { blame: 'usage', message: 'QEMU {path} cannot be used: {reason}. {next}' },
  QEMU_START: { blame: 'broken', message: 'QEMU did not start: {reason}\n{stderr}' },
  QEMU_EXIT: { blame: 'broken', message: 'QEMU ended ({how}) while waiting for {what}\n{stderr}{lines}' },
  QMP_COMMAND: { blame: 'broken', message: 'QMP {command}: {class}: {description}' },
  QMP_PROTOCOL: { blame: 'broken', message: 'QMP: {reason}: {line}' },
  QMP_CLOSED: { blame: 'broken', message: 'QMP: the connection ended before {command} was answered' },
  QMP_TIMEOUT: { blame: 'broken', message: 'QMP: no {what} within {ms} ms' },
  QTEST: { blame: 'broken', message: 'qtest {command}: {reason}' },
  SNAPSHOT: { blame: 'broken', message: 'snapshot {path}: {step}: {reason}' },
  QEMU_DISK: {
    blame: 'broken',
    message:
      "the host could not {operation} the guest's disk {disk} ({reason}): {path}, on the file system {mount} with {freeMB} MB free",
  },
  // guest
  GUEST_BUILD: { blame: 'broken', message: 'guest image: {reason}' },
  GUEST_BOOT: { blame: 'broken', message: 'the guest did not come up: {reason}' },
  GUEST_PANIC: { blame: 'failed', message: 'the guest panicked while waiting for {what}: {panic}\n{lines}' },
  GUEST_EXIT: { blame: 'failed', message: 'the guest went down ({how}) while waiting for {what}\n{lines}' },
  GUEST_LIVELOCK: { blame: 'failed', message: 'livelock: {count} {what} in {ms} ms ({rate} a second)' },
  GUEST_HANG: { blame: 'failed', message: 'no {what} within {ms} ms; {state}\n{lines}' },
  GUEST_TIMEOUT: { blame: 'failed', message: 'no {what} within {ms} ms; last console lines:\n{lines}' },
  GUEST_COMMAND: {
    blame: 'failed',
    message: 'in the guest, `{command}` ended with status {status}: {stderr}',
  },
  GUEST_SHELL: { blame: 'broken', message: 'guest shell: {reason}' },
  GUEST_READ: { blame: 'broken', message: 'guest {what}: expected {expected}, got {got}' },
  KERNEL_LOG: { blame: 'broken', message: 'the kernel log could not be checked: {reason}' },
  KERNEL_SPLAT: { blame: 'failed', message: 'the guest kernel complained ({kind}):\n{lines}' },
  DISK_FULL: {
    blame: 'broken',
    message:
      'no space left on the file system {mount} ({freeMB} MB free): {reason}; free some, or set {variable} to a directory on a larger one',
  },
  // cache, tool root and kernels
  CACHE_LOCK: { blame: 'broken', message: 'lock {path}: {reason}' },
  CACHE_UNWRITABLE: {
    blame: 'broken',
    message:
      'nothing can be written to the cache {path} ({reason}); set XDG_CACHE_HOME to a directory of your own',
  },
  CACHE_NOEXEC: {
    blame: 'broken',
    message:
      'no program can be started in {path}: its file system is mounted with noexec; set XDG_CACHE_HOME to another one',
  },
  CACHE_IN_USE: {
    blame: 'usage',
    message: '{what} is in use by {users}; run the same command again when that has ended',
  },
  CACHE_FULL: {
    blame: 'broken',
    message:
      'no space left while filling {path}; free some, or set {variable} to a larger disk, and run the same command again',
  },
  // vmd's host side and its control socket
  STOP_IN_PROGRESS: {
    blame: 'usage',
    message: 'a stop is already in progress; the VM can only be forced now',
  },
  CONTROL_REQUEST: { blame: 'usage', message: 'control request: {reason}' },
  CONTROL_METHOD: { blame: 'usage', message: "unknown method '{method}'; valid: {valid}" },
  CONTROL_PARAMS: { blame: 'usage', message: '{method}: {reason}' },
  CONTROL_FAILED: { blame: 'broken', message: '{method} failed: {reason}' },
  CONTROL_CONNECT: {
    blame: 'usage',
    message: 'nobody answers on control socket {path} ({errno}); start a daemon with --control {path}',
  },
  CONTROL_REPLY: { blame: 'broken', message: 'control socket {path}: {reason}' },
  CONTROL_REFUSED: { blame: 'usage', message: '{message} ({code})' },
  HOST_PROGRAM: {
    blame: 'broken',
    message: 'this host lacks {programs}; install with: {command}',
  },
  HOST_SUBUID: {
    blame: 'broken',
    message:
      'user {user} has no 65536 subordinate ids in {file}, which mmdebstrap needs without root; add them with: {command}',
  },
  HOST_NAMESPACE: {
    blame: 'broken',
    message:
      'this host lets user {user} make no namespaces ({reason}); run as root, or allow them: {command}',
  },
  HOST_SPACE: {
    blame: 'broken',
    message:
      '{what} needs {neededMB} MB in {path}, which has {freeMB} MB; free some, or set {variable} to a larger disk',
  },
  TOOLROOT_NETWORK: {
    blame: 'broken',
    message:
      'making {what} needs the Debian archive, which did not answer in {attempts} attempts: {reason}; check the network (or set VMMCI_MIRROR to a mirror) and run the same command again; log: {log}',
  },
  TOOLROOT_SIGNATURE: {
    blame: 'broken',
    message: "the host's keys do not verify the archive: {reason}; update them with: {command}; log: {log}",
  },
  TOOLROOT_BUILD: { blame: 'broken', message: 'making {what} failed: {reason}; log: {log}' },
  TOOLROOT_INCOMPLETE: {
    blame: 'broken',
    message:
      'the tool root in {path} lacks {missing}; expected {expected}; set VMMCI_MIRROR to a complete mirror, or remove that directory, and run the same command again',
  },
  TOOLROOT_DAMAGED: {
    blame: 'broken',
    message:
      'the tool root in {path} is damaged: {reason}; remove it with vmmci cache clean toolroot, and run the same command again',
  },
  KERNEL_NETWORK: {
    blame: 'broken',
    message:
      '{what}: the Debian archive did not answer: {reason}; check the network and run the same command again (kernels that are already in the cache need none)',
  },
  KERNEL_FETCH: { blame: 'broken', message: '{what}, from the suite {suite}: {reason}' },
  KERNEL_INCOMPLETE: {
    blame: 'broken',
    message: 'the packages of kernel {release} hold no {path}, which images and module builds need',
  },
  KERNEL_BUILD: {
    blame: 'broken',
    message: '{what} could not be built: {reason}; log: {log}; the same command goes on from there',
  },
  KERNEL_DIRECTORY: {
    blame: 'usage',
    message: '{directory} cannot be used as a kernel: {reason}; expected {expected}',
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
      'the compiler did not finish: {reason}; check the free memory and what ends processes on this host, and run the same command again',
  },
  DRIVER_BUILD: {
    blame: 'failed',
    message: 'the driver in {directory} does not compile for {release}: {reason}; log: {log}',
  },
  DRIVER_SOURCE: { blame: 'usage', message: '{directory} is not a driver directory: {reason}' },
  SEEDED_BUG: { blame: 'broken', message: 'seeded bug {file}: {reason}' },
  IMAGE_TOOL: { blame: 'broken', message: 'images/qemu-img/{tool} failed: {reason}' },
  DISK_TOOL: { blame: 'broken', message: '{tool} could not examine {path}: {report}' },
  IMAGE_ARGUMENT: { blame: 'usage', message: 'images/qemu-img/{tool}: {reason}' },
  // command line and configuration
  DRIVER_READ: { blame: 'failed', message: 'the driver shows {what} as {got}, expected {expected}' },
  DRIVER_LACKS: { blame: 'usage', message: 'driver {driver} does not have {what}' },
  REPORT_READ: { blame: 'usage', message: '{path} is no report of a matrix run: {reason}' },
  DRIVER_DESCRIPTION: { blame: 'usage', message: '{path}: field {field}: {reason}' },
  TRANSCRIPT_READ: {
    blame: 'usage',
    message: '{path}: {reason}; write it again with: vmmci transcript --update',
  },
  INVALID_VALUE: { blame: 'usage', message: "{name}: expected {expected}, got '{value}'" },
  MISSING_VALUE: { blame: 'usage', message: '{name} is missing; expected {expected}' },
  UNKNOWN_NAME: { blame: 'usage', message: "there is no {kind} '{name}'; valid: {valid}" },
  CLOCK_SCRIPT: { blame: 'usage', message: 'clock script: {where}: {reason}; expected {valid}' },
  INSTANT: { blame: 'usage', message: "'{text}' {reason}" },
  CLOCK_SPEC: { blame: 'usage', message: '{option}: {reason}; valid: {valid}' },
  FAULT_PLAN: { blame: 'usage', message: 'fault plan: {where}: {reason}' },
  MIRROR_ALONE: { blame: 'usage', message: '{set} is set, but {missing} is not; set both or neither' },
  BACKEND_ABSENT: {
    blame: 'usage',
    message: '--backend-socket: nobody answers at {path}; start it first: vmmci backend --socket {path}',
  },
  KERNEL_NAME_TWICE: {
    blame: 'usage',
    message: '{first} and {second} would both be called {name} in the report; rename one of the directories',
  },
  KERNEL_PORTS: {
    blame: 'usage',
    message: 'kernel {kernel} has no /dev/port to read ports with; choose one that has it, such as {example}',
  },
  SEEDED_BUGS_ABSENT: {
    blame: 'usage',
    message: '{directory} is missing: seeded bugs are part of the repository, not of the package',
  },
  SCENARIO_MISSED: {
    blame: 'broken',
    message:
      'the scenario needs {event} {wanted} times, and met it {seen} times in {attempts} attempts: try it on a less busy machine',
  },
  SCENARIO_LACKS: {
    blame: 'usage',
    message: 'the scenario asks for {what}, which its options do not give it',
  },
  REPORT_OVERLAP: {
    blame: 'usage',
    message: '{cell} is in two reports, {first} and {second}; leave one of them out',
  },
  REPORT_WRITE: {
    blame: 'broken',
    message:
      'the report cannot be written to {path}: {reason}; free some space or mend its permissions, then run vmmci report render on its directory',
  },
  REPORT_NONE: { blame: 'usage', message: 'no report to merge; name the directories of the runs' },
  SCENARIO_DIRECTORY: { blame: 'usage', message: '--scenarios: {directory} cannot be used: {reason}' },
  SCENARIO_TWICE: {
    blame: 'usage',
    message: 'two scenario files are called {name}: {first} and {second}; rename one of them',
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
    message: '--output: {directory} is not empty; name a directory that is, or one that does not exist',
  },
  RUN_DIRECTORY_MAKE: {
    blame: 'broken',
    message: 'artifacts cannot be written to {directory}: {reason}; name another directory with --output',
  },
  MATRIX_NO_REPORT: { blame: 'broken', message: 'vmmci matrix ended without a report ({how})' },
  EMPTY_SHARD: {
    blame: 'usage',
    message: 'shard {index}/{count} has no cells; cut the {cells} cells into fewer shards',
  },
  NO_TEST_FILE: { blame: 'usage', message: "tier {tier} has no test file with '{word}' in its name" },
  DOCTOR: { blame: 'broken', message: '{what}; {next}' },
  // what nobody expected
  HOST: { blame: 'broken', message: '{message}; {next}' },
  INTERNAL: {
    blame: 'broken',
    message: 'internal error: {message}; report it with what the same command prints with --debug',
  },
} as const satisfies Record<string, Row>;

type Table = typeof table;

export type ErrorCode = keyof Table;

/** The names in braces of a message. */
type Placeholder<Message extends string> = Message extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

type FieldValue = string | number | bigint | boolean;

type Detail<Row> = Row extends { details: readonly (infer Name extends string)[] } ? Name : never;

/** A value for each placeholder in the message of a code, and for those of its details that are known. */
export type ErrorFields<Code extends ErrorCode = ErrorCode> = Code extends ErrorCode
  ? Readonly<Record<Placeholder<Table[Code]['message']>, FieldValue>> &
      Readonly<Partial<Record<Detail<Table[Code]>, FieldValue>>>
  : never;

const render = (message: string, fields: Readonly<Record<string, FieldValue>>): string =>
  message.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(fields[name]));

/** Every error this project raises on purpose. `fields` carries what the message was made of. */
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

/** Whether it is an error of ours with that code. */
export const hasCode = <Code extends ErrorCode>(error: unknown, code: Code): error is HarnessError<Code> =>
  error instanceof HarnessError && error.code === code;

/** The code of an error of ours, `undefined` for any other value. */
export const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof HarnessError ? error.code : undefined;
