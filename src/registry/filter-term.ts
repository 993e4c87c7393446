import { isList } from './properties.js';
import type { Comparable, PropertyValue } from './types.js';

export type Scalar = string | number | bigint | boolean;
export type ScalarType = 'string' | 'number' | 'bigint' | 'boolean';
export type Operator = '=' | '~=' | '>=' | '<=' | 'present' | 'substring';

/** One comparison of a filter, such as `(outlets>=24)`. The value takes the type of the property that it meets. */
export class Term {
  /** As written. */
  readonly name: string;
  /** The name in lower case: the key of lookups. */
  readonly key: string;
  readonly operator: Operator;
  /** The unescaped value; empty for `present` and `substring`. */
  readonly text: string;
  /** What lies between the asterisks of a `substring`, at least two pieces. */
  readonly pieces: readonly string[];
  #number: number | undefined;
  #bigint: bigint | null | undefined;
  #approximate: string | undefined;

  constructor(name: string, operator: Operator, text: string, pieces: readonly string[] = NONE) {
    this.name = name;
    this.key = name.toLowerCase();
    this.operator = operator;
    this.text = text;
    this.pieces = pieces;
  }

  /** Missing values match nothing; an array matches when any element does. */
  matches(value: PropertyValue | undefined): boolean {
    if (value === undefined || value === null) return false;
    if (this.operator === 'present') return true;
    if (typeof value !== 'object') return this.#scalar(value);
    if (!isList(value)) return this.#compared(value);
    for (const element of value)
      if (typeof element === 'object' ? this.#compared(element) : this.#scalar(element)) return true;
    return false;
  }

  /** The value as a property of the given type; undefined when it cannot be read as one. */
  operand(type: ScalarType): Scalar | undefined {
    switch (type) {
      case 'string':
        return this.text;
      case 'number': {
        const number = this.#asNumber();
        return Number.isNaN(number) ? undefined : number;
      }
      case 'bigint':
        return this.#asBigint() ?? wholeOf(this.#asNumber());
      case 'boolean':
        return asBoolean(this.text);
    }
  }

  toString(): string {
    if (this.operator === 'present') return `(${this.name}=*)`;
    if (this.operator === 'substring') return `(${this.name}=${this.pieces.map(escapeFilterValue).join('*')})`;
    return `(${this.name}${this.operator}${escapeFilterValue(this.text)})`;
  }

  #scalar(value: Scalar): boolean {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return this.#ordered(value, this.#asNumber());
      case 'bigint':
        return this.#ordered(value, this.#asBigint() ?? this.#asNumber());
      case 'boolean':
        // Order means nothing for booleans: every comparison is equality, as in OSGi.
        return this.operator !== 'substring' && value === asBoolean(this.text);
      default:
        return false;
    }
  }

  #string(value: string): boolean {
    switch (this.operator) {
      case '=':
        return value === this.text;
      case '>=':
        return value >= this.text;
      case '<=':
        return value <= this.text;
      case '~=':
        this.#approximate ??= approximate(this.text);
        return approximate(value) === this.#approximate;
      case 'substring':
        return containsInOrder(value, this.pieces);
      default:
        return true;
    }
  }

  /** An operand that is not a number is NaN, which compares false with everything. */
  #ordered(value: number | bigint, operand: number | bigint): boolean {
    switch (this.operator) {
      case '>=':
        return value >= operand;
      case '<=':
        return value <= operand;
      case 'substring':
        return false;
      default:
        // oxlint-disable-next-line eqeqeq -- a bigint equals the number of the same value only so
        return value == operand;
    }
  }

  #compared(value: Date | Partial<Comparable> | null): boolean {
    if (this.operator === 'substring' || value === null) return false;
    const order = value instanceof Date ? compareDate(value, this.text) : value.compareText?.(this.text);
    if (order === undefined) return false;
    return this.operator === '>=' ? order >= 0 : this.operator === '<=' ? order <= 0 : order === 0;
  }

  #asNumber(): number {
    return (this.#number ??= asNumber(this.text));
  }

  #asBigint(): bigint | null {
    return this.#bigint === undefined ? (this.#bigint = asBigint(this.text)) : this.#bigint;
  }
}

const NONE: readonly string[] = [];
/** Longer digits than any real integer are not worth the more than linear time of reading them. */
const BIGINT_DIGITS = 400;

function asNumber(text: string): number {
  const trimmed = text.trim();
  // `Number` alone would take the empty text for 0, and 0x10 for 16.
  if (trimmed === '' || /^[+-]?0[xob]/i.test(trimmed)) return Number.NaN;
  return Number(trimmed);
}

function asBigint(text: string): bigint | null {
  const trimmed = text.trim();
  return trimmed.length <= BIGINT_DIGITS && /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed.replace('+', '')) : null;
}

/** A bigint equals a number that is written otherwise, such as `1e3`. */
function wholeOf(number: number): bigint | undefined {
  return Number.isInteger(number) ? BigInt(number) : undefined;
}

const DATE = /^\d{4}(-\d\d){0,2}(T\d\d:\d\d[\d:.]{0,20}(Z|[+-]\d\d:\d\d)?)?$/;

/** @param text ISO 8601, such as `2026-01-31` or `2026-01-31T12:00Z` */
function compareDate(date: Date, text: string): number | undefined {
  const trimmed = text.trim();
  const order = DATE.test(trimmed) ? date.getTime() - Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(order) ? undefined : order;
}

function asBoolean(text: string): boolean | undefined {
  if (text.length < 4) return undefined;
  const word = text.trim().toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

function approximate(text: string): string {
  return text.replace(/\s+/g, '').toLowerCase();
}

/** The text of a value in a filter: `(name=${escapeFilterValue(hostile)})` compares with exactly that value. */
export function escapeFilterValue(text: string): string {
  return text.replace(/[\\*()]/g, '\\$&');
}

function containsInOrder(value: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? '';
  const last = pieces[pieces.length - 1] ?? '';
  if (!value.startsWith(first)) return false;
  let from = first.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] ?? '';
    const at = value.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return value.length - last.length >= from && value.endsWith(last);
}
