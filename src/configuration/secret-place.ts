import { randomUUID } from 'node:crypto';
import { asList, isKeyed } from './json.js';

/** Stands for a secret while its configuration is validated; random, so that nobody can write it. */
export const SECRET_PLACE = `secret:${randomUUID()}`;

const CHILD_MAPS = ['properties', 'patternProperties'];
const CHILD_SCHEMAS = [
  'items',
  'additionalProperties',
  'additionalItems',
  'contains',
  'unevaluatedProperties',
  'unevaluatedItems',
];
const CHILD_LISTS = ['prefixItems'];
const SAME_PLACE_LISTS = ['allOf', 'anyOf', 'oneOf'];
const SAME_PLACE_SCHEMAS = ['if', 'then', 'else', 'not'];
const SAME_PLACE_MAPS = ['$defs', 'definitions', 'dependentSchemas'];

/** The schema that takes `SECRET_PLACE` for every value inside it as well. */
export function allowingSecrets(schema: unknown): unknown {
  if (!isKeyed(schema)) return schema;
  const inside = (part: unknown): unknown =>
    isKeyed(part) ? { anyOf: [{ const: SECRET_PLACE }, allowingSecrets(part)] } : part;
  const map = (change: (part: unknown) => unknown) => (parts: unknown) =>
    isKeyed(parts) ? Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, change(part)])) : parts;
  const list = (change: (part: unknown) => unknown) => (parts: unknown) =>
    Array.isArray(parts) ? asList(parts).map(change) : change(parts);
  const copy: Record<string, unknown> = { ...schema };
  const change = (keywords: readonly string[], how: (part: unknown) => unknown): void => {
    for (const keyword of keywords) if (Object.hasOwn(schema, keyword)) copy[keyword] = how(schema[keyword]);
  };
  change(CHILD_MAPS, map(inside));
  change(CHILD_SCHEMAS, list(inside));
  change(CHILD_LISTS, list(inside));
  change(SAME_PLACE_LISTS, list(allowingSecrets));
  change(SAME_PLACE_SCHEMAS, allowingSecrets);
  change(SAME_PLACE_MAPS, map(allowingSecrets));
  return copy;
}
