import type { Properties } from '../registry/types.js';

/**
 * Component properties from their sources, later ones winning whatever the case of a key (Compendium 112.6): description,
 * configurations, what a factory was given. `component.name` and `component.id` are the container's.
 */
export function componentProperties(
  name: string,
  id: number,
  sources: readonly (Properties | undefined)[],
): Properties {
  // Most components say nothing of themselves.
  if (sources.every((source) => source === undefined)) return { 'component.name': name, 'component.id': id };
  const properties: Record<string, Properties[string]> = {};
  let spellings: Map<string, string> | undefined;
  for (const source of sources) {
    if (!source) continue;
    for (const [key, value] of Object.entries(source)) {
      spellings ??= new Map();
      const plain = key.toLowerCase();
      const before = spellings.get(plain);
      if (before !== undefined && before !== key) delete properties[before];
      spellings.set(plain, key);
      if (plain !== 'component.name' && plain !== 'component.id') properties[key] = value;
    }
  }
  properties['component.name'] = name;
  properties['component.id'] = id;
  return properties;
}
