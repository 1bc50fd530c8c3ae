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
}

const table = {
  // sockets
  SOCKET_PATH: { blame: 'usage', message: 'socket path {path}: {reason}' },
  SOCKET_IN_USE: { blame: 'usage', message: 'socket {path} is in use by another process' },
  SOCKET_IO: { blame: 'broken', message: '{call} on {path} failed: {errno}' },
  SOCKET_CLOSED: { blame: 'broken', message: '{path}: the peer closed the connection {when}' },
  // protocols
  PROTOCOL: { blame: 'broken', message: '{protocol}: {reason}' },
  // command line and configuration
  USAGE: { blame: 'usage', message: '{reason}' },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof table;

export type ErrorFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

const render = (message: string, fields: ErrorFields): string =>
  message.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(fields[name] ?? `{${name}}`));

/** Every error this project raises on purpose. `fields` carries what the message was made of. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: ErrorCode;
  readonly blame: Blame;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, fields: ErrorFields = {}, cause?: unknown) {
    super(render(table[code].message, fields), cause === undefined ? undefined : { cause });
    this.code = code;
    this.blame = table[code].blame;
    this.fields = fields;
  }
}

/** The code of an error of ours, `undefined` for any other value. */
export const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof HarnessError ? error.code : undefined;

export const errorCodes = Object.keys(table) as readonly ErrorCode[];
