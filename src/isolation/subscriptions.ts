import { isPlainObject } from './carry.js';

/** How something that lives until it is ended is ended; a subscription may have several ways. */
export const WAYS = [
  { bit: 1, key: undefined },
  { bit: 2, key: 'close' },
  { bit: 4, key: Symbol.dispose },
  { bit: 8, key: Symbol.asyncDispose },
] as const;

export const ALL_WAYS = 15;

type Ends = Record<string | symbol, unknown>;

/** The ways to end what a method gave; 0: it is plain data. */
export function waysToEnd(result: unknown): number {
  if (typeof result === 'function') return 1;
  // A generator can be disposed of, but it is a stream.
  if (typeof result !== 'object' || result === null || Symbol.asyncIterator in result) return 0;
  let ways = 0;
  for (const { bit, key } of WAYS) if (key !== undefined && typeof (result as Ends)[key] === 'function') ways |= bit;
  return ways;
}

/** Ends what a method gave. */
export function end(result: unknown, way: number): unknown {
  const key = WAYS.find(({ bit }) => bit === way)?.key;
  if (key === undefined) return (result as () => unknown)();
  return ((result as Ends)[key] as () => unknown).call(result);
}

/** The way to end it that waits for most. */
export function strongestWay(ways: number): number {
  return [8, 4, 2, 1].find((bit) => ways & bit)!;
}

/** Data beside the ways to end it: of a plain object its other properties, of anything else nothing. */
export function dataBeside(result: unknown): Record<string, unknown> {
  return isPlainObject(result)
    ? Object.fromEntries(
        Object.entries(result).filter(([key, value]) => !(key === 'close' && typeof value === 'function')),
      )
    : {};
}

/**
 * What the caller gets: a function, or an object with the same ways to end it.
 * @param ending ends it over there, once, however often it is called
 * @param unheard takes the failure of `[Symbol.dispose]`, which nobody can wait for
 */
export function subscriptionOf(
  ways: number,
  data: Record<string, unknown>,
  ending: (way: number) => Promise<void>,
  unheard: (error: unknown) => void,
): unknown {
  if (ways & 1) return () => ending(1);
  const subscription: Ends = { ...data };
  if (ways & 2) subscription['close'] = () => ending(2);
  if (ways & 4) subscription[Symbol.dispose] = () => void ending(4).catch(unheard);
  if (ways & 8) subscription[Symbol.asyncDispose] = () => ending(8);
  return subscription;
}
