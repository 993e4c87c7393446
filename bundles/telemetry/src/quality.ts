/**
 * Quality of a value: a bit mask, 0 is good. Vocabulary: ENTITY-SENSOR-MIB operStatus, OPC and Sparkplug qualities, in
 * one mask. JSON prints `"good"` or the names joined by `|`.
 */
export const Quality = {
  GOOD: 0,
  BAD: 1,
  STALE: 2,
  ESTIMATED: 4,
  INTERPOLATED: 8,
  PARTIAL: 16,
  SUSPECT: 32,
  TIME_ADJUSTED: 64,
  TIME_BAD: 128,
  MANUAL: 256,
  HISTORICAL: 512,
  OUT_OF_RANGE: 1024,
  /** The device says that its sensor is missing or broken. */
  SENSOR_FAULT: 2048,
  /** The device, or the module behind it, did not answer. */
  COMM_FAILURE: 4096,
} as const;

export type QualityName = keyof typeof Quality;

const NAMES = (Object.entries(Quality) as [QualityName, number][]).filter(([, bit]) => bit !== 0);

/** `0` -> `"good"`, `1|2048` -> `"bad|sensor-fault"`. */
export function qualityText(mask: number): string {
  if (mask === 0) return 'good';
  return NAMES.filter(([, bit]) => (mask & bit) !== 0)
    .map(([name]) => name.toLowerCase().replaceAll('_', '-'))
    .join('|');
}

/** The inverse of `qualityText`; undefined when a name is unknown. */
export function qualityMask(text: string): number | undefined {
  if (text === 'good') return 0;
  let mask = 0;
  for (const name of text.split('|')) {
    const bit = Quality[name.toUpperCase().replaceAll('-', '_') as QualityName];
    if (!bit) return undefined;
    mask |= bit;
  }
  return mask;
}
