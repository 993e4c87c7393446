import { storeError } from '../errors.js';
import { IntegerModel, type RangeDecoder, type RangeEncoder, widthOf } from './range-coder.js';

/** How the numbers of a column became integers. */
const FORM = { decimal: 0, single: 1, double: 2 } as const;

/** Most decimals that make a number a scaled integer. */
const MOST_DECIMALS = 9;
const POWERS = Float64Array.from({ length: MOST_DECIMALS + 1 }, (_, exponent) => 10 ** exponent);
/** Largest scaled integer: its second difference, zigzag, still has 53 bits. */
const LARGEST = 2 ** 50;

/** How integers are predicted: from their mean, from the one before, from the two before. */
const ORDERS = [0, 1, 2] as const;

const head = new IntegerModel();
const body = new IntegerModel();

/**
 * Writes numbers so that they come back to the bit (every NaN as the one NaN): decimals as scaled integers, what a
 * register of 32 bits gave as the integer of its bits, anything else as two halves of a double.
 */
export function writeColumn(encoder: RangeEncoder, values: Float64Array): void {
  head.reset();
  const decimals = decimalsOf(values);
  if (decimals >= 0) {
    encoder.integer(head, FORM.decimal);
    encoder.integer(head, decimals);
    const power = POWERS[decimals]!;
    writeIntegers(
      encoder,
      values.map((value) => Math.round(value * power)),
    );
  } else if (values.every((value) => Object.is(Math.fround(value), value))) {
    encoder.integer(head, FORM.single);
    writeIntegers(encoder, Float64Array.from(new Int32Array(Float32Array.from(values).buffer)));
  } else {
    encoder.integer(head, FORM.double);
    const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    for (const half of [1, 0])
      writeIntegers(
        encoder,
        Float64Array.from(values, (_, i) => halves[i * 2 + half]!),
      );
  }
}

/** @throws STORE_CHUNK_CORRUPT */
export function readColumn(decoder: RangeDecoder, count: number): Float64Array {
  head.reset();
  const form = decoder.integer(head);
  if (form === FORM.decimal) {
    const power = POWERS[decoder.integer(head)];
    if (power === undefined) throw corrupt('a column has too many decimals');
    const integers = readIntegers(decoder, count);
    if (power !== 1) for (let i = 0; i < count; i++) integers[i]! /= power;
    return integers;
  }
  if (form === FORM.single) {
    return Float64Array.from(new Float32Array(Int32Array.from(readIntegers(decoder, count)).buffer));
  }
  if (form === FORM.double) {
    const halves = new Uint32Array(count * 2);
    for (const half of [1, 0]) readIntegers(decoder, count).forEach((value, i) => (halves[i * 2 + half] = value));
    return new Float64Array(halves.buffer);
  }
  throw corrupt(`a column has the unknown form ${form}`);
}

export function corrupt(what: string): Error {
  return storeError('STORE_CHUNK_CORRUPT', `A chunk of the store is damaged: ${what}.`, { what });
}

/** Fewest decimals with which every number is a scaled integer to the bit; -1 when there are none. */
function decimalsOf(values: Float64Array): number {
  let decimals = 0;
  for (const value of values) {
    while (!isScaled(value, POWERS[decimals]!)) if (++decimals > MOST_DECIMALS) return -1;
  }
  // A number that fits fewer decimals fits more, unless it grows too large.
  const power = POWERS[decimals]!;
  return values.every((value) => isScaled(value, power)) ? decimals : -1;
}

function isScaled(value: number, power: number): boolean {
  const scaled = Math.round(value * power);
  // An integer has no sign when it is 0, so -0 is none.
  return Math.abs(scaled) <= LARGEST && scaled / power === value && !Object.is(value, -0);
}

function writeIntegers(encoder: RangeEncoder, integers: Float64Array): void {
  let best = residuals(integers, 0);
  let order = 0;
  for (const candidate of ORDERS.slice(1)) {
    if (integers.length <= candidate) break;
    const other = residuals(integers, candidate);
    if (other.bits >= best.bits) continue;
    best = other;
    order = candidate;
  }
  encoder.integer(head, order);
  for (const start of best.starts) encoder.integer(head, zigzag(start));
  body.reset();
  for (const residual of best.residuals) encoder.integer(body, residual);
}

function readIntegers(decoder: RangeDecoder, count: number): Float64Array {
  const order = decoder.integer(head);
  if (order > 2) throw corrupt('a column is predicted in an unknown way');
  const integers = new Float64Array(count);
  if (order === 0) {
    const mean = unzigzag(decoder.integer(head));
    body.reset();
    for (let i = 0; i < count; i++) integers[i] = mean + unzigzag(decoder.integer(body));
    return integers;
  }
  let last = unzigzag(decoder.integer(head));
  let step = order === 2 ? unzigzag(decoder.integer(head)) : 0;
  if (count > 0) integers[0] = last;
  if (order === 2 && count > 1) integers[1] = last += step;
  body.reset();
  for (let i = order; i < count; i++) {
    const residual = unzigzag(decoder.integer(body));
    if (order === 2) last += step += residual;
    else last += residual;
    integers[i] = last;
  }
  return integers;
}

interface Residuals {
  /** What comes before the residuals: the mean, or the first integer and the first step. */
  starts: number[];
  /** Zigzag. */
  residuals: Float64Array;
  /** About what they take. */
  bits: number;
}

function residuals(integers: Float64Array, order: (typeof ORDERS)[number]): Residuals {
  const count = integers.length;
  const found = new Float64Array(Math.max(0, count - order));
  let starts: number[];
  if (order === 0) {
    let sum = 0;
    for (const integer of integers) sum += integer;
    const mean = count === 0 ? 0 : Math.round(sum / count);
    starts = [mean];
    for (let i = 0; i < count; i++) found[i] = zigzag(integers[i]! - mean);
  } else if (order === 1) {
    starts = [integers[0]!];
    for (let i = 1; i < count; i++) found[i - 1] = zigzag(integers[i]! - integers[i - 1]!);
  } else {
    starts = [integers[0]!, integers[1]! - integers[0]!];
    for (let i = 2; i < count; i++) found[i - 2] = zigzag(integers[i]! - 2 * integers[i - 1]! + integers[i - 2]!);
  }
  let bits = 0;
  for (const residual of found) bits += residual === 0 ? 1 : 2 + widthOf(residual);
  return { starts, residuals: found, bits };
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
