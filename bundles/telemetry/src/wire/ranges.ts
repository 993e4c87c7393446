import { wireInvalid } from './errors.js';

/** First and last sequence, both included. */
export type Range = readonly [from: number, to: number];

/**
 * A set of whole numbers from 0 on, kept as the fewest sorted ranges: cheap where numbers come mostly in order,
 * whatever their count.
 */
export class RangeSet {
  /** Sorted, apart by at least one missing number: `#from[i]..#to[i]`. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  /** @throws WIRE_INVALID when a range is no pair of whole numbers in order. Ranges may overlap and come in any order. */
  static fromArray(ranges: Iterable<Range>): RangeSet {
    const set = new RangeSet();
    for (const range of ranges) {
      if (!Array.isArray(range) || range.length !== 2) throw wireInvalid('a range is no pair');
      set.add(range[0], range[1]);
    }
    return set;
  }

  /** Adds `from..to`, both included. */
  add(from: number, to: number = from): this {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to) {
      throw wireInvalid(`${from}..${to} is no range`);
    }
    // Everything that touches the new range melts into it.
    const first = this.#firstEndingAtOrAfter(from - 1);
    let last = first;
    while (last < this.#from.length && this.#from[last]! <= to + 1) last++;
    if (last > first) {
      from = Math.min(from, this.#from[first]!);
      to = Math.max(to, this.#to[last - 1]!);
    }
    this.#from.splice(first, last - first, from);
    this.#to.splice(first, last - first, to);
    return this;
  }

  has(value: number): boolean {
    const at = this.#firstEndingAtOrAfter(value);
    return at < this.#from.length && this.#from[at]! <= value;
  }

  /** A new set of what is in either. */
  union(other: RangeSet): RangeSet {
    return RangeSet.fromArray([...this.toArray(), ...other.toArray()]);
  }

  /** What of `1..upTo` is not in the set. */
  complement(upTo: number, from = 1): Range[] {
    const missing: Range[] = [];
    let next = from;
    for (let i = this.#firstEndingAtOrAfter(from); i < this.#from.length && next <= upTo; i++) {
      if (this.#from[i]! > next) missing.push([next, Math.min(this.#from[i]! - 1, upTo)]);
      next = this.#to[i]! + 1;
    }
    if (next <= upTo) missing.push([next, upTo]);
    return missing;
  }

  /** How far the set reaches from `from` without a hole: the last number, or `from - 1`. */
  reach(from = 1): number {
    const at = this.#firstEndingAtOrAfter(from);
    return at < this.#from.length && this.#from[at]! <= from ? this.#to[at]! : from - 1;
  }

  /** The fewest ranges, sorted. */
  toArray(): Range[] {
    return this.#from.map((from, i) => [from, this.#to[i]!] as const);
  }

  /** How many numbers are in the set. */
  get count(): number {
    return this.#from.reduce((sum, from, i) => sum + this.#to[i]! - from + 1, 0);
  }

  /** How many ranges it takes. */
  get ranges(): number {
    return this.#from.length;
  }

  /** The largest number; undefined when empty. */
  get last(): number | undefined {
    return this.#to.at(-1);
  }

  /** Index of the first range whose end is at or after a value; the number of ranges when there is none. */
  #firstEndingAtOrAfter(value: number): number {
    let low = 0;
    let high = this.#to.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#to[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
