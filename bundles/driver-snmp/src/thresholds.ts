import type { ProfilePoint, ProfileThreshold } from '@rackwatt/device-profiles';
import type { Thresholds } from '@rackwatt/telemetry';
import type { Varbind } from './snmp/varbind.js';
import type { Bindings } from './oid.js';
import { type Found, objectAt } from './row.js';
import { applyScale, celsius, constantScale, scaleOf } from './scale.js';
import { numberOf, textOf } from './values.js';

type Level = keyof Thresholds;

export function* columnsOfThresholds(thresholds: ProfilePoint['thresholds']): Generator<string> {
  for (const { oid, enabled } of Object.values(thresholds ?? {})) {
    yield oid;
    if (enabled) yield enabled.oid;
  }
}

/** Limits that the device has for a point and that are in force; undefined when there are none. */
export function thresholdsOf(found: Found, point: ProfilePoint, bindings: Bindings): Thresholds | undefined {
  const limits: Thresholds = {};
  for (const [level, threshold] of Object.entries(point.thresholds ?? {}) as [Level, ProfileThreshold][]) {
    const varbind = objectAt(found, threshold.oid, bindings);
    if (!varbind || !isEnabled(found, threshold, bindings)) continue;
    const limit = limitOf(found, { ...point, ...threshold }, varbind, bindings, threshold.scale);
    if (limit !== undefined) limits[level] = limit;
  }
  return Object.keys(limits).length === 0 ? undefined : limits;
}

/** A limit in the unit of its metric; undefined when the device has none. `own`: scale of a limit that has one of its own. */
export function limitOf(
  found: Found,
  point: Pick<ProfilePoint, 'noValue' | 'scale' | 'scaleFrom' | 'fahrenheit'>,
  varbind: Varbind,
  bindings: Bindings,
  own?: number,
): number | undefined {
  const raw = numberOf(varbind);
  const { noValue } = point;
  const text = textOf(varbind);
  const none = noValue === 'negative' ? raw < 0 : noValue?.some((value) => value === raw || value === text);
  const scale = own === undefined ? scaleOf(found, point, bindings) : constantScale(own);
  if (Number.isNaN(raw) || none === true || !scale) return undefined;
  const limit = applyScale(raw, scale);
  return point.fahrenheit ? celsius(limit) : limit;
}

/** BITS count from the highest bit of the first octet (RFC 2578, 7.1.4). A device that does not tell has it in force. */
function isEnabled(found: Found, { enabled }: ProfileThreshold, bindings: Bindings): boolean {
  const varbind = enabled && objectAt(found, enabled.oid, bindings);
  if (!varbind || !Buffer.isBuffer(varbind.value)) return true;
  return ((varbind.value[enabled.bit >> 3] ?? 0) & (0x80 >> (enabled.bit & 7))) !== 0;
}
