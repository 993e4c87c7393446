/** The part of JSON Schema that configuration schemas use. */
export interface Schema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  examples?: unknown[];
}

export type Field =
  | { kind: 'object'; properties: [key: string, schema: Schema][]; required: ReadonlySet<string> }
  | { kind: 'variants'; variants: Schema[] }
  | { kind: 'choice'; choices: { value: unknown; label: string }[] }
  /** `user`: besides a text an object may be given, such as a user with keys. */
  | { kind: 'secret'; user: boolean }
  | { kind: 'boolean' }
  | { kind: 'number'; integer: boolean }
  | { kind: 'text' }
  | { kind: 'lines' }
  | { kind: 'json' };

/** Keys of secrets: what is typed there is stored apart and never written into the file. */
const SECRET_KEY =
  /pass(word|phrase|wd)|secret|community|credential|token|api[-_]?key|auth[-_]?key|priv(ate)?[-_]?key|^key$/i;

/** How a schema is asked for. */
export function fieldOf(key: string, schema: Schema): Field {
  const variants = (schema.anyOf ?? schema.oneOf ?? []).filter((variant) => !isReference(variant));
  const constants = variants.filter((variant) => variant.const !== undefined);
  if (schema.enum) return choice(schema.enum.map((value) => ({ const: value })));
  if (variants.length > 0 && constants.length === variants.length) return choice(variants);
  if (variants.length === 1) return fieldOf(key, variants[0]!);
  const text = variants.some((variant) => variant.type === 'string');
  const open = variants.some((variant) => variant.type === 'object' && !variant.properties);
  if (SECRET_KEY.test(key) && text && open && variants.length === 2) return { kind: 'secret', user: true };
  if (variants.length > 1) return { kind: 'variants', variants };
  if (schema.properties) {
    return { kind: 'object', properties: Object.entries(schema.properties), required: new Set(schema.required) };
  }
  if (schema.type === 'boolean') return { kind: 'boolean' };
  if (schema.type === 'number' || schema.type === 'integer')
    return { kind: 'number', integer: schema.type === 'integer' };
  if (SECRET_KEY.test(key) && (schema.type === 'string' || schema.type === undefined))
    return { kind: 'secret', user: false };
  if (schema.type === 'string') return { kind: 'text' };
  if (schema.type === 'array' && schema.items?.type === 'string') return { kind: 'lines' };
  return { kind: 'json' };
}

const isReference = (schema: Schema) => schema.properties !== undefined && '$secret' in schema.properties;

function choice(variants: Schema[]): Field {
  return {
    kind: 'choice',
    choices: variants.map(({ const: value, title }) => ({ value, label: title ?? String(value) })),
  };
}

/** `powerFactor` -> `Power factor`. */
export function titleOf(key: string, schema: Schema): string {
  if (schema.title) return schema.title;
  const words = key
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_.]/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'Text',
  object: 'Several values',
  array: 'List',
  number: 'Number',
  null: 'None',
};

export function variantTitle(key: string, schema: Schema): string {
  if (schema.title) return schema.title;
  if (fieldOf(key, schema).kind === 'secret') return 'Single secret';
  if (schema.properties) return Object.keys(schema.properties).slice(0, 3).join(', ');
  return TYPE_WORDS[schema.type ?? ''] ?? 'Any value';
}

/** The variant that a value belongs to, else the first. */
export function variantOf(key: string, variants: readonly Schema[], value: unknown): number {
  const fits = variants.findIndex((variant) => {
    if (variant.const !== undefined) return variant.const === value;
    const { kind } = fieldOf(key, variant);
    if (kind === 'secret') return typeof value === 'string' || isStored(value);
    if (kind === 'object') return isKeyed(value) && !isStored(value);
    if (Array.isArray(value)) return variant.type === 'array';
    return variant.type === typeof value || (variant.type === 'integer' && typeof value === 'number');
  });
  return Math.max(0, fits);
}

export type Keyed = Record<string, unknown>;

export const isKeyed = (value: unknown): value is Keyed =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isStored = (value: unknown): value is { $secret: string } =>
  isKeyed(value) && typeof value['$secret'] === 'string';

/** Whether a value was typed as a secret and is not stored yet: a text, or an object where one may be given. */
export const isTyped = (value: unknown) =>
  (typeof value === 'string' && value !== HIDDEN) || (isKeyed(value) && !isStored(value));

/** What the API shows for a secret that stands in the file in clear. */
export const HIDDEN = '(secret)';
