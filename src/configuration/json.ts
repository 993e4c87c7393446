export type Keyed = Readonly<Record<string, unknown>>;

/** Part of a schema that `#/...` names; `undefined` when it is elsewhere or not there. */
export function resolvePointer(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  const keys = reference
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<unknown>((part, key) => {
    const target =
      isKeyed(part) && typeof part['$ref'] === 'string' && !(key in part) ? resolvePointer(root, part['$ref']) : part;
    return Array.isArray(target)
      ? target[Number(key)]
      : isKeyed(target) && Object.hasOwn(target, key)
        ? target[key]
        : undefined;
  }, root);
}

export function isKeyed(value: unknown): value is Keyed {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
