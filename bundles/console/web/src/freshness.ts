import type { ValueView } from './node.js';

export type Freshness = 'fresh' | 'late' | 'stale';

/** Over two intervals old is dimmed, over three says nothing about now. */
export function freshness(time: number, interval: number, now: number): Freshness {
  if (interval <= 0) return 'fresh';
  const age = now - time;
  if (age > 3 * interval) return 'stale';
  return age > 2 * interval ? 'late' : 'fresh';
}

const UNUSABLE = new Set(['bad', 'stale', 'sensor-fault', 'comm-failure']);

export const isUsable = (value: ValueView) => !value.quality.split('|').some((name) => UNUSABLE.has(name));

/** The API's rule for power of a device: inlets that are current add up; it counts when all of them are. */
export function currentWatts(
  values: readonly ValueView[],
  interval: number,
  now: number,
): { kW: number | null; complete: boolean } {
  const current = values.filter(
    (value) => value.value !== null && isUsable(value) && freshness(value.time, interval, now) !== 'stale',
  );
  if (current.length === 0) return { kW: null, complete: false };
  const watts = current.reduce((sum, value) => sum + (value.value ?? 0), 0);
  return { kW: watts / 1000, complete: current.length === values.length };
}
