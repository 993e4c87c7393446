import { inspect } from 'node:util';
import { RackwattError } from '../errors.js';
import { cloneable } from './carry.js';

/** An error as data. What was thrown and is no error is the `value`. */
export type Failure =
  | { value: unknown }
  | {
      name: string;
      message: string;
      stack: string;
      /** Scalar properties of its own, such as `code`, `errno`, `syscall`; and `context`. */
      properties: Record<string, unknown>;
      cause?: Failure;
      /** Of an `AggregateError`. */
      errors?: Failure[];
    };

/** Causes of causes; longer chains are cut. */
const DEEPEST = 8;
const MOST_ERRORS = 16;
const MOST_TEXT = 65_536;

const NATIVE: ReadonlyMap<string, new (message: string) => Error> = new Map(
  [RangeError, ReferenceError, SyntaxError, TypeError, URIError, EvalError].map((type) => [type.name, type]),
);
/** What the platform throws for a signal; made by a class of its own, with `code` given by the name. */
const OF_SIGNALS = new Set(['AbortError', 'TimeoutError', 'DataCloneError']);
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors']);
const FIRST_FRAME = /\n {4}(?:at |--- )/;

/**
 * Everything that is to be told of an error, as data that nobody else holds. `stack` is read, so that the error keeps no
 * revision alive.
 */
export function failureOf(error: unknown): Failure {
  try {
    return read(error, 0);
  } catch {
    const text = 'What was thrown cannot be read.';
    return { name: 'Error', message: text, stack: text, properties: {} };
  }
}

function read(error: unknown, depth: number): Failure {
  if (!isErrorLike(error)) return { value: copied(error) };
  const { name, message, stack, cause, errors } = error as Error & { errors?: unknown };
  const properties: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    if (OWN.has(key)) continue;
    if (isScalar(value)) properties[key] = value;
    else if (key === 'context') properties[key] = contextOf(value);
  }
  const deeper = depth < DEEPEST;
  return {
    name: String(name),
    message: cut(String(message)),
    stack: cut(String(stack ?? '')),
    properties,
    ...(cause !== undefined && deeper ? { cause: read(cause, depth + 1) } : {}),
    ...(Array.isArray(errors) && deeper
      ? { errors: errors.slice(0, MOST_ERRORS).map((each) => read(each, depth + 1)) }
      : {}),
  };
}

/**
 * Makes an error of what the other side sent, which is hostile until read.
 * @param label names the other side in the stack
 */
export function errorOf(failure: unknown, label: string, depth = 0): unknown {
  if (typeof failure !== 'object' || failure === null)
    return new RackwattError('PEER_PROTOCOL', `${label} failed without saying why.`);
  if ('value' in failure) return failure.value;
  const fields = failure as Record<string, unknown>;
  const [name, message, stack] = [
    text(fields['name'], 'Error'),
    text(fields['message'], ''),
    text(fields['stack'], ''),
  ];
  const properties = typeof fields['properties'] === 'object' ? { ...fields['properties'] } : {};
  const deeper = depth < DEEPEST;
  const error = withoutStack(() => bare(name, message, properties));
  if (fields['cause'] !== undefined && deeper) define(error, 'cause', errorOf(fields['cause'], label, depth + 1));
  if (Array.isArray(fields['errors']) && deeper)
    define(
      error,
      'errors',
      fields['errors'].slice(0, MOST_ERRORS).map((each) => errorOf(each, label, depth + 1)),
    );
  for (const [key, value] of Object.entries(properties))
    if (!OWN.has(key) && !(key in error))
      Object.defineProperty(error, key, { value, enumerable: true, configurable: true, writable: true });
  const frames = FIRST_FRAME.exec(stack);
  define(error, 'stack', `${name}: ${message}\n    --- ${label} ---${frames ? stack.slice(frames.index) : ''}`);
  return error;
}

function bare(name: string, message: string, properties: Record<string, unknown>): Error {
  const { code, context } = properties;
  if (name === 'RackwattError' && typeof code === 'string')
    return new RackwattError(code, message, { context: isRecord(context) ? context : {} });
  if (OF_SIGNALS.has(name)) return new DOMException(message, name);
  const error = new (NATIVE.get(name) ?? Error)(message);
  if (error.name !== name) define(error, 'name', name);
  return error;
}

/** Frames of the code that reads messages say nothing to the reader of an error. */
function withoutStack<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function contextOf(context: unknown): unknown {
  if (cloneable(context) || !isRecord(context)) return copied(context);
  return Object.fromEntries(Object.entries(context).map(([key, value]) => [key, copied(value)]));
}

function copied(value: unknown): unknown {
  return cloneable(value) ? structuredClone(value) : inspect(value, { depth: 0 });
}

function isErrorLike(error: unknown): error is Error {
  return error instanceof Error || (isRecord(error) && typeof error['message'] === 'string' && 'stack' in error);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const isScalar = (value: unknown): boolean =>
  value === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? cut(value) : otherwise);
const cut = (value: string): string => (value.length > MOST_TEXT ? value.slice(0, MOST_TEXT) : value);
