import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative, resolve } from 'node:path';
import { contractFile, readManifest, type Manifest } from '../bundle/index.js';
import type { ComponentDescription } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { NATIVE_PACKAGES } from '../space/index.js';
import { writeArchive, type ArchiveFile } from './archive.js';
import { sealOf } from './seal.js';
import { entryFiles } from './store.js';

/** Modules of the container that are never inlined. */
const SHARED = ['rackwatt', 'awilix', 'pino', 'reflect-metadata', 'typebox', 'tsyringe', ...NATIVE_PACKAGES];
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
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'LICENSE'];

export interface Packed {
  name: string;
  version: string;
  archive: Buffer;
  files: { path: string; size: number }[];
}

/**
 * Packs a bundle's folder into one archive: every module that its manifest names becomes one CommonJS file with its private
 * dependencies inlined and a source map; contracts and shared modules stay imports; the description of its components
 * is written into package.json, so that nobody has to run its code to know it.
 *
 * @param describe evaluates the bundle's main module and describes its components
 * @throws `PACK_FAILED`, `BUNDLE_MANIFEST`
 */
export async function packBundle(
  root: string,
  describe: (root: string, manifest: Manifest) => Promise<ComponentDescription[]>,
): Promise<Packed> {
  const manifest = await readManifest(root);
  for (const file of entryFiles(manifest)) {
    if (!existsSync(join(root, file)))
      throw new RackwattError(
        'PACK_FAILED',
        `${manifest.name}: there is no ${file}; build the bundle first (npm run build)`,
      );
  }
  const components = await describe(root, manifest);
  const files: ArchiveFile[] = [];
  for (const file of entryFiles(manifest)) files.push(...(await bundleModule(root, file, manifest)));
  for (const asset of manifest.assets) files.push(...(await assetFiles(root, asset)));
  for (const name of DOCUMENTS) {
    const path = join(root, name);
    if (existsSync(path)) files.push({ path: name, content: readFileSync(path) });
  }
  files.push({ path: 'package.json', content: packageJson(root, manifest, components) });
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const all = [sealOf(manifest.name, manifest.version, files), ...files];
  return {
    name: manifest.name,
    version: manifest.version,
    archive: await writeArchive(all),
    files: all.map(({ path, content }) => ({ path, size: content.length })),
  };
}

/** File name of an archive: `rackwatt-driver-snmp-1.2.0.tgz`, as npm names it. */
export function archiveName(name: string, version: string): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}

/** Path of a packed module: CommonJS, whatever the source was. */
function packedPath(file: string): string {
  return posix.normalize(file).replace(/\.(mjs|cjs|js|ts|mts|cts)$/, '.js');
}

async function bundleModule(root: string, file: string, manifest: Manifest): Promise<ArchiveFile[]> {
  const { rolldown } = await import('rolldown');
  const outside = new Set([...SHARED, ...Object.keys(manifest.imports)]);
  const isExternal = (specifier: string): boolean => {
    if (specifier.startsWith('.') || specifier.startsWith('/')) return false;
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    return specifier.startsWith('node:') || outside.has(name);
  };
  try {
    const build = await rolldown({
      input: join(root, file),
      platform: 'node',
      external: isExternal,
      logLevel: 'silent',
      ...(existsSync(join(root, 'tsconfig.json')) ? { tsconfig: join(root, 'tsconfig.json') } : {}),
    });
    const { output } = await build.generate({
      format: 'cjs',
      sourcemap: true,
      exports: 'named',
      codeSplitting: false,
      entryFileNames: 'entry.js',
    });
    await build.close();
    const [chunk] = output;
    const path = packedPath(file);
    const map = chunk.map
      ? {
          ...chunk.map,
          sources: chunk.map.sources.map((source) => cleanSource(root, source)),
          file: posix.basename(path),
        }
      : undefined;
    const code = chunk.code.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
    if (!map) return [{ path, content: Buffer.from(code) }];
    return [
      { path, content: Buffer.from(`${code}//# sourceMappingURL=${posix.basename(path)}.map\n`) },
      {
        path: `${path}.map`,
        content: Buffer.from(
          JSON.stringify({
            version: 3,
            file: map.file,
            names: map.names,
            sources: map.sources,
            sourcesContent: map.sourcesContent,
            mappings: map.mappings,
          }),
        ),
      },
    ];
  } catch (error) {
    throw new RackwattError('PACK_FAILED', `${manifest.name}: ${file} cannot be bundled: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** Sources by their place in the bundle or in node_modules, so that two machines pack the same bytes. */
function cleanSource(root: string, source: string): string {
  const path = resolve(root, 'dist', source);
  const modules = path.lastIndexOf('/node_modules/');
  return modules >= 0
    ? path.slice(modules + 1)
    : relative(root, path)
        .replaceAll('\\', '/')
        .replace(/^(\.\.\/)+/, '');
}

async function assetFiles(root: string, asset: string): Promise<ArchiveFile[]> {
  const path = join(root, asset);
  if (!existsSync(path))
    throw new RackwattError(
      'PACK_FAILED',
      `there is no ${asset}, which "rackwatt.assets" names; build the bundle first (npm run build)`,
    );
  if (statSync(path).isFile()) return [{ path: posix.normalize(asset), content: await readFile(path) }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    found.map(async (file) => ({ path: relative(root, file).replaceAll('\\', '/'), content: await readFile(file) })),
  );
}

function packageJson(root: string, manifest: Manifest, components: ComponentDescription[]): Buffer {
  const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const kept = Object.fromEntries(
    KEPT_KEYS.filter((key) => source[key] !== undefined).map((key) => [key, source[key]]),
  );
  const modules = (paths: readonly string[]): string[] => paths.map((path) => `./${packedPath(path)}`);
  const own = {
    update: manifest.update,
    ...(manifest.contracts.length > 0 ? { contracts: manifest.contracts } : {}),
    ...(manifest.entries.length > 0 ? { entries: modules(manifest.entries) } : {}),
    ...(manifest.assets.length > 0 ? { assets: manifest.assets } : {}),
    ...(manifest.capabilities.length > 0 ? { capabilities: manifest.capabilities } : {}),
    ...(Object.keys(manifest.commands).length > 0
      ? {
          commands: Object.fromEntries(
            Object.entries(manifest.commands).map(([name, path]) => [name, `./${packedPath(path)}`]),
          ),
        }
      : {}),
    components,
  };
  const exports = Object.fromEntries(
    manifest.contracts.map((subpath) => [subpath, `./${packedPath(contractFile(manifest, subpath))}`]),
  );
  const content = {
    ...kept,
    ...(manifest.main ? { main: `./${packedPath(manifest.main)}` } : {}),
    ...(manifest.contracts.length > 0 ? { exports } : {}),
    rackwatt: own,
  };
  return Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
}
