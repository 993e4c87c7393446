import { escapeFilterValue, parseFilter } from '../registry/index.js';
import type { Manifest } from './manifest.js';
import type { WrittenCapability, WrittenValue } from './manifest-wiring.js';
import {
  type AttributeValue,
  type Capability,
  CONTRACT,
  ENGINE,
  IDENTITY,
  PLATFORM,
  type Requirement,
  SERVICE,
} from './requirement.js';
import { Version, VersionRange } from './version-range.js';

const RESOLVE = 'resolve';
/** Of what counts once bundles are started. */
const ACTIVE = 'active';

/** What a manifest has to offer: who the bundle is, its contracts, what it says in `provides`, its services. */
export function capabilitiesOf(manifest: Manifest): Capability[] {
  const { name, version, contracts, brought, provides, components = [] } = manifest;
  const identity = { [IDENTITY]: name, type: 'rackwatt.bundle', version: Version.parse(version) };
  const { description } = manifest;
  return [
    capability(IDENTITY, description === '' ? identity : { ...identity, description }),
    ...(contracts.length > 0 ? [contractOf(manifest, { name, version }, {})] : []),
    ...brought.map((each) => contractOf(manifest, each, each)),
    ...provides.map((each) => ({ ...each, attributes: valuesOf(each.attributes) })),
    ...components.flatMap((component) =>
      component.provides.map((contract) =>
        capability(SERVICE, { [SERVICE]: contract, component: component.name }, ACTIVE),
      ),
    ),
  ];
}

function contractOf(
  bundle: Manifest,
  { name, version }: { name: string; version: string },
  { attributes = {}, mandatory = [] }: Partial<WrittenCapability>,
): Capability {
  return {
    namespace: CONTRACT,
    attributes: {
      bundle: bundle.name,
      'bundle-version': Version.parse(bundle.version),
      ...valuesOf(attributes),
      [CONTRACT]: name,
      version: Version.parse(version),
    },
    mandatory,
    effective: RESOLVE,
  };
}

/** What a manifest needs, in this order: engines, platform, imports, what it says in `requires`, references to services. */
export function requirementsOf(manifest: Manifest): Requirement[] {
  const { runtime, node, os, cpu, imports, optionalImports, requires, components = [] } = manifest;
  const engines = Object.entries({ rackwatt: runtime, node }).filter(([, range]) => range !== '*');
  const platform = [...namesFilter('os', os), ...namesFilter('cpu', cpu)];
  return [
    ...engines.map(([name, range]) => requirement(ENGINE, { name, range: VersionRange.parse(range) })),
    ...(platform.length > 0 ? [requirement(PLATFORM, { filter: parseFilter(`(&${platform.join('')})`) })] : []),
    ...Object.entries(imports).map(([name, range]) =>
      requirement(CONTRACT, {
        name,
        range: VersionRange.parse(range),
        optional: optionalImports.includes(name),
      }),
    ),
    ...requires.map(({ namespace, filter, version, optional, effective }) =>
      requirement(namespace, {
        ...(filter === undefined ? {} : { filter: parseFilter(filter) }),
        ...(version === undefined ? {} : { range: VersionRange.parse(version) }),
        optional,
        effective,
      }),
    ),
    ...components.flatMap(({ references }) =>
      Object.values(references).map(({ contract, cardinality, target }) =>
        requirement(SERVICE, {
          name: contract,
          optional: cardinality.startsWith('0') || cardinality === 'optional',
          effective: ACTIVE,
          ...(target === undefined ? {} : { filter: parseFilter(target) }),
        }),
      ),
    ),
  ];
}

/** npm's list of names as filters: any of those that it has, none of those with `!`. */
function namesFilter(attribute: string, names: readonly string[]): string[] {
  const term = (name: string): string => `(${attribute}=${escapeFilterValue(name)})`;
  const wanted = names.filter((name) => !name.startsWith('!')).map(term);
  const refused = names.filter((name) => name.startsWith('!')).map((name) => `(!${term(name.slice(1))})`);
  return [...(wanted.length > 0 ? [`(|${wanted.join('')})`] : []), ...refused];
}

/** A capability of the container or of a bundle. */
export function capability(
  namespace: string,
  attributes: Capability['attributes'],
  effective: string = RESOLVE,
): Capability {
  return { namespace, attributes, mandatory: [], effective };
}

function requirement(namespace: string, given: Partial<Requirement>): Requirement {
  return { namespace, optional: false, effective: RESOLVE, ...given };
}

function valuesOf(written: WrittenCapability['attributes']): Record<string, AttributeValue> {
  const read = (value: WrittenValue) => (typeof value === 'object' ? Version.parse(value.version) : value);
  return Object.fromEntries(
    Object.entries(written).map(([name, value]): [string, AttributeValue] => {
      if (Array.isArray(value)) return [name, value.map(read)];
      return [name, name === 'version' && typeof value === 'string' ? Version.parse(value) : read(value)];
    }),
  );
}
