import { errorMessage } from '../errors.js';
import { parseFilter } from '../registry/index.js';
import { inside, invalid, isRecord, record, strings, texts } from './manifest-values.js';
import { VersionRange } from './version-range.js';
import { isVersion } from './versions.js';

/** A version where an attribute has another name than `version`, which is always one. */
export interface WrittenVersion {
  version: string;
}

export type WrittenValue = string | number | boolean | WrittenVersion;

/** An entry of `rackwatt.provides`, checked. */
export interface WrittenCapability {
  namespace: string;
  attributes: Record<string, WrittenValue | WrittenValue[]>;
  mandatory: string[];
  effective: string;
}

/** An entry of `rackwatt.requires`, checked. */
export interface WrittenRequirement {
  namespace: string;
  filter?: string;
  /** Range of the attribute `version`. */
  version?: string;
  optional: boolean;
  effective: string;
}

/** The contracts of another package, which a bundle brings along. */
export interface BroughtContracts {
  name: string;
  version: string;
  /** Files by sub-path. */
  exports: Record<string, string>;
  attributes: WrittenCapability['attributes'];
  mandatory: string[];
}

const NAMESPACE = /^[a-z0-9][\w-]*(?:\.[\w-]+)*$/i;
const ATTRIBUTE = /^[a-z][\w-]*(?:\.[\w-]+)*$/i;
const SUBPATH = /^\.(?:\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\0*]+)?$/;
/** The container says these itself. */
const RESERVED = /^rackwatt\.(?:contract|identity|engine|platform|service)$/;

/** `rackwatt.contracts`: sub-paths of the bundle's own, and what it brings along of other packages. @throws `BUNDLE_MANIFEST` */
export function contractsOf(value: unknown, file: string): { own: string[]; brought: BroughtContracts[] } {
  const key = 'rackwatt.contracts';
  if (value === undefined) return { own: [], brought: [] };
  if (!Array.isArray(value)) throw invalid(file, `"${key}" must be a list`);
  const own: string[] = [];
  const brought: BroughtContracts[] = [];
  for (const entry of value as unknown[]) {
    if (isRecord(entry)) brought.push(broughtOf(entry, file, key));
    else if (typeof entry === 'string' && SUBPATH.test(entry)) own.push(entry);
    else throw invalid(file, `an entry of "${key}" must be a sub-path such as "./contract", or an object`);
  }
  const twice = [...own, ...brought.map(({ name }) => name)].find((each, at, all) => all.indexOf(each) !== at);
  if (twice !== undefined) throw invalid(file, `"${key}" has ${twice} twice`);
  return { own, brought };
}

function broughtOf(entry: Record<string, unknown>, file: string, list: string): BroughtContracts {
  const { name, version } = entry;
  if (typeof name !== 'string' || name === '') throw invalid(file, `an entry of "${list}" has no package "name"`);
  const key = `${list}.${name}`;
  if (typeof version !== 'string' || !isVersion(version))
    throw invalid(file, `"${key}.version" must be a semantic version such as 1.2.3`);
  const exports = Object.entries(texts(entry['exports'], file, `${key}.exports`, 'a path inside the bundle'));
  if (exports.length === 0) throw invalid(file, `"${key}.exports" must name a file for each sub-path`);
  for (const [subpath] of exports)
    if (!SUBPATH.test(subpath)) throw invalid(file, `"${key}.exports" has ${subpath}, which is no sub-path`);
  return {
    name,
    version,
    exports: Object.fromEntries(
      exports.map(([subpath, path]) => [subpath, inside(path, file, `${key}.exports.${subpath}`)]),
    ),
    ...attributesOf(entry, file, key),
  };
}

/** `rackwatt.provides` @throws `BUNDLE_MANIFEST` */
export function providesOf(value: unknown, file: string): WrittenCapability[] {
  return entriesOf(value, file, 'rackwatt.provides').map(({ namespace, entry, key }) => ({
    namespace,
    ...attributesOf(entry, file, key),
    effective: effectiveOf(entry, file, key),
  }));
}

/** `rackwatt.requires` @throws `BUNDLE_MANIFEST` */
export function requiresOf(value: unknown, file: string): WrittenRequirement[] {
  return entriesOf(value, file, 'rackwatt.requires').map(({ namespace, entry, key }) => {
    const { filter, version, optional = false } = entry;
    if (filter !== undefined) checkFilter(filter, file, key);
    if (version !== undefined) checkRange(version, file, key);
    if (typeof optional !== 'boolean') throw invalid(file, `"${key}.optional" must be true or false`);
    return {
      namespace,
      ...(filter === undefined ? {} : { filter: filter as string }),
      ...(version === undefined ? {} : { version: version as string }),
      optional,
      effective: effectiveOf(entry, file, key),
    };
  });
}

function entriesOf(value: unknown, file: string, list: string) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(file, `"${list}" must be a list`);
  return (value as unknown[]).map((entry, at) => {
    const key = `${list}.${at}`;
    if (!isRecord(entry)) throw invalid(file, `"${key}" must be an object with a "namespace"`);
    const { namespace } = entry;
    if (typeof namespace !== 'string' || !NAMESPACE.test(namespace))
      throw invalid(file, `"${key}.namespace" must be a name such as acme.bus`);
    if (list === 'rackwatt.provides' && RESERVED.test(namespace))
      throw invalid(file, `"${key}.namespace" is ${namespace}, which the container provides by itself`);
    return { namespace, entry, key };
  });
}

function effectiveOf({ effective = 'resolve' }: Record<string, unknown>, file: string, key: string): string {
  if (typeof effective !== 'string' || effective === '')
    throw invalid(file, `"${key}.effective" must be "resolve", "active" or another name`);
  return effective;
}

function checkFilter(filter: unknown, file: string, key: string): void {
  if (typeof filter !== 'string') throw invalid(file, `"${key}.filter" must be a filter such as (bus=rs485)`);
  try {
    parseFilter(filter);
  } catch (error) {
    throw invalid(file, `"${key}.filter" is not a filter: ${errorMessage(error)}`);
  }
}

function checkRange(version: unknown, file: string, key: string): void {
  try {
    if (typeof version === 'string') return void VersionRange.parse(version);
  } catch (error) {
    throw invalid(file, `"${key}.version" must be a version range: ${errorMessage(error)}`);
  }
  throw invalid(file, `"${key}.version" must be a version range such as ^1.2.0`);
}

function attributesOf(entry: Record<string, unknown>, file: string, key: string) {
  const attributes: WrittenCapability['attributes'] = {};
  for (const [name, value] of Object.entries(record(entry['attributes'], file, `${key}.attributes`))) {
    if (!ATTRIBUTE.test(name)) throw invalid(file, `"${key}.attributes" has "${name}", which is no name`);
    const values: unknown[] = Array.isArray(value) ? value : [value];
    if (!values.every(isValue))
      throw invalid(
        file,
        `"${key}.attributes.${name}" must be a text, number, true or false, {"version": "1.2.3"}, or a list of one of them`,
      );
    if (new Set(values.map((each) => typeof each)).size > 1)
      throw invalid(file, `"${key}.attributes.${name}" must be a list of one type`);
    if (name === 'version' && (typeof value !== 'string' || !isVersion(value)))
      throw invalid(file, `"${key}.attributes.version" must be a semantic version such as 1.2.3`);
    attributes[name] = value as WrittenValue | WrittenValue[];
  }
  const mandatory = strings(entry['mandatory'], file, `${key}.mandatory`);
  const absent = mandatory.find((name) => !Object.hasOwn(attributes, name));
  if (absent !== undefined) throw invalid(file, `"${key}.mandatory" names ${absent}, which is no attribute of it`);
  return { attributes, mandatory };
}

function isValue(value: unknown): value is WrittenValue {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string' || typeof value === 'boolean') return true;
  return isRecord(value) && typeof value['version'] === 'string' && isVersion(value['version']);
}
