// The control protocol, apart from any socket: a request in, a reply out. Methods are data; whoever has more
// to offer adds rows to the table.

import { bigintReplacer } from '../base/bigint-replacer.js';
import { HarnessError } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import { type Params, readParams, type Shape } from './params.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** `call` checks the parameters, does what the method does, and gives the result. */
export interface Method {
  readonly call: (name: string, raw: JsonObject) => unknown;
}

export type MethodTable = Readonly<Record<string, Method>>;

/** A row of the table: the parameters it takes and what it does with them. */
export const method = <S extends Shape>({
  params,
  run,
}: {
  readonly params: S;
  readonly run: (params: Params<S>) => unknown;
}): Method => ({ call: (name, raw) => run(readParams(name, params, raw)) });

/** What a request is called by, and its reply. */
export type Id = number | string | null;

export interface ControlError {
  readonly code: string;
  readonly message: string;
}

export type Reply =
  | { readonly id: Id; readonly result: unknown }
  | { readonly id: Id; readonly error: ControlError };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isId = (value: unknown): value is Id =>
  value === null || typeof value === 'string' || typeof value === 'number';

const members = ['id', 'method', 'params'];

const refuse = (reason: string): never => {
  throw new HarnessError('CONTROL_REQUEST', { reason });
};

/**
 * The error as a reply tells it. What is not ours is a defect of ours: the caller learns of it, the daemon
 * goes on.
 */
const tell = (error: unknown, name: string): ControlError => {
  const { code, message } =
    error instanceof HarnessError
      ? error
      : new HarnessError('CONTROL_FAILED', { method: name, reason: String(error) });
  return { code, message };
};

/** The reply to what could not even be read as a request. */
export const errorReply = (error: unknown): Reply => ({ id: null, error: tell(error, 'parse') });

const perform = async (request: JsonObject, methods: MethodTable): Promise<unknown> => {
  const { id, method: name, params = {} } = request;
  const unknown = Object.keys(request).find((member) => !members.includes(member));
  if (unknown !== undefined) refuse(`no member '${unknown}'; valid: ${members.join(', ')}`);
  if (id !== undefined && !isId(id)) refuse("'id' is neither a number nor a string");
  if (typeof name !== 'string') return refuse("'method' is not a string");
  if (!isObject(params)) return refuse("'params' is not an object");
  const row = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (row === undefined) {
    throw new HarnessError('CONTROL_METHOD', { method: name, valid: Object.keys(methods).join(', ') });
  }
  return row.call(name, params);
};

/**
 * Answers one request, whatever JSON value it is; never rejects. The reply has the request's id, null if it
 * has none.
 */
export const handle = async (request: unknown, methods: MethodTable): Promise<Reply> => {
  const fields: JsonObject = isObject(request) ? request : {};
  const id = isId(fields.id) ? fields.id : null;
  try {
    if (!isObject(request)) refuse('not a JSON object');
    return { id, result: (await perform(fields, methods)) ?? null };
  } catch (error) {
    return { id, error: tell(error, String(fields.method)) };
  }
};

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    return refuse(messageOf(error));
  }
};

/** One line of the protocol, with its newline. */
export const encode = (message: unknown): string => `${JSON.stringify(message, bigintReplacer)}\n`;

/** Answers one line with one line; never rejects. */
export const handleLine = async (line: string, methods: MethodTable): Promise<string> => {
  let request: unknown;
  try {
    request = parse(line);
  } catch (error) {
    return encode(errorReply(error));
  }
  return encode(await handle(request, methods));
};
