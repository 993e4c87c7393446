import { randomUUID } from 'node:crypto';
import { asList, isKeyed } from './json.js';
import { pointerOf } from './pointer.js';

/** Names of secrets are also names of files. */
export const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export interface SecretReference {
  /** Place in the configuration that was looked through. */
  pointer: string;
  name: string;
}

export interface ReferenceMistake {
  pointer: string;
  message: string;
}

/** Whether a value is `{"$secret": "name"}`. */
export function isSecretReference(value: unknown): value is { $secret: string } {
  return (
    isKeyed(value) &&
    typeof value['$secret'] === 'string' &&
    SECRET_NAME.test(value['$secret']) &&
    Object.keys(value).length === 1
  );
}

/** A deep copy of `value` in which `replace` has taken the place of every `{"$secret": ...}`, with what was found. */
export function replaceReferences(
  value: unknown,
  replace: (reference: SecretReference) => unknown,
): { value: unknown; references: SecretReference[]; mistakes: ReferenceMistake[] } {
  const references: SecretReference[] = [];
  const mistakes: ReferenceMistake[] = [];
  const copy = (part: unknown, path: readonly (string | number)[]): unknown => {
    if (Array.isArray(part)) return part.map((entry, index) => copy(entry, [...path, index]));
    if (!isKeyed(part)) return part;
    if (!Object.hasOwn(part, '$secret'))
      return Object.fromEntries(Object.entries(part).map(([key, entry]) => [key, copy(entry, [...path, key])]));
    const pointer = pointerOf(...path);
    if (!isSecretReference(part)) {
      mistakes.push({
        pointer,
        message:
          'must be {"$secret": "name"} and nothing else; a name has letters, digits, dots, dashes and underscores',
      });
      return replace({ pointer, name: '' });
    }
    const reference = { pointer, name: part.$secret };
    references.push(reference);
    return replace(reference);
  };
  return { value: copy(value, []), references, mistakes };
}

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
