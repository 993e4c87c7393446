import { qualityText, STATES } from '@rackwatt/telemetry';
import type { BatchBody } from '@rackwatt/telemetry/wire';
import type { Points } from './points.js';

/** A value, as Acme is to see it. Change this to what the other side wants. */
export interface Row {
  time: string;
  device: string;
  part: string;
  metric: string;
  unit: string;
  /** A number, the word of a state, or null where there is no value: null is never zero. */
  value: number | string | null;
  quality: string;
}

/** What one batch holds, a row a value. */
export function rowsOf({ samples }: BatchBody, points: Points): Row[] {
  const rows: Row[] = [];
  for (const { device, time, points: numbers, values, quality, states } of samples) {
    for (const [slot, number] of numbers.entries()) {
      const point = points.get(number);
      if (!point) continue;
      const [value, state] = [values[slot]!, states[slot]!];
      rows.push({
        time: new Date(time).toISOString(),
        device,
        part: point.part,
        metric: point.metric,
        unit: point.unit,
        value: state > 0 ? (STATES[state] ?? null) : Number.isNaN(value) ? null : value,
        quality: qualityText(quality[slot]!),
      });
    }
  }
  return rows;
}
