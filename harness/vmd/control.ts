// The control protocol without a socket: a request in, a reply out. Methods are rows of a table, to which
// other parts add their own.

import type * as v from 'valibot';
import { bigintReplacer } from '../base/bigint-replacer.js';
import { HarnessError } from '../base/errors.js';
import { type Entries, fields, readFields } from '../base/schema.js';
import { messageOf } from '../base/thrown.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** `call` checks the parameters, runs the method, and returns its result. */
export interface Method {
  readonly call: (name: string, raw: JsonObject) => unknown;
}

export type MethodTable = Readonly<Record<string, Method>>;

const refuseParameter =
  (method: string) =>
  (parameter: string, reason: string): never => {
    throw new HarnessError('CONTROL_PARAMS', { method, reason: `${parameter}: ${reason}` });
  };

/**
 * A row of the table: the schemas of its parameters, and its implementation. Calls throw CONTROL_PARAMS for a
 * wrong parameter.
 */
export const method = <const E extends Entries>({
  params,
  run,
}: {
  readonly params: E;
  readonly run: (params: v.InferOutput<ReturnType<typeof fields<E>>>) => unknown;
}): Method => {
  const schema = fields(params);
  return { call: (name, raw) => run(readFields(schema, raw, refuseParameter(name))) };
};

/** The id of a request and of its reply. */
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
 * The error as a reply contains it. An error that is not a HarnessError is a bug of ours: the caller gets it,
 * and the daemon goes on.
 */
const errorOf = (error: unknown, name: string): ControlError => {
  const { code, message } =
    error instanceof HarnessError
      ? error
      : new HarnessError('CONTROL_FAILED', { method: name, reason: String(error) });
  return { code, message };
};

/** The reply to a line that could not be parsed as a request. */
export const errorReply = (error: unknown): Reply => ({ id: null, error: errorOf(error, 'parse') });

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
 * Answers a request, which may be any JSON value. Never rejects. The reply has the id of the request, or
 * null.
 */
export const handle = async (request: unknown, methods: MethodTable): Promise<Reply> => {
  const fields: JsonObject = isObject(request) ? request : {};
  const id = isId(fields.id) ? fields.id : null;
  try {
    if (!isObject(request)) refuse('not a JSON object');
    return { id, result: (await perform(fields, methods)) ?? null };
  } catch (error) {
    return { id, error: errorOf(error, String(fields.method)) };
  }
};

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    return refuse(messageOf(error));
  }
};

/** A line of the protocol, with its newline. */
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
