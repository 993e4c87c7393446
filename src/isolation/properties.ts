import { Version } from '../bundle/index.js';
import { isComparable } from '../registry/index.js';
import type { Properties } from '../registry/types.js';

/** Properties as plain data: a version says that it is one, any other value with an order of its own is its text. */
export type PropertiesData = Readonly<Record<string, unknown>>;

export function propertiesData(properties: Properties): PropertiesData {
  return mapped(properties, (value) => {
    if (value instanceof Version) return { version: value.toString() };
    return isComparable(value) ? value.toString() : value;
  });
}

/** What no property can be is left to the registry, which refuses it. */
export function propertiesOf(data: PropertiesData): Properties {
  const read = (value: unknown): unknown => {
    const { version } = (value ?? {}) as { version?: unknown };
    return typeof version === 'string' ? (Version.read(version) ?? version) : value;
  };
  return mapped(data, read) as Properties;
}

function mapped(values: PropertiesData, map: (value: unknown) => unknown): PropertiesData {
  const each = (value: unknown): unknown =>
    Array.isArray(value) ? Array.from<unknown, unknown>(value, map) : map(value);
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, each(value)]));
}
