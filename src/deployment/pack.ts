import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import { contractFile, readManifest, type Manifest } from '../bundle/index.js';
import type { ComponentDescription } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { readArchive, writeArchive, type ArchiveFile } from './archive.js';
import { filesOf } from './folder.js';
import { inlineModules, packedPath } from './inline.js';
import { sealOf } from './seal.js';
import { entryFiles } from './verify.js';

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
  'peerDependencies',
] as const;
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'NOTICE'];
const NOTICES = 'THIRD-PARTY.md';

export interface Packed {
  name: string;
  version: string;
  archive: Buffer;
  files: { path: string; size: number }[];
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
  const files = new Map<string, Buffer>();
  const add = (added: readonly ArchiveFile[]): void => added.forEach(({ path, content }) => files.set(path, content));
  for (const asset of manifest.assets) add(await assetFiles(root, asset, name));
  add(
    DOCUMENTS.filter((path) => existsSync(join(root, path))).map((path) => ({
      path,
      content: readFileSync(join(root, path)),
    })),
  );
  const inSpace = entries.filter((file) => !manifest.entries.includes(file));
  const parts = [
    await inlineModules(root, inSpace, manifest, 'space'),
    await inlineModules(root, manifest.entries, manifest, 'worker'),
  ];
  for (const { files: modules } of parts) add(modules);
  const inlined = [...new Set(parts.flatMap(({ packages }) => packages))]
    .map(inlinedPackage)
    .sort((a, b) => compare(`${a.name}@${a.version}`, `${b.name}@${b.version}`));
  if (inlined.length > 0) files.set(NOTICES, notices(name, inlined));
  files.set('package.json', packageJson(root, manifest, await describe(root, manifest), inlined));
  const sorted = [...files].map(([path, content]) => ({ path, content })).sort((a, b) => compare(a.path, b.path));
  const all = [sealOf(name, version, sorted), ...sorted];
  const archive = await writeArchive(all);
  await readArchive(archive, archiveName(name, version)).catch((error: unknown) => {
    throw new RackwattError('PACK_FAILED', `${name} would be refused where it is installed: ${errorMessage(error)}`, {
      cause: error,
    });
  });
  return { name, version, archive, files: all.map(({ path, content }) => ({ path, size: content.length })) };
}

/** File name of an archive: `rackwatt-driver-snmp-1.2.0.tgz`, as npm names it. */
export function archiveName(name: string, version: string): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}

async function assetFiles(root: string, asset: string, name: string): Promise<ArchiveFile[]> {
  const path = join(root, asset);
  if (!existsSync(path))
    throw new RackwattError(
      'PACK_FAILED',
      `${name}: there is no ${asset}, which "rackwatt.assets" names; build the bundle first (npm run build)`,
    );
  const inside = posix.normalize(asset).replace(/\/$/, '');
  if (statSync(path).isFile()) return [{ path: inside, content: await readFile(path) }];
  return Promise.all(
    (await filesOf(path)).map(async (file) => ({
      path: posix.join(inside, file),
      content: await readFile(join(path, file)),
    })),
  );
}

interface InlinedPackage {
  name: string;
  version: string;
  license: string;
  /** Texts of its licence and notice files. */
  texts: string[];
}

function inlinedPackage(folder: string): InlinedPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: unknown;
  };
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(file) && statSync(join(folder, file)).isFile())
    .sort(compare)
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { name, version, license: typeof license === 'string' ? license : 'see its package', texts };
}

/** The licences of what was inlined ask to be handed on with it. */
function notices(name: string, packages: readonly InlinedPackage[]): Buffer {
  const sections = packages.map(({ name: other, version, license, texts }) =>
    [`## ${other} ${version} (${license})`, ...texts].join('\n\n'),
  );
  return Buffer.from(`${[`# Packages in ${name}`, ...sections].join('\n\n')}\n`);
}

function packageJson(
  root: string,
  manifest: Manifest,
  components: ComponentDescription[],
  inlined: readonly InlinedPackage[],
): Buffer {
  const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
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
  const own = {
    update: manifest.update,
    ...filled('contracts', manifest.contracts, manifest.contracts.length),
    ...filled('entries', manifest.entries.map(packed), manifest.entries.length),
    ...filled('assets', manifest.assets, manifest.assets.length),
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

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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
