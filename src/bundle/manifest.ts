import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, RackwattError } from '../errors.js';
import {
  type BroughtContracts,
  contractsOf,
  providesOf,
  requiresOf,
  type WrittenCapability,
  type WrittenRequirement,
} from './manifest-wiring.js';
import { dotted, inside, invalid, isInside, isRecord, record, strings, texts } from './manifest-values.js';
import { isAtLeast, isRange, isVersion } from './versions.js';

export type UpdatePolicy = 'staged' | 'exclusive';

/** What a bundle's package.json says, checked. Hostile until it came out of `parseManifest`. */
export interface Manifest {
  name: string;
  version: string;
  description: string;
  /** Module of the components and the activator, relative to the bundle; undefined when it only offers contracts. */
  main: string | undefined;
  /** Sub-paths (`.`, `./wire`) that other bundles may import; everything else is private. */
  contracts: string[];
  /** Conditional exports as npm has them, for resolving contract sub-paths. */
  exports: Record<string, unknown> | undefined;
  /** Contracts of other packages that it brings along. */
  brought: BroughtContracts[];
  /** Contracts and shared modules that it imports: name to semver range; `*` where npm noted a place (`file:...`) instead. */
  imports: Record<string, string>;
  /** Those of the imports without which it resolves, too. */
  optionalImports: string[];
  /** What else it needs of other bundles, and has for them. */
  requires: WrittenRequirement[];
  provides: WrittenCapability[];
  dependencies: Record<string, string>;
  update: UpdatePolicy;
  /** Module that brings data and configuration from another version to this one. */
  migrate: string | undefined;
  /** Further entry modules: workers. */
  entries: string[];
  /** Commands by name: module paths. */
  commands: Record<string, string>;
  /** Files and folders that are packed as they are, such as the files of a page. */
  assets: string[];
  /** Configurations that it brings along: as they are, or files and folders of them. */
  configurations: Record<string, unknown> | string[];
  /** Files and folders with definitions of what it can be configured with. */
  metatype: string[];
  capabilities: string[];
  /** No version below this one may follow it on a node; undefined when any may. */
  minimum: string | undefined;
  /** Static description written by `bundle pack`. */
  components: StaticComponent[] | undefined;
  /** Ranges of `engines`; `*` when it says none. */
  runtime: string;
  node: string;
  /** npm's lists of names, `!` before those that will not do; empty when any will. */
  os: string[];
  cpu: string[];
}

/** A component's description as data: enough to resolve wiring and validate configuration without running code. */
export interface StaticComponent {
  name: string;
  provides: string[];
  references: Record<string, { contract: string; cardinality: string; policy: string; target?: string }>;
  /** `pids` where there are several, `pid` being the first of them. */
  configuration?: { pid: string; pids?: string[]; policy: 'optional' | 'require' | 'ignore'; schema?: object };
}

const NAME = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;
/** What npm writes into package.json for a package that it took from elsewhere than a registry. */
const PLACE = /^(?:file|link|workspace|portal|git|git\+\w+|https?|github):|^(?:\.{0,2}|~)\//;

/**
 * Reads the manifest of a bundle folder: at once, since for a small file the trips through the thread pool take thirty
 * times as long as the reading.
 * @throws `BUNDLE_MANIFEST`
 */
export async function readManifest(root: string): Promise<Manifest> {
  const file = join(root, 'package.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new RackwattError('BUNDLE_MANIFEST', `no bundle at ${root}: ${errorMessage(error)}`, { cause: error });
  }
  return parseManifest(text, file);
}

/** @throws `BUNDLE_MANIFEST` with the file and the key that is wrong */
export function parseManifest(text: string, file: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid(file, `is not JSON: ${errorMessage(error)}`);
  }
  if (!isRecord(json)) throw invalid(file, 'must be an object');
  const { name, version } = json;
  if (typeof name !== 'string' || name.length > 214 || !NAME.test(name))
    throw invalid(file, '"name" must be an npm package name');
  if (typeof version !== 'string' || !isVersion(version))
    throw invalid(file, '"version" must be a semantic version such as 1.2.3');
  const own = json['rackwatt'];
  if (!isRecord(own)) throw invalid(file, 'has no "rackwatt" object, so this package is not a bundle');
  const update = own['update'] ?? 'staged';
  if (update !== 'staged' && update !== 'exclusive')
    throw invalid(file, '"rackwatt.update" must be "staged" or "exclusive"');
  const engines = isRecord(json['engines']) ? json['engines'] : {};
  const { rackwatt: runtime = '*', node = '*' } = engines;
  for (const [engine, range] of [
    ['rackwatt', runtime],
    ['node', node],
  ])
    if (typeof range !== 'string' || !isRange(range))
      throw invalid(file, `"engines.${String(engine)}" must be a version range such as ^1.2.0`);
  const main = json['main'];
  if (main !== undefined && (typeof main !== 'string' || !isInside(main)))
    throw invalid(file, '"main" must be a path inside the bundle');
  const contracts = contractsOf(own['contracts'], file);
  const imports = importsOf(json['peerDependencies'], file);
  const manifest: Manifest = {
    name,
    version,
    description: typeof json['description'] === 'string' ? json['description'] : '',
    main: typeof main === 'string' ? dotted(main) : undefined,
    contracts: contracts.own,
    brought: contracts.brought,
    exports: isRecord(json['exports']) ? json['exports'] : undefined,
    imports,
    optionalImports: optionalOf(json['peerDependenciesMeta'], imports, file),
    requires: requiresOf(own['requires'], file),
    provides: providesOf(own['provides'], file),
    dependencies: texts(json['dependencies'], file, 'dependencies', 'a version range'),
    update,
    migrate: own['migrate'] === undefined ? undefined : inside(own['migrate'], file, 'rackwatt.migrate'),
    entries: strings(own['entries'], file, 'rackwatt.entries').map((entry) => inside(entry, file, 'rackwatt.entries')),
    commands: Object.fromEntries(
      Object.entries(record(own['commands'], file, 'rackwatt.commands')).map(([key, path]) => [
        key,
        inside(path, file, `rackwatt.commands.${key}`),
      ]),
    ),
    assets: strings(own['assets'], file, 'rackwatt.assets').map((asset) => inside(asset, file, 'rackwatt.assets')),
    configurations: broughtOf(own['configurations'], file),
    metatype: strings(own['metatype'], file, 'rackwatt.metatype').map((path) =>
      inside(path, file, 'rackwatt.metatype'),
    ),
    capabilities: strings(own['capabilities'], file, 'rackwatt.capabilities'),
    minimum: minimumOf(own['minimum'], version, file),
    components: own['components'] === undefined ? undefined : staticComponents(own['components'], file),
    runtime: runtime as string,
    node: node as string,
    os: platformsOf(json['os'], file, 'os'),
    cpu: platformsOf(json['cpu'], file, 'cpu'),
  };
  for (const subpath of manifest.contracts) {
    if (!isInside(contractFile(manifest, subpath, file)))
      throw invalid(file, `"exports" leads out of the bundle for the contract ${subpath}`);
  }
  return manifest;
}

/** What it imports; npm may have noted a place instead of a range. */
function importsOf(value: unknown, file: string): Record<string, string> {
  const entries = Object.entries(texts(value, file, 'peerDependencies', 'a version range'));
  return Object.fromEntries(
    entries.map(([peer, range]) => {
      if (PLACE.test(range)) return [peer, '*'];
      if (!isRange(range))
        throw invalid(file, `"peerDependencies.${peer}" must be a version range such as ^1.2.0, and is "${range}"`);
      return [peer, range];
    }),
  );
}

function optionalOf(value: unknown, imports: Record<string, string>, file: string): string[] {
  const optional: string[] = [];
  for (const [name, meta] of Object.entries(record(value, file, 'peerDependenciesMeta'))) {
    if (!Object.hasOwn(imports, name))
      throw invalid(file, `"peerDependenciesMeta.${name}" is about no peer dependency; name it in "peerDependencies"`);
    if (record(meta, file, `peerDependenciesMeta.${name}`)['optional'] === true) optional.push(name);
  }
  return optional;
}

function platformsOf(value: unknown, file: string, key: string): string[] {
  const names = strings(typeof value === 'string' ? [value] : value, file, key);
  const odd = names.find((name) => !/^!?[\w-]+$/.test(name));
  if (odd !== undefined) throw invalid(file, `"${key}" has "${odd}", which is no name such as "linux" or "!win32"`);
  return names;
}

function broughtOf(value: unknown, file: string): Manifest['configurations'] {
  const key = 'rackwatt.configurations';
  return Array.isArray(value)
    ? strings(value, file, key).map((path) => inside(path, file, key))
    : { ...record(value, file, key) };
}

function minimumOf(value: unknown, version: string, file: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !isVersion(value) || !isAtLeast(version, value))
    throw invalid(file, '"rackwatt.minimum" must be a semantic version, not above that of the bundle');
  return value;
}

/** File of a contract sub-path, relative to the bundle. @throws `BUNDLE_MANIFEST` */
export function contractFile(manifest: Manifest, subpath: string, file = `bundle ${manifest.name}`): string {
  const target = manifest.exports?.[subpath];
  const path = isRecord(target) ? (target['require'] ?? target['node'] ?? target['default']) : target;
  if (typeof path === 'string') return path;
  if (subpath === '.' && manifest.main) return manifest.main;
  throw invalid(file, `offers the contract ${subpath}, but its "exports" say no file for it`);
}

function staticComponents(value: unknown, file: string): StaticComponent[] {
  if (!Array.isArray(value)) throw invalid(file, '"rackwatt.components" must be a list');
  return value.map((entry: unknown) => {
    if (!isRecord(entry) || typeof entry['name'] !== 'string')
      throw invalid(file, 'an entry of "rackwatt.components" has no name');
    const key = `rackwatt.components.${entry['name']}`;
    return {
      name: entry['name'],
      provides: strings(entry['provides'], file, `${key}.provides`),
      references: staticReferences(entry['references'], file, `${key}.references`),
      ...(entry['configuration'] === undefined
        ? {}
        : { configuration: staticConfiguration(entry['configuration'], file, `${key}.configuration`) }),
    };
  });
}

function staticReferences(value: unknown, file: string, key: string): StaticComponent['references'] {
  const found: StaticComponent['references'] = {};
  for (const [name, reference] of Object.entries(record(value, file, key))) {
    const { contract, cardinality, policy, target } = record(reference, file, `${key}.${name}`);
    if (typeof contract !== 'string' || typeof cardinality !== 'string' || typeof policy !== 'string')
      throw invalid(file, `"${key}.${name}" must have a contract, a cardinality and a policy`);
    found[name] = { contract, cardinality, policy, ...(typeof target === 'string' ? { target } : {}) };
  }
  return found;
}

function staticConfiguration(value: unknown, file: string, key: string): NonNullable<StaticComponent['configuration']> {
  const { pid, pids, policy = 'optional', schema } = record(value, file, key);
  if (typeof pid !== 'string') throw invalid(file, `"${key}.pid" must be a text`);
  if (policy !== 'optional' && policy !== 'require' && policy !== 'ignore')
    throw invalid(file, `"${key}.policy" must be "optional", "require" or "ignore"`);
  if (schema !== undefined && !isRecord(schema)) throw invalid(file, `"${key}.schema" must be a JSON Schema`);
  const several = pids === undefined ? {} : { pids: strings(pids, file, `${key}.pids`) };
  return { pid, ...several, policy, ...(schema === undefined ? {} : { schema }) };
}
