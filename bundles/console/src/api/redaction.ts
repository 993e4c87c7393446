/** Stands for a secret that somebody wrote into the file in clear; as in the node's own exports. */
export const REDACTED = '(secret)';

const SECRET_KEY =
  /pass(word|phrase|wd)|secret|community|credential|token|api[-_]?key|auth[-_]?key|priv(ate)?[-_]?key|^key$/i;

type Keyed = Readonly<Record<string, unknown>>;

const isKeyed = (value: unknown): value is Keyed =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isReference = (value: unknown) => isKeyed(value) && typeof value['$secret'] === 'string';

/** A deep copy without what was written in clear under the key of a secret; references stay. */
export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (!isKeyed(value) || isReference(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, hides(key, entry) ? REDACTED : redacted(entry)]),
  );
}

/** Objects are looked into, except those named as credentials: a PID may be called after a secret. */
function hides(key: string, value: unknown): boolean {
  if (value === null || isReference(value)) return false;
  return isKeyed(value) ? /^credentials?$/i.test(key) : SECRET_KEY.test(key);
}

/** The inverse for what comes back from a form: what still reads as redacted is taken from the file. */
export function restored(value: unknown, original: unknown): unknown {
  if (value === REDACTED) return original;
  if (!isKeyed(value)) return value;
  const before = isKeyed(original) ? original : {};
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, restored(entry, before[key])]));
}
