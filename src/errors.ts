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

/**
 * The message of anything thrown. Reading `.stack` here is on purpose: V8 keeps the raw frames of an error, and with
 * them the whole module space that threw it, until the stack was read once.
 */
export function errorMessage(error: unknown): string {
  if (error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)) {
    void (error as Error).stack;
    return String((error as Error).message);
  }
  return String(error);
}

/** Plain data of an error, safe to keep after the module space that threw it is gone. */
export interface ErrorRecord {
  name: string;
  code?: string;
  message: string;
  stack?: string;
}

export function errorRecord(error: unknown): ErrorRecord {
  if (typeof error !== 'object' || error === null) return { name: 'Error', message: String(error) };
  const { name, code, stack, message } = error as Error & { code?: unknown };
  return {
    name: String(name ?? 'Error'),
    ...(typeof code === 'string' ? { code } : {}),
    message: String(message),
    ...(typeof stack === 'string' ? { stack } : {}),
  };
}
