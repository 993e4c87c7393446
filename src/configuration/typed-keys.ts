import { asList } from './json.js';

type Scalar = 'text' | 'character' | 'integer' | 'number' | 'boolean';

/** What the types of Java are in JSON. */
const SCALARS: Readonly<Record<string, Scalar>> = {
  String: 'text',
  Character: 'character',
  char: 'character',
  Integer: 'integer',
  int: 'integer',
  Long: 'integer',
  long: 'integer',
  Short: 'integer',
  short: 'integer',
  Byte: 'integer',
  byte: 'integer',
  Float: 'number',
  float: 'number',
  Double: 'number',
  double: 'number',
  Boolean: 'boolean',
  boolean: 'boolean',
};

const LIST = /^(?:(\w+)\[\]|Collection(?:<(\w+)>)?)$/;

/**
 * A key of a configuration that a bundle brings, which may say its type behind a colon: `port:Integer`, `racks:String[]`,
 * `limits:Collection<Double>` (Compendium 150.4.3). The value is brought to that type.
 * @returns the key without the type, and the value; or what is wrong with it
 */
export function typed(key: string, value: unknown): { key: string; value: unknown } | { mistake: string } {
  const colon = key.lastIndexOf(':');
  if (colon < 0) return { key, value };
  const name = key.slice(0, colon);
  const type = key.slice(colon + 1);
  const list = LIST.exec(type);
  const scalar = list ? (list[1] ?? list[2]) : type;
  const kind = scalar === undefined ? undefined : SCALARS[scalar];
  if (name === '' || (scalar !== undefined && kind === undefined))
    return { mistake: `${key} names a type that is not known` };
  const items = list ? (Array.isArray(value) ? asList(value) : [value]) : [value];
  const converted = items.map((item) => (kind === undefined ? item : convert(kind, item)));
  if (converted.some((item) => item === undefined || item === null || typeof item === 'object'))
    return { mistake: `the value of ${name} is no ${type}` };
  return { key: name, value: list ? converted : converted[0] };
}

/** undefined: it cannot be. */
function convert(kind: Scalar, value: unknown): string | number | boolean | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const text = String(value);
  if (kind === 'text') return text;
  if (kind === 'character') return Array.from(text).length === 1 ? text : undefined;
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  const number = typeof value === 'boolean' || text.trim() === '' ? Number.NaN : Number(value);
  if (kind === 'integer') return Number.isSafeInteger(number) ? number : undefined;
  return Number.isFinite(number) ? number : undefined;
}
