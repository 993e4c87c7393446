import { isKeyed } from './json.js';
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
