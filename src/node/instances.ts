import type { ComponentDefinition, InstanceConfiguration } from '../component/index.js';
import type { PreparedConfiguration } from '../configuration/index.js';
import type { PropertyValue } from '../registry/types.js';

/** Fills in defaults by a component's schema; undefined where there is nothing to fill. */
export type Defaults = (definition: ComponentDefinition, values: Record<string, unknown>) => Record<string, unknown>;

/** The configurations of a PID: its instances `pid~name`, or the one that bears the PID itself. */
export function instancesOf(
  pid: string,
  definition: ComponentDefinition,
  prepared: ReadonlyMap<string, PreparedConfiguration>,
  defaults: Defaults,
): InstanceConfiguration[] {
  const own = prepared.get(pid);
  const found = [...prepared.values()].filter((configuration) => configuration.pid.startsWith(`${pid}~`));
  const chosen = found.length > 0 ? found : own ? [own] : [];
  return chosen.map((configuration) => ({
    pid: configuration.pid,
    values: defaults(definition, configuration.values),
    properties: visible(defaults(definition, configuration.written)),
    ...(configuration.problem === undefined ? {} : { problem: configuration.problem }),
  }));
}

/** What other bundles may see: scalars and lists of them, nested keys joined by dots, references to secrets left out. */
function visible(values: Record<string, unknown>, prefix = ''): Record<string, PropertyValue> {
  const seen: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      seen[prefix + key] = value;
    else if (Array.isArray(value)) {
      if (value.every((item) => typeof item === 'string' || typeof item === 'number'))
        seen[prefix + key] = value as string[];
    } else if (typeof value === 'object' && value !== null && !('$secret' in value))
      Object.assign(seen, visible(value as Record<string, unknown>, `${prefix}${key}.`));
  }
  return seen;
}
