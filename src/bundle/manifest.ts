import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, RackwattError } from '../errors.js';
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
  /** Contracts and shared modules that it imports: name to semver range; `*` where npm noted a place (`file:...`) instead. */
  imports: Record<string, string>;
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
  capabilities: string[];
  /** No version below this one may follow it on a node; undefined when any may. */
  minimum: string | undefined;
  /** Static description written by `bundle pack`. */
  components: StaticComponent[] | undefined;
  runtime: string;
}

/** A component's description as data: enough to resolve wiring and validate configuration without running code. */
export interface StaticComponent {
  name: string;
  provides: string[];
  references: Record<string, { contract: string; cardinality: string; policy: string; target?: string }>;
  configuration?: { pid: string; policy: 'optional' | 'require' | 'ignore'; schema?: object };
}

const NAME = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;
/** What npm writes into package.json for a package that it took from elsewhere than a registry. */
const PLACE = /^(?:file|link|workspace|portal|git|git\+\w+|https?|github):|^[./~]/;
const INSIDE = /^\.\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\0]+$/;

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
  const runtime = typeof engines['rackwatt'] === 'string' ? engines['rackwatt'] : '*';
  if (!isRange(runtime)) throw invalid(file, `"engines.rackwatt" is not a version range: ${runtime}`);
  const main = json['main'];
  if (main !== undefined && (typeof main !== 'string' || !INSIDE.test(dotted(main))))
    throw invalid(file, '"main" must be a path inside the bundle');
  const contracts = strings(own['contracts'], file, 'rackwatt.contracts');
  return {
    name,
    version,
    description: typeof json['description'] === 'string' ? json['description'] : '',
    main: typeof main === 'string' ? dotted(main) : undefined,
    contracts,
    exports: isRecord(json['exports']) ? json['exports'] : undefined,
    imports: Object.fromEntries(
      Object.entries(ranges(json['peerDependencies'], file, 'peerDependencies')).map(([peer, range]) => [
        peer,
        PLACE.test(range) ? '*' : range,
      ]),
    ),
    dependencies: ranges(json['dependencies'], file, 'dependencies'),
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
    capabilities: strings(own['capabilities'], file, 'rackwatt.capabilities'),
    minimum: minimumOf(own['minimum'], version, file),
    components: own['components'] === undefined ? undefined : staticComponents(own['components'], file),
    runtime,
  };
}

function minimumOf(value: unknown, version: string, file: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !isVersion(value) || !isAtLeast(version, value))
    throw invalid(file, '"rackwatt.minimum" must be a semantic version, not above that of the bundle');
  return value;
}

/** File of a contract sub-path, relative to the bundle. */
export function contractFile(manifest: Manifest, subpath: string): string {
  const target = manifest.exports?.[subpath];
  const path = isRecord(target) ? (target['require'] ?? target['node'] ?? target['default']) : target;
  if (typeof path === 'string') return path;
  if (subpath === '.' && manifest.main) return manifest.main;
  throw new RackwattError(
    'BUNDLE_MANIFEST',
    `bundle ${manifest.name} offers the contract ${subpath}, but its "exports" say no file for it`,
  );
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
  const { pid, policy = 'optional', schema } = record(value, file, key);
  if (typeof pid !== 'string') throw invalid(file, `"${key}.pid" must be a text`);
  if (policy !== 'optional' && policy !== 'require' && policy !== 'ignore')
    throw invalid(file, `"${key}.policy" must be "optional", "require" or "ignore"`);
  if (schema !== undefined && !isRecord(schema)) throw invalid(file, `"${key}.schema" must be a JSON Schema`);
  return { pid, policy, ...(schema === undefined ? {} : { schema }) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(value: unknown, file: string, key: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw invalid(file, `"${key}" must be an object`);
  return value;
}

function strings(value: unknown, file: string, key: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((entry) => typeof entry !== 'string'))
    throw invalid(file, `"${key}" must be a list of strings`);
  return value as string[];
}

function ranges(value: unknown, file: string, key: string): Record<string, string> {
  const entries = Object.entries(record(value, file, key));
  for (const [name, range] of entries) {
    if (typeof range !== 'string') throw invalid(file, `"${key}.${name}" must be a version range`);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

function inside(value: unknown, file: string, key: string): string {
  if (typeof value !== 'string' || !INSIDE.test(dotted(value)))
    throw invalid(file, `"${key}" must be a path inside the bundle`);
  return dotted(value);
}

function dotted(path: string): string {
  return path.startsWith('./') || path.startsWith('/') || path.startsWith('../') ? path : `./${path}`;
}

function invalid(file: string, what: string): RackwattError {
  return new RackwattError('BUNDLE_MANIFEST', `${file} ${what}`, { context: { file } });
}
