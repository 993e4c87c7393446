/**
 * Every failure that Rackwatt reports: a stable `code` for programs, one clear sentence for people
 * (what, where, what to do), and the context that the reader needs to act.
 */
export class RackwattError extends Error {
  /** Stable and upper case, such as `BUNDLE_RESOLVE` or `CONFIG_INVALID`; see the folder's `errors.ts` for its codes. */
  readonly code: string;
  /** Facts behind the sentence: names, paths, limits. Plain data, so that it crosses workers and JSON. */
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { cause?: unknown; context?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RackwattError';
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** One property of anything, also of a proxy or behind a getter that throws. */
function property(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    // Whoever reports an error must not fail over it.
    return undefined;
  }
}

function text(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null ? JSON.stringify(value).slice(0, 500) : String(value);
  } catch {
    // Its own conversion throws, it refers to itself, or it is no text at all.
    return `a thrown ${typeof value}`;
  }
}

/**
 * The message of anything thrown. Reading `.stack` here is on purpose: V8 keeps the raw frames of an error, and with
 * them the whole module space that threw it, until the stack was read once.
 */
export function errorMessage(error: unknown): string {
  if (typeof error !== 'object' || error === null) return text(error);
  void property(error, 'stack');
  const message = property(error, 'message');
  return message === undefined ? text(error) : text(message);
}

/** Plain data of an error, safe to keep after the module space that threw it is gone. */
export interface ErrorRecord {
  name: string;
  code?: string;
  message: string;
  stack?: string;
}

/** Takes anything: an error, what is no error, and what throws when it is looked at. */
export function errorRecord(error: unknown): ErrorRecord {
  const message = errorMessage(error);
  if (typeof error !== 'object' || error === null) return { name: 'Error', message };
  const [name, code, stack] = [property(error, 'name'), property(error, 'code'), property(error, 'stack')];
  return {
    name: text(name ?? 'Error'),
    ...(typeof code === 'string' ? { code } : {}),
    message,
    ...(typeof stack === 'string' ? { stack } : {}),
  };
}
