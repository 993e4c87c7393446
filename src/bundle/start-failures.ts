/** Codes with which a worker or process ends. */
const ENDED: ReadonlySet<string> = new Set([
  'ISOLATION_CRASH',
  'ISOLATION_EXIT',
  'ISOLATION_FAULT',
  'ISOLATION_MEMORY',
  'ISOLATION_SILENT',
  'ISOLATION_STARTUP',
]);

/** Whether a start failed because the worker or process of the bundle ended. */
export function endedByItself(error: unknown): boolean {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && ENDED.has(code);
}

/** Codes of refusals that a place to run has for a bundle as such. */
const REFUSALS: ReadonlySet<string> = new Set(['ISOLATION_LOCAL', 'CAPABILITY_UNKNOWN', 'CAPABILITY_MISSING']);

/** Whether a start failed because of what the bundle is, not of what its code did. */
export function isRefusal(code: string | undefined): boolean {
  return code !== undefined && REFUSALS.has(code);
}
