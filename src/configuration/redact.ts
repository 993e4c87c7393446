import { isKeyed } from './json.js';
import { pointerOf } from './pointer.js';
import { isSecretReference } from './references.js';

export const REDACTED = '(secret)';

/** Keys that hold something secret even where somebody wrote it in clear. */
const SECRET_KEY =
  /pass(word|phrase|wd)|secret|community|credential|token|api[-_]?key|auth[-_]?key|priv(ate)?[-_]?key|^key$/i;

/**
 * A deep copy that may be logged or exported: secrets are blotted out wherever `secrets` points and under every key that
 * speaks of one; references to secrets stay.
 */
export function redact(value: unknown, secrets: readonly string[] = []): unknown {
  const places = new Set(secrets);
  const copy = (part: unknown, pointer: string): unknown => {
    if (places.has(pointer)) return REDACTED;
    if (Array.isArray(part)) return part.map((entry, index) => copy(entry, pointer + pointerOf(index)));
    if (!isKeyed(part) || isSecretReference(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, entry]) => [
        key,
        hides(key, entry) ? REDACTED : copy(entry, pointer + pointerOf(key)),
      ]),
    );
  };
  return copy(value, '');
}

/** A PID is no key of a secret, however it is called: objects are looked into, except those named as credentials. */
function hides(key: string, value: unknown): boolean {
  if (value === null || isSecretReference(value)) return false;
  return typeof value === 'object' ? /^credentials?$/i.test(key) : SECRET_KEY.test(key);
}
