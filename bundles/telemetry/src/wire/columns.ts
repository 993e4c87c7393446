import { wireInvalid } from './errors.js';

/** Values with up to this many decimals travel as whole numbers. */
export const MOST_DECIMALS = 6;
/** In the column of decimals: the value is a double, or there is none. */
export const AS_DOUBLE = 14;
export const AS_NONE = 15;

const POWERS = Float64Array.from({ length: MOST_DECIMALS + 1 }, (_, exponent) => 10 ** exponent);
/** Largest whole number that a decimal is scaled to: its zigzag stays a safe integer. */
const LARGEST_SCALED = 2 ** 51;

/** Grows as it is written, and is used again: one for each column of an encoder. */
export class ColumnWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written since the last `reset`; good until the next write. */
  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + size));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** @param value whole, 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#reserve(8);
    while (value > 0x7fffffff) {
      this.#bytes[this.#length++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    while (value > 0x7f) {
      this.#bytes[this.#length++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.#bytes[this.#length++] = value;
  }

  /** @param value whole, within 2^52 of zero. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }
}

/** Reads what a `ColumnWriter` wrote, from anyone. */
export class ColumnReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#position >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw wireInvalid('a column ends within a number');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw wireInvalid('a number in a column is over 53 bits');
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** Point numbers as runs: distance of a run's start from the end of the one before, then its length less one. */
export function writeRuns(column: ColumnWriter, points: Uint32Array): void {
  let end = 0;
  for (let i = 0; i < points.length; ) {
    const start = points[i]!;
    let next = i + 1;
    while (next < points.length && points[next] === points[next - 1]! + 1) next++;
    column.zigzag(start - end);
    column.varint(next - i - 1);
    end = start + (next - i);
    i = next;
  }
}

/** @param most points at most. */
export function readRuns(bytes: Uint8Array, most: number): Uint32Array {
  const runs: number[] = [];
  const column = new ColumnReader(bytes);
  let end = 0;
  let count = 0;
  while (!column.ended) {
    const start = end + column.zigzag();
    const length = column.varint() + 1;
    end = start + length;
    count += length;
    if (start < 0 || end > 2 ** 32) throw wireInvalid('a point number is over 32 bits');
    if (count > most) throw wireInvalid(`a sample has more than ${most} points`);
    runs.push(start, length);
  }
  const points = new Uint32Array(count);
  for (let at = 0, i = 0; i < runs.length; i += 2) {
    for (let offset = 0; offset < runs[i + 1]!; offset++) points[at++] = runs[i]! + offset;
  }
  return points;
}

/** A value and how often it repeats, less one; nothing at all when every value is 0. */
export function writeRepeats(column: ColumnWriter, values: Uint16Array | Uint8Array): void {
  let any = false;
  for (let i = 0; i < values.length && !any; i++) any = values[i] !== 0;
  if (!any) return;
  for (let i = 0; i < values.length; ) {
    let next = i + 1;
    while (next < values.length && values[next] === values[i]) next++;
    column.varint(values[i]!);
    column.varint(next - i - 1);
    i = next;
  }
}

/** Fills `into`, which is 0 all over, exactly. */
export function readRepeats<T extends Uint16Array | Uint8Array>(bytes: Uint8Array, into: T): T {
  if (bytes.length === 0) return into;
  const largest = into.BYTES_PER_ELEMENT === 2 ? 0xffff : 0xff;
  const column = new ColumnReader(bytes);
  let at = 0;
  while (!column.ended) {
    const value = column.varint();
    const length = column.varint() + 1;
    if (value > largest || at + length > into.length) throw wireInvalid('a column of repeats does not fit the sample');
    into.fill(value, at, at + length);
    at += length;
  }
  if (at !== into.length) throw wireInvalid('a column of repeats is shorter than the sample');
  return into;
}

/** The three columns that carry the values of a sample. */
export interface ValueColumns<Column> {
  /** One byte a value: its decimals, or `AS_DOUBLE` or `AS_NONE`. */
  decimals: Column;
  /** Zigzag varints of value x 10^decimals. */
  scaled: Column;
  /** Little-endian doubles. */
  doubles: Column;
}

/** Each value with the fewest decimals that give it back to the bit; else as the double it is. What is not finite travels as none. */
export function writeValues(columns: ValueColumns<ColumnWriter>, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) {
      columns.decimals.byte(AS_NONE);
      continue;
    }
    let decimals = AS_DOUBLE;
    let scaled = 0;
    if (!Object.is(value, -0)) {
      for (let exponent = 0; exponent <= MOST_DECIMALS; exponent++) {
        scaled = Math.round(value * POWERS[exponent]!);
        if (Math.abs(scaled) > LARGEST_SCALED) break;
        if (scaled / POWERS[exponent]! === value) {
          decimals = exponent;
          break;
        }
      }
    }
    columns.decimals.byte(decimals);
    // A tiny negative number rounds to -0, which is never equal to it, so zigzag meets whole numbers only.
    if (decimals === AS_DOUBLE) columns.doubles.double(value);
    else columns.scaled.zigzag(scaled);
  }
}

/** @param count values that there must be. */
export function readValues(columns: ValueColumns<Uint8Array>, count: number): Float64Array {
  const { decimals, doubles } = columns;
  if (decimals.length !== count) throw wireInvalid(`a sample of ${count} points has ${decimals.length} values`);
  const scaled = new ColumnReader(columns.scaled);
  const view = new DataView(doubles.buffer, doubles.byteOffset, doubles.byteLength);
  const values = new Float64Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const how = decimals[i]!;
    if (how === AS_NONE) values[i] = Number.NaN;
    else if (how === AS_DOUBLE) {
      if (at + 8 > doubles.length) throw wireInvalid('a sample lacks doubles');
      const value = view.getFloat64(at, true);
      values[i] = Number.isFinite(value) ? value : Number.NaN;
      at += 8;
    } else if (how <= MOST_DECIMALS) values[i] = scaled.zigzag() / POWERS[how]!;
    else throw wireInvalid(`a value has the unknown form ${how}`);
  }
  if (!scaled.ended || at !== doubles.length) throw wireInvalid('a sample has more numbers than points');
  return values;
}
