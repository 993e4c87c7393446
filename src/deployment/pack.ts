import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { contractFile, readManifest, type Manifest } from '../bundle/index.js';
import type { ComponentDescription } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { compareText, SBOM_FILE, type BundleFile } from './archive/format.js';
import type { BundleFacts } from './archive/manifest.js';
import { joinArchive, makeArchive, type ArchiveParts } from './archive/write.js';
import { filesOf } from './folder.js';
import { inlineModules, packedPath } from './inline.js';
import { inlinedPackages, notices, sbomOf, type InlinedPackage } from './sbom.js';
import { entryFiles, verifyArchive, type VerifiedArchive } from './verify.js';

const KEPT_KEYS = [
  'name',
  'version',
  'description',
  'license',
  'author',
  'homepage',
  'repository',
  'keywords',
  'engines',
  'os',
  'cpu',
  'peerDependencies',
  'peerDependenciesMeta',
] as const;
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE'];
const NOTICES = 'THIRD-PARTY.md';

/** A bundle as an archive that nobody signed yet. */
export interface Packed extends VerifiedArchive {
  parts: ArchiveParts;
}

/**
 * Packs a bundle's folder into one archive: the modules that its manifest names become CommonJS with their private
 * dependencies inlined and source maps; contracts and shared modules stay imports; the description of its components
 * is written into package.json, so that nobody has to run its code to know it. The same folder gives the same bytes.
 *
 * @param describe evaluates the bundle's main module and describes its components
 * @throws `PACK_FAILED`, `BUNDLE_MANIFEST`
 */
export async function packBundle(
  root: string,
  describe: (root: string, manifest: Manifest) => Promise<ComponentDescription[]>,
): Promise<Packed> {
  const manifest = await readManifest(root);
  const { name, version } = manifest;
  const entries = entryFiles(manifest);
  for (const file of entries) {
    if (!existsSync(join(root, file)))
      throw new RackwattError('PACK_FAILED', `${name}: there is no ${file}; build the bundle first (npm run build)`);
  }
  const files = new Map<string, BundleFile>();
  const add = (added: readonly BundleFile[]): void => added.forEach((file) => files.set(file.path, file));
  for (const asset of assetsOf(manifest)) add(await assetFiles(root, asset, name));
  add(
    DOCUMENTS.filter((path) => existsSync(join(root, path))).map((path) => ({
      path,
      content: readFileSync(join(root, path)),
    })),
  );
  const brought = new Set(manifest.brought.flatMap(({ exports }) => Object.values(exports)));
  const inSpace = entries.filter((file) => !manifest.entries.includes(file) && !brought.has(file));
  const parts = [
    await inlineModules(root, inSpace, { ...manifest, imports: withBrought(manifest) }, 'space'),
    // What it brings along it has itself, also where it would take another's.
    await inlineModules(root, [...brought], { ...manifest, imports: withoutBrought(manifest) }, 'space'),
    await inlineModules(root, manifest.entries, manifest, 'worker'),
  ];
  for (const { files: modules } of parts) add(modules);
  const inlined = inlinedPackages(parts.flatMap(({ packages }) => packages));
  const written: [path: string, content: Buffer][] = [
    ['package.json', packageJson(root, manifest, await describe(root, manifest), inlined)],
    [SBOM_FILE, sbomOf({ ...manifest, license: licenseOf(root) }, inlined, Object.keys(manifest.dependencies))],
    ...(inlined.length > 0 ? [[NOTICES, notices(name, inlined)] as [string, Buffer]] : []),
  ];
  add(written.map(([path, content]) => ({ path, content })));
  const archive = makeArchive(
    factsOf(root, manifest),
    [...files.values()].sort((a, b) => compareText(a.path, b.path)),
  );
  return { parts: archive, ...(await proved(archive, archiveName(name, version))) };
}

/** An archive that would be refused where it is installed is none. */
async function proved(parts: ArchiveParts, name: string): Promise<VerifiedArchive> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwatt-pack-'));
  try {
    const file = join(folder, name);
    await writeFile(file, joinArchive(parts), { flag: 'wx' });
    return await verifyArchive(file);
  } catch (error) {
    throw new RackwattError('PACK_FAILED', `${name} would be refused where it is installed: ${errorMessage(error)}`, {
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function factsOf(root: string, manifest: Manifest): BundleFacts {
  const { engines } = readPackage(root);
  const node = (engines as { node?: unknown } | undefined)?.node;
  return {
    name: manifest.name,
    version: manifest.version,
    needs: {
      ...(manifest.runtime === '*' ? {} : { rackwatt: manifest.runtime }),
      ...(typeof node === 'string' ? { node } : {}),
    },
    capabilities: manifest.capabilities,
    ...(manifest.minimum === undefined ? {} : { minimum: manifest.minimum }),
  };
}

function readPackage(root: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
}

function licenseOf(root: string): string | undefined {
  const { license } = readPackage(root);
  return typeof license === 'string' ? license : undefined;
}

/** File name of an archive: `rackwatt-driver-snmp-1.2.0.tgz`, as npm names it. */
export function archiveName(name: string, version: string): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}

/** What is packed as it is. */
function assetsOf({ assets, configurations, metatype }: Manifest): Set<string> {
  return new Set([...assets, ...(Array.isArray(configurations) ? configurations : []), ...metatype]);
}

async function assetFiles(root: string, asset: string, name: string): Promise<BundleFile[]> {
  const path = join(root, asset);
  if (!existsSync(path))
    throw new RackwattError(
      'PACK_FAILED',
      `${name}: there is no ${asset}, which its "rackwatt" names; build the bundle first (npm run build)`,
    );
  const inside = posix.normalize(asset).replace(/\/$/, '');
  const read = async (file: string, as: string): Promise<BundleFile> => ({
    path: as,
    content: await readFile(file),
    // The owner's alone, as git keeps it: the others follow the umask.
    mode: (statSync(file).mode & 0o100) === 0 ? '0644' : '0755',
  });
  if (statSync(path).isFile()) return [await read(path, inside)];
  return Promise.all((await filesOf(path)).map((file) => read(join(path, file), posix.join(inside, file))));
}

function packageJson(
  root: string,
  manifest: Manifest,
  components: ComponentDescription[],
  inlined: readonly InlinedPackage[],
): Buffer {
  const source = readPackage(root);
  const kept = Object.fromEntries(
    KEPT_KEYS.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]),
  );
  if (source['peerDependencies'] !== undefined)
    kept['peerDependencies'] = Object.fromEntries(
      Object.entries(manifest.imports).map(([name, range]) => [
        name,
        range === '*' ? sinceInstalled(root, name) : range,
      ]),
    );
  const packed = (path: string): string => `./${packedPath(path)}`;
  const filled = <T extends object>(key: string, value: T, size: number): object => (size > 0 ? { [key]: value } : {});
  const brought = manifest.brought.map((each) => ({
    ...each,
    exports: Object.fromEntries(Object.entries(each.exports).map(([subpath, path]) => [subpath, packed(path)])),
  }));
  const contracts = [...manifest.contracts, ...brought];
  const own = {
    update: manifest.update,
    ...(manifest.migrate === undefined ? {} : { migrate: packed(manifest.migrate) }),
    ...filled('contracts', contracts, contracts.length),
    ...filled('requires', manifest.requires, manifest.requires.length),
    ...filled('provides', manifest.provides, manifest.provides.length),
    ...filled('entries', manifest.entries.map(packed), manifest.entries.length),
    ...filled('assets', manifest.assets, manifest.assets.length),
    ...filled('configurations', manifest.configurations, Object.keys(manifest.configurations).length),
    ...filled('metatype', manifest.metatype, manifest.metatype.length),
    ...(manifest.minimum === undefined ? {} : { minimum: manifest.minimum }),
    ...filled('capabilities', manifest.capabilities, manifest.capabilities.length),
    ...filled(
      'commands',
      Object.fromEntries(Object.entries(manifest.commands).map(([name, path]) => [name, packed(path)])),
      Object.keys(manifest.commands).length,
    ),
    components,
    ...filled(
      'inlined',
      inlined.map(({ name, version }) => `${name}@${version}`),
      inlined.length,
    ),
  };
  const exports = Object.fromEntries(
    manifest.contracts.map((subpath) => [subpath, packed(contractFile(manifest, subpath))]),
  );
  const content = {
    ...kept,
    ...(manifest.main ? { main: packed(manifest.main) } : {}),
    ...filled('exports', exports, manifest.contracts.length),
    rackwatt: own,
  };
  return Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
}

/** The bundle's other code gets what it brings along from where its contracts are evaluated. */
function withBrought({ imports, brought }: Manifest): Manifest['imports'] {
  return { ...imports, ...Object.fromEntries(brought.map(({ name, version }) => [name, version])) };
}

function withoutBrought({ imports, brought }: Manifest): Manifest['imports'] {
  const names = new Set(brought.map(({ name }) => name));
  return Object.fromEntries(Object.entries(imports).filter(([name]) => !names.has(name)));
}

/** What a bundle asks for that names no version: the one that it was built with, or a later one of its major version. */
function sinceInstalled(root: string, name: string): string {
  try {
    const { version } = JSON.parse(
      readFileSync(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`), 'utf8'),
    ) as { version: string };
    return `^${version}`;
  } catch (error) {
    void errorMessage(error);
    return '*';
  }
}
