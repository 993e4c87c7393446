import type { Properties, PropertyValue } from '../registry/types.js';
import { isSecretReference } from './references.js';

/** A configuration as properties: scalars and lists of them, nested keys joined by dots, references to secrets left out. */
export function propertiesOf(values: Readonly<Record<string, unknown>>): Properties {
  const seen: Record<string, PropertyValue> = {};
  const look = (part: object, prefix: string): void => {
    for (const [key, value] of Object.entries(part) as [string, unknown][]) {
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        seen[prefix + key] = value;
      else if (Array.isArray(value)) {
        if (value.every((item) => typeof item === 'string' || typeof item === 'number'))
          seen[prefix + key] = value as string[];
      } else if (typeof value === 'object' && value !== null && !isSecretReference(value))
        look(value, `${prefix}${key}.`);
    }
  };
  look(values, '');
  return seen;
}

/** What the container says of a configuration; nobody else may. Lower case. */
const OWN = new Set(['service.pid', 'service.factorypid', 'service.bundlelocation']);

/** Properties without those that are the container's. */
export function withoutOwn(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !OWN.has(key.toLowerCase())));
}
