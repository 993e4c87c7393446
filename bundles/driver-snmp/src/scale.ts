import type { ProfileScaleFrom } from '@rackwatt/device-profiles';
import type { Bindings } from './oid.js';
import { type Found, objectAt, patternOf } from './row.js';
import { numberOf, textOf } from './values.js';

/** A factor as multiplication and division: 467 / 1000 is exact where 467 * 0.001 is not. */
export interface Scale {
  multiply: number;
  divide: number;
  /** Where it stands: `profile`, or the OIDs of the objects that hold it. */
  source: string;
}

const MOST_DECIMALS = 9;
const MOST_EXPONENT = 24;

export function constantScale(scale: number): Scale {
  const inverse = Math.round(1 / scale);
  return scale < 1 && Math.abs(1 / scale - inverse) < 1e-6
    ? { multiply: 1, divide: inverse, source: 'profile' }
    : { multiply: scale, divide: 1, source: 'profile' };
}

/** The factor of a row; undefined when an object that must tell it tells none that is known. */
export function scaleOf(
  found: Found,
  { scale = 1, scaleFrom = [] }: { scale?: number; scaleFrom?: ProfileScaleFrom[] },
  bindings: Bindings,
): Scale | undefined {
  const total = constantScale(scale);
  const sources: string[] = [];
  for (const from of scaleFrom) {
    const varbind = objectAt(found, from.oid, bindings);
    if (varbind === undefined) return undefined;
    const part = partOf(from, numberOf(varbind), textOf(varbind));
    if (part === undefined) return undefined;
    total.multiply *= part.multiply;
    total.divide *= part.divide;
    sources.push(patternOf(found.profile, from.oid).fill(bindings)!);
  }
  return sources.length === 0 ? total : { ...total, source: sources.join(' ') };
}

function partOf({ as, words }: ProfileScaleFrom, number: number, text: string): Omit<Scale, 'source'> | undefined {
  if (as === 'words') {
    const factor = words?.[String(number)] ?? words?.[text];
    return factor === undefined ? undefined : constantScale(factor);
  }
  if (!Number.isInteger(number)) return undefined;
  switch (as) {
    case 'decimals':
      return number >= 0 && number <= MOST_DECIMALS ? { multiply: 1, divide: 10 ** number } : undefined;
    case 'exponent':
      if (Math.abs(number) > MOST_EXPONENT) return undefined;
      return number < 0 ? { multiply: 1, divide: 10 ** -number } : { multiply: 10 ** number, divide: 1 };
    case 'factor':
      if (number === 0) return { multiply: 1, divide: 1 };
      return number < 0 ? { multiply: 1, divide: -number } : { multiply: number, divide: 1 };
  }
}

export function applyScale(raw: number, { multiply, divide }: Pick<Scale, 'multiply' | 'divide'>): number {
  return (raw * multiply) / divide;
}

/** Degrees Fahrenheit to Celsius, in hundredths. */
export function celsius(fahrenheit: number): number {
  return Math.round(((fahrenheit - 32) / 1.8) * 100) / 100;
}
