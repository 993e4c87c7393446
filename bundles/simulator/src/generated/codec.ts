import type { ProfilePoint } from '@rackwatt/device-profiles';
import { METRICS } from '@rackwatt/telemetry';
import { hash } from './random.js';

/** Factor between what an object holds and the unit of a metric: `value = raw * multiply / divide`. */
export interface Factor {
  multiply: number;
  divide: number;
}

/** What stands in an object, and the value that this expresses: a number in the metric's unit, or the word of a state. */
export interface Encoded {
  raw: number | string;
  value: number | string;
}

/** How a point of a profile tells values. */
export interface Codec {
  factor: Factor;
  /** Two codecs of one signature tell a value alike. */
  signature: string;
  encode(value: number | readonly string[], refused: ReadonlySet<string>): Encoded;
  /** Words of raw values. */
  states?: Readonly<Record<string, string>>;
}

/** A factor as a division where that is exact. */
export function factorOf(scale = 1): Factor {
  const inverse = Math.round(1 / scale);
  const isInverse = scale < 1 && Math.abs(1 / scale - inverse) < 1e-6;
  return isInverse ? { multiply: 1, divide: inverse } : { multiply: scale, divide: 1 };
}

/** Digits behind the point that a device shows, of a number in the unit of the metric. */
const DIGITS: Record<string, number> = { A: 2, V: 1, Hz: 1, Cel: 1, '1': 2, '%': 1, 'm/s': 1 };

/** Digits behind the point that a metric deserves. */
export const digitsOf = (metric: ProfilePoint['metric']): number =>
  METRICS[metric].kind === 'counter' ? 0 : (DIGITS[METRICS[metric].unit] ?? 0);

/** What of a point says how it is told. */
type Told = {
  [Key in 'metric' | 'states' | 'units' | 'list' | 'fahrenheit' | 'noValue']?: ProfilePoint[Key] | undefined;
} & Pick<ProfilePoint, 'metric'>;

export function codecOf(point: Told, factor: Factor, name: string): Codec {
  const { metric, states, units, list, fahrenheit, noValue } = point;
  const none = new Set(Array.isArray(noValue) ? noValue.map(String) : []);
  const signature = JSON.stringify([factor, units, list, fahrenheit, states, METRICS[metric].kind]);
  if (states)
    return { factor, signature, states, encode: (value) => encodeState(states, value as readonly string[], none) };
  const isText = list !== undefined || (Array.isArray(noValue) && noValue.some((value) => typeof value === 'string'));
  const counts = METRICS[metric].kind === 'counter';
  return {
    factor,
    signature,
    encode(value, refused) {
      const wanted = fahrenheit ? (value as number) * 1.8 + 32 : (value as number);
      const encoded = units
        ? encodeWithUnit(wanted, factor, units, name, counts)
        : encodeNumber(
            wanted,
            factor,
            isText ? digitsOf(metric) : 0,
            counts,
            (raw) => none.has(raw) || refused.has(raw),
          );
      return { ...encoded, value: fahrenheit ? celsius(encoded.value) : encoded.value };
    },
  };
}

/** The raw value of the first word that the states have; else their first. */
function encodeState(
  states: Readonly<Record<string, string>>,
  words: readonly string[],
  none: ReadonlySet<string>,
): Encoded {
  const entries = Object.entries(states).filter(([raw]) => !none.has(raw));
  const found = words.flatMap((word) => entries.filter(([, each]) => each === word).slice(0, 1));
  const [raw, value] = found[0] ?? entries[0]!;
  return { raw: /^-?\d+$/.test(raw) ? Number(raw) : raw, value };
}

const apply = (raw: number, { multiply, divide }: Factor): number => (raw * multiply) / divide;

function encodeNumber(
  wanted: number,
  factor: Factor,
  digits: number,
  counts: boolean,
  isRefused: (raw: string) => boolean,
): { raw: number | string; value: number } {
  const step = factor.divide === 1 && factor.multiply === 1 ? 10 ** digits : 1;
  const exact = (wanted * factor.divide * step) / factor.multiply;
  let whole = counts ? Math.floor(exact) : Math.round(exact);
  const text = () => (step === 1 ? String(whole) : (whole / step).toFixed(digits));
  while (isRefused(text())) whole++;
  const value = apply(whole / step, factor);
  return { raw: digits > 0 ? text() : whole, value };
}

/** Which of its units a device takes differs from part to part. */
function encodeWithUnit(
  wanted: number,
  factor: Factor,
  units: Readonly<Record<string, number>>,
  name: string,
  counts: boolean,
): { raw: string; value: number } {
  const all = Object.entries(units);
  const [unit, size] = all[hash(name) % all.length]!;
  const digits = size > 1 ? Math.ceil(Math.log10(size)) : size === 1 ? 1 : 0;
  const step = 10 ** digits;
  const exact = ((wanted * factor.divide) / factor.multiply / size) * step;
  const text = ((counts ? Math.floor(exact) : Math.round(exact)) / step).toFixed(digits);
  return { raw: `${text}${unit}`, value: apply(Number(text) * size, factor) };
}

/** In hundredths, as devices in degrees Fahrenheit deserve. */
export function celsius(fahrenheit: number): number {
  return Math.round(((fahrenheit - 32) / 1.8) * 100) / 100;
}
