import type { Filter, PropertyView } from '../registry/index.js';
import { Version, type VersionRange } from './version-range.js';

/** Namespaces of the container; bundles may use any other name. */
export const CONTRACT = 'rackwatt.contract';
export const IDENTITY = 'rackwatt.identity';
export const ENGINE = 'rackwatt.engine';
export const PLATFORM = 'rackwatt.platform';
export const SERVICE = 'rackwatt.service';

type Single = string | number | boolean | Version;
/** A typed attribute of a capability. */
export type AttributeValue = Single | readonly Single[];

/** What a bundle has to offer, for others to require (OSGi Core, "Capabilities"). */
export interface Capability {
  readonly namespace: string;
  /** By name; the one that has the namespace's name is what it is known by. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Attributes that a requirement has to name. */
  readonly mandatory: readonly string[];
  /** `resolve`, or when else it counts. */
  readonly effective: string;
}

/** What a bundle needs (OSGi Core, "Requirements"). */
export interface Requirement {
  readonly namespace: string;
  /** Value of the attribute that has the namespace's name, where only one will do. */
  readonly name?: string;
  /** Of the attribute `version`. */
  readonly range?: VersionRange;
  readonly filter?: Filter;
  readonly optional: boolean;
  /** `resolve`, or when else it counts: whatever it is else, the resolver lets it alone. */
  readonly effective: string;
}

/** Whether a capability is what a requirement asks for (OSGi Core, "Matching"). */
export function matches(requirement: Requirement, capability: Capability): boolean {
  const { namespace, name, range, filter } = requirement;
  const { attributes, mandatory } = capability;
  if (namespace !== capability.namespace) return false;
  if (name !== undefined && attributes[namespace] !== name) return false;
  if (range) {
    const { version } = attributes;
    if (!(version instanceof Version) || !range.includes(version)) return false;
  }
  if (filter && !filter.accepts(viewOf(capability))) return false;
  return mandatory.every((attribute) => names(requirement, attribute));
}

function names({ namespace, name, range, filter }: Requirement, attribute: string): boolean {
  if (name !== undefined && attribute === namespace) return true;
  if (range && attribute === 'version') return true;
  return filter?.terms.some((term) => term.name === attribute) ?? false;
}

const views = new WeakMap<Capability, PropertyView>();

/** The attributes as a filter sees them. */
function viewOf(capability: Capability): PropertyView {
  let view = views.get(capability);
  if (!view) {
    const values = new Map<string, AttributeValue>();
    for (const [name, value] of Object.entries(capability.attributes)) {
      const key = name.toLowerCase();
      values.set(key, value);
      const release = value instanceof Version ? value.prereleaseOf : undefined;
      if (release !== undefined) values.set(`${key}.prereleaseof`, release);
    }
    view = values;
    views.set(capability, view);
  }
  return view;
}

/** A requirement in words, for sentences: `@acme/api ^1.2.0`, `acme.bus (&(bus=rs485)(baud>=9600))`. */
export function wordsOf({ namespace, name, range, filter }: Requirement): string {
  const what = name ?? namespace;
  return [what, ...(range ? [range.toString()] : []), ...(filter ? [filter.toString()] : [])].join(' ');
}

/** A capability in words: `@acme/api 1.2.0`, `acme.bus (bus: rs485, baud: 9600)`. */
export function wordsOfCapability({ namespace, attributes }: Capability): string {
  const { version, [namespace]: name, ...others } = attributes;
  if (typeof name === 'string' && version instanceof Version) return `${name} ${version.toString()}`;
  const told = Object.entries({ ...(version === undefined ? {} : { version }), ...others });
  const list = told.map(([key, value]) => `${key}: ${Array.isArray(value) ? value.join(' ') : String(value)}`);
  return `${typeof name === 'string' ? name : namespace}${list.length > 0 ? ` (${list.join(', ')})` : ''}`;
}
