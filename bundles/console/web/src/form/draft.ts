import type { ConfigurationEdit } from '../node.js';
import { fieldOf, isKeyed, isTyped, type Keyed, type Schema, variantOf } from './schema.js';

export type Path = readonly string[];

export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) => (isKeyed(part) && Object.hasOwn(part, key) ? part[key] : undefined),
    value,
  );
}

/** A copy with one value changed; undefined removes it, and objects that become empty with it. */
export function withAt(value: unknown, path: Path, change: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change;
  const copy: Keyed = { ...(isKeyed(value) ? value : {}) };
  const next = withAt(copy[key], rest, change);
  if (next === undefined || (rest.length > 0 && isKeyed(next) && Object.keys(next).length === 0)) delete copy[key];
  else copy[key] = next;
  return copy;
}

/** Where secrets were typed that are not stored yet. */
export function typedSecrets(
  key: string,
  schema: Schema,
  value: unknown,
  path: Path = [],
): { path: Path; value: string }[] {
  const field = fieldOf(key, schema);
  if (field.kind === 'secret') {
    // A secret is text: an object is kept as JSON, and read as such.
    return isTyped(value) ? [{ path, value: typeof value === 'string' ? value : JSON.stringify(value) }] : [];
  }
  if (field.kind === 'variants')
    return typedSecrets(key, field.variants[variantOf(key, field.variants, value)]!, value, path);
  if (field.kind !== 'object' || !isKeyed(value)) return [];
  return field.properties.flatMap(([name, property]) => typedSecrets(name, property, value[name], [...path, name]));
}

/** The least edits that make `after` of `before`, so that comments and whatever nobody touched stay. */
export function edits(before: unknown, after: unknown, path: readonly string[]): ConfigurationEdit[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (after === undefined) return [{ path }];
  if (!isKeyed(before) || !isKeyed(after) || '$secret' in before || '$secret' in after) return [{ path, value: after }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => edits(before[key], after[key], [...path, key]));
}
