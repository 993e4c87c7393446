import { type Series, qualityText, STATES } from '@rackwatt/telemetry';
import { finite } from './current.js';
import type { SeriesView } from './views.js';

/** JSON columns of a series, with at most about `limit` of its readings. */
export function seriesView(series: Series, from: number, to: number, limit: number): SeriesView {
  const kept = keep(series.times, series.values, from, to, limit);
  const states = series.states.some((code) => code !== 0);
  const pick = <T>(of: (index: number) => T) => Array.from(kept, (index) => of(index));
  return {
    point: series.point,
    from,
    to,
    times: pick((index) => series.times[index]!),
    values: pick((index) => finite(series.values[index]!)),
    quality: pick((index) => qualityText(series.quality[index]!)),
    ...(states && { states: pick((index) => STATES[series.states[index]!] || null) }),
    reduced: kept.length < series.times.length,
  };
}

/**
 * Which readings to show when there are more than `limit`: first, least, greatest and last of each equal step of time, and
 * one without a value where there is one, so that neither a peak nor a hole is lost.
 */
export function keep(times: Float64Array, values: Float64Array, from: number, to: number, limit: number): number[] {
  const count = times.length;
  if (count <= limit) return Array.from({ length: count }, (_, index) => index);
  const steps = Math.max(1, Math.floor(limit / 5));
  const width = Math.max(1, to - from) / steps;
  const kept: number[] = [];
  for (let start = 0; start < count; ) {
    const step = Math.floor((times[start]! - from) / width);
    let [end, least, greatest, hole] = [start, -1, -1, -1];
    for (; end < count && Math.floor((times[end]! - from) / width) === step; end++) {
      const value = values[end]!;
      if (Number.isNaN(value)) hole = hole < 0 ? end : hole;
      else {
        if (least < 0 || value < values[least]!) least = end;
        if (greatest < 0 || value > values[greatest]!) greatest = end;
      }
    }
    const chosen = new Set([start, least, greatest, hole, end - 1].filter((index) => index >= 0));
    kept.push(...[...chosen].sort((a, b) => a - b));
    start = end;
  }
  return kept;
}
