import { type LatestValue, levelOf, Quality, qualityText } from '@rackwatt/telemetry';
import type { ValueView } from './views.js';

const UNUSABLE = Quality.BAD | Quality.STALE | Quality.SENSOR_FAULT | Quality.COMM_FAILURE;

/** Intervals after which a value no longer says anything about now. */
export const STALE_INTERVALS = 3;

/** Whether a value tells how things are now, so that it may enter a total. */
export function isCurrent(value: LatestValue, interval: number, now: number): boolean {
  return (value.quality & UNUSABLE) === 0 && now - value.time <= STALE_INTERVALS * interval;
}

export function valueView(value: LatestValue): ValueView {
  const { point, device, part, metric, unit, state, quality, time } = value;
  return {
    point,
    device,
    part,
    level: levelOf(part),
    metric,
    unit,
    value: finite(value.value),
    state,
    quality: qualityText(quality),
    time,
  };
}

/** NaN is how columns say that there is no number. */
export function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
