/**
 * Adaptive binary range coder after G. N. N. Martin, "Range encoding" (1979), with the carry of LZMA's. Small columns
 * compress a quarter better than with deflate, since a model learns from the first value on and no tables are stored.
 */

const PROBABILITY_BITS = 12;
const HALF = 1 << 15;
/** Step towards what was seen, as 2^16 / (times seen + 1.5), down to 1/32. */
const RATES = Uint16Array.from({ length: 31 }, (_, seen) => Math.max(2048, Math.round(65_536 / (seen + 1.5))));
const LAST_RATE = RATES.length - 1;
const TOP = 2 ** 24;
const WORD = 2 ** 32;

/** Widest integer: 53 bits. */
const WIDEST = 53;
/** Leading bits below the highest that are modelled; the rest are coded as they are. */
const MODELLED = 3;
const WIDTHS = WIDEST + 1;
const CONTEXTS = WIDTHS + (WIDTHS << MODELLED);

/** What was learnt about the integers of one column: how wide they are, and their leading bits. */
export class IntegerModel {
  /** Probability of a 0, in 16 bits. */
  readonly zero = new Uint16Array(CONTEXTS).fill(HALF);
  readonly seen = new Uint8Array(CONTEXTS);

  reset(): this {
    this.zero.fill(HALF);
    this.seen.fill(0);
    return this;
  }
}

function learn(model: IntegerModel, context: number, bit: number): void {
  const seen = model.seen[context]!;
  const zero = model.zero[context]!;
  const rate = RATES[seen]!;
  model.zero[context] = bit === 0 ? zero + (((65_535 - zero) * rate) >>> 16) : zero - ((zero * rate) >>> 16);
  if (seen < LAST_RATE) model.seen[context] = seen + 1;
}

/** Probability of a 0 for coding: 12 bits, never certain. */
function chance(model: IntegerModel, context: number): number {
  const zero = model.zero[context]! >>> (16 - PROBABILITY_BITS);
  return zero === 0 ? 1 : zero;
}

export class RangeEncoder {
  #bytes = new Uint8Array(4096);
  #length = 0;
  #low = 0;
  #range = 0xffffffff;
  #held = 0;
  /** Bytes that a carry can still change; the first one ever is always 0 and not written. */
  #pending = 0;
  #started = false;

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }

  #shift(): void {
    if (this.#low < 0xff000000 || this.#low >= WORD) {
      const carry = this.#low >= WORD ? 1 : 0;
      if (this.#started) this.#put((this.#held + carry) & 0xff);
      this.#started = true;
      for (; this.#pending > 0; this.#pending--) this.#put((0xff + carry) & 0xff);
      this.#held = (this.#low >>> 24) & 0xff;
    } else {
      this.#pending++;
    }
    this.#low = (this.#low % TOP) * 256;
  }

  #bit(model: IntegerModel, context: number, bit: number): void {
    const bound = (this.#range >>> PROBABILITY_BITS) * chance(model, context);
    if (bit === 0) {
      this.#range = bound;
    } else {
      this.#low += bound;
      this.#range -= bound;
    }
    learn(model, context, bit);
    while (this.#range < TOP) {
      this.#range *= 256;
      this.#shift();
    }
  }

  /** @param value whole, 0 to 2^53 - 1. */
  integer(model: IntegerModel, value: number): void {
    const width = widthOf(value);
    for (let i = 0; i < width; i++) this.#bit(model, i, 1);
    if (width < WIDEST) this.#bit(model, width, 0);
    if (width < 2) return;
    let rest = value - 2 ** (width - 1);
    let left = width - 1;
    let context = 1;
    for (let i = 0; i < MODELLED && left > 0; i++) {
      left--;
      const place = 2 ** left;
      const bit = rest >= place ? 1 : 0;
      if (bit === 1) rest -= place;
      this.#bit(model, WIDTHS + (width << MODELLED) + context, bit);
      context = context * 2 + bit;
    }
    for (; left > 16; left -= 16) {
      const place = 2 ** (left - 16);
      const bits = Math.floor(rest / place);
      rest -= bits * place;
      this.#plain(bits, 16);
    }
    if (left > 0) this.#plain(rest, left);
  }

  /** @param width 1 to 16. */
  #plain(bits: number, width: number): void {
    // The range has at least 24 bits: sixteen at once leave 8, which the loop makes up for.
    this.#range = (this.#range >>> width) >>> 0;
    this.#low += bits * this.#range;
    while (this.#range < TOP) {
      this.#range *= 256;
      this.#shift();
    }
  }

  /** The code, without the zeros at its end; the encoder starts anew. */
  finish(): Uint8Array {
    // Any number in [low, low + range) will do: the one with the most zeros at its end.
    const round = 2 ** Math.floor(Math.log2(this.#range));
    this.#low = Math.ceil(this.#low / round) * round;
    for (let i = 0; i < 5; i++) this.#shift();
    let length = this.#length;
    while (length > 0 && this.#bytes[length - 1] === 0) length--;
    const code = this.#bytes.slice(0, length);
    this.#length = 0;
    this.#low = 0;
    this.#range = 0xffffffff;
    this.#held = 0;
    this.#pending = 0;
    this.#started = false;
    return code;
  }
}

/** Reads what a `RangeEncoder` wrote. Any bytes give some integers: what is not code must be told by a checksum. */
export class RangeDecoder {
  readonly #bytes: Uint8Array;
  #position = 4;
  #code: number;
  #range = 0xffffffff;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const byte = (i: number): number => bytes[i] ?? 0;
    this.#code = byte(0) * TOP + byte(1) * 65_536 + byte(2) * 256 + byte(3);
  }

  #fill(): void {
    while (this.#range < TOP) {
      this.#range *= 256;
      this.#code = this.#code * 256 + (this.#bytes[this.#position++] ?? 0);
    }
  }

  #bit(model: IntegerModel, context: number): number {
    const bound = (this.#range >>> PROBABILITY_BITS) * chance(model, context);
    let bit = 0;
    if (this.#code < bound) {
      this.#range = bound;
    } else {
      this.#code -= bound;
      this.#range -= bound;
      bit = 1;
    }
    learn(model, context, bit);
    if (this.#range < TOP) this.#fill();
    return bit;
  }

  integer(model: IntegerModel): number {
    let width = 0;
    while (width < WIDEST && this.#bit(model, width) === 1) width++;
    if (width < 2) return width;
    let value = 1;
    let left = width - 1;
    let context = 1;
    for (let i = 0; i < MODELLED && left > 0; i++) {
      left--;
      const bit = this.#bit(model, WIDTHS + (width << MODELLED) + context);
      value = value * 2 + bit;
      context = context * 2 + bit;
    }
    for (; left > 16; left -= 16) value = value * 65_536 + this.#plain(16);
    return left > 0 ? value * 2 ** left + this.#plain(left) : value;
  }

  #plain(width: number): number {
    this.#range = (this.#range >>> width) >>> 0;
    const bits = Math.min(Math.floor(this.#code / this.#range), 2 ** width - 1);
    this.#code -= bits * this.#range;
    if (this.#range < TOP) this.#fill();
    return bits;
  }
}

/** Bits of a whole number: 0 for 0. */
export function widthOf(value: number): number {
  return value < WORD ? 32 - Math.clz32(value) : 64 - Math.clz32(value / WORD);
}
