import { RackwattError } from '../errors.js';
import type { Departure } from './host.js';

const MB = 1024 ** 2;

/** @param heap its limit, bytes */
export function heapReached(heap: number): string {
  return `its heap reached ${Math.round(heap / MB)} MB; look for what it keeps, or raise isolation.heap`;
}

/** @param used bytes @param limit bytes */
export function memoryReached(used: number, limit: number): string {
  return `it holds ${Math.round(used / MB)} MB of the ${Math.round(limit / MB)} MB that isolation.memory allows`;
}

/** Why a child ended, as one error: what somebody who looks at the bundle has to know. */
export function departureError(
  child: { bundle: string; place: string; heap: number },
  departure: Departure,
): RackwattError {
  const { code, signal, error, outOfMemory } = departure;
  const { bundle, place } = child;
  const context = { bundle, place, code, signal, ...(error?.stack === undefined ? {} : { stack: error.stack }) };
  const failure = (kind: string, what: string): RackwattError =>
    new RackwattError(kind, `${bundle} ended in ${place}: ${what}`, { context });
  if (outOfMemory) return failure('ISOLATION_MEMORY', heapReached(child.heap));
  if (error) return failure('ISOLATION_FAULT', `it threw an error that nobody caught: ${error.message}`);
  if (signal === 'SIGABRT' || signal === 'SIGSEGV' || signal === 'SIGBUS' || signal === 'SIGILL' || signal === 'SIGFPE')
    return failure('ISOLATION_CRASH', `native code crashed (${signal})`);
  if (signal !== null) return failure('ISOLATION_EXIT', `it was ended by ${signal}`);
  return failure('ISOLATION_EXIT', `it left by process.exit(${code ?? 0})`);
}
