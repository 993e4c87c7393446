import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, relative } from 'node:path';
import type { OutputChunk, Plugin } from 'rolldown';
import type { Manifest } from '../bundle/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { NATIVE_PACKAGES } from '../space/index.js';
import type { BundleFile } from './archive/format.js';

/** Modules that the container gives to every bundle; they stay imports. */
const SHARED = ['rackwatt', 'awilix', 'pino', 'reflect-metadata', 'typebox', 'tsyringe'];
const ABSENT = '\0absent:';
/** Each entry is a module of its own that hands on the real one, so that no other entry adds to what it exports. */
const ENTRY = '\0entry:';

/** The modules of a bundle, packed. */
export interface Inlined {
  files: BundleFile[];
  /** Folders of the private packages that went in. */
  packages: string[];
}

/** Where a module lies once it is packed: CommonJS, whatever the source was. */
export function packedPath(file: string): string {
  return posix.normalize(file).replace(/\.(?:mjs|cjs|js|ts|mts|cts)$/, '.js');
}

/**
 * Makes CommonJS files with source maps of a bundle's entry modules, their private dependencies inlined. What several entries
 * use lies in files that they share, so that there is one copy of it, as there was before. Native packages stay imports, and
 * for modules that run in the container's spaces contracts and shared modules do; a worker thread has only Node's own
 * resolution, so that its modules hold everything.
 * @param entries paths relative to `root`
 * @throws `PACK_FAILED`
 */
export async function inlineModules(
  root: string,
  entries: readonly string[],
  manifest: Manifest,
  runIn: 'space' | 'worker',
): Promise<Inlined> {
  if (entries.length === 0) return { files: [], packages: [] };
  const { rolldown } = await import('rolldown');
  const outside = new Set([
    ...NATIVE_PACKAGES,
    ...(runIn === 'space' ? [...SHARED, ...Object.keys(manifest.imports)] : []),
  ]);
  const refused: RackwattError[] = [];
  try {
    const build = await rolldown({
      input: Object.fromEntries(entries.map((file) => [packedPath(file).replace(/\.js$/, ''), ENTRY + file])),
      cwd: root,
      platform: 'node',
      plugins: [
        boundaries(root, outside, (what) =>
          refused.push(new RackwattError('PACK_FAILED', `${manifest.name}: ${what}`)),
        ),
        ownSourceMaps,
      ],
      logLevel: 'silent',
      tsconfig: false,
      // Comments with the names of modules would tell where they lay.
      experimental: { attachDebugInfo: 'none' },
    });
    try {
      const { output } = await build.generate({
        dir: root,
        format: 'cjs',
        sourcemap: true,
        exports: 'named',
        entryFileNames: '[name].js',
        chunkFileNames: 'dist/shared-[hash].js',
      });
      if (refused[0]) throw refused[0];
      const chunks = output.filter((file) => file.type === 'chunk');
      const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
      return {
        files: chunks.flatMap((chunk) => filesOfChunk(root, chunk)),
        packages: [...new Set(modules.flatMap(packageFolder))].sort(),
      };
    } finally {
      await build.close();
    }
  } catch (error) {
    if (refused[0]) throw refused[0];
    throw new RackwattError('PACK_FAILED', `${manifest.name} cannot be packed: ${firstMistake(error)}`, {
      cause: error,
    });
  }
}

/** The first of the packer's errors, without its picture of the code. */
function firstMistake(error: unknown): string {
  const [first] = (error as { errors?: { message?: string; loc?: { file?: string; line: number } }[] }).errors ?? [];
  const place = first?.loc?.file === undefined ? '' : ` (${first.loc.file}:${first.loc.line})`;
  return `${errorMessage(first ?? error)
    .split('\n', 1)[0]!
    .trim()}${place}`;
}

/** Says what is inlined, and notices what could not work once packed. */
function boundaries(root: string, outside: ReadonlySet<string>, refuse: (what: string) => void): Plugin {
  return {
    name: 'boundaries',
    resolveId: {
      order: 'pre',
      async handler(source, importer, options) {
        if (source.startsWith(ENTRY) || importer === undefined) return source;
        if (importer.startsWith(ENTRY)) return this.resolve(source, undefined, { ...options, skipSelf: true });
        if (isBuiltin(source) || outside.has(packageOf(source))) return { id: source, external: true };
        const found = await this.resolve(source, importer, { ...options, skipSelf: true });
        if (found?.id.endsWith('.node'))
          refuse(
            `${cleanSource(root, found.id)} is native code, which cannot be packed; of native packages there are ${NATIVE_PACKAGES.join(', ')}`,
          );
        if (found) return found;
        // Libraries try packages that need not be there; a bundle's own code must have all that it names.
        if (!importer.includes('/node_modules/'))
          refuse(
            `${cleanSource(root, importer)} imports "${source}", which is neither installed nor a contract in peerDependencies`,
          );
        return { id: ABSENT + source, moduleSideEffects: true };
      },
    },
    load(id) {
      if (id.startsWith(ENTRY))
        return {
          code: `module.exports = require(${JSON.stringify(join(root, id.slice(ENTRY.length)))});\n`,
          map: { mappings: '' },
        };
      if (!id.startsWith(ABSENT)) return null;
      const message = JSON.stringify(`Cannot find module '${id.slice(ABSENT.length)}'`);
      return {
        code: `module.exports = (() => { throw Object.assign(new Error(${message}), { code: 'MODULE_NOT_FOUND' }); })();\n`,
      };
    },
  };
}

/** Takes the source maps that the compiler wrote for the bundle's own modules, so that stacks name the sources. */
const ownSourceMaps: Plugin = {
  name: 'own source maps',
  async load(id) {
    const mapFile = `${id}.map`;
    if (id.startsWith('\0') || id.includes('/node_modules/') || !existsSync(mapFile)) return null;
    const map = JSON.parse(await readFile(mapFile, 'utf8')) as {
      sources: string[];
      sourcesContent?: (string | null)[];
      mappings: string;
      names: string[];
    };
    const sources = map.sources.map((source) => join(dirname(id), source));
    const sourcesContent = await Promise.all(
      sources.map(
        async (source, index) => map.sourcesContent?.[index] ?? (existsSync(source) ? readFile(source, 'utf8') : null),
      ),
    );
    return {
      code: await readFile(id, 'utf8'),
      map: { ...map, version: 3, sources, sourcesContent: sourcesContent.map((text) => text ?? '') },
    };
  },
};

function filesOfChunk(root: string, { fileName, code, map }: OutputChunk): BundleFile[] {
  const text = code.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
  if (!map) return [{ path: fileName, content: Buffer.from(text) }];
  const folder = posix.dirname(fileName);
  const paths = map.sources.map((source) => cleanSource(root, join(root, folder, source)));
  const content = {
    version: 3,
    file: posix.basename(fileName),
    names: map.names,
    sources: paths.map((path) => posix.relative(folder, path)),
    // Sources of private packages are found in the packages; they would be most of the archive.
    sourcesContent: map.sourcesContent?.map((source, index) =>
      paths[index]!.startsWith('node_modules/') ? null : source,
    ),
    mappings: map.mappings,
  };
  return [
    { path: fileName, content: Buffer.from(`${text}//# sourceMappingURL=${posix.basename(fileName)}.map\n`) },
    { path: `${fileName}.map`, content: Buffer.from(JSON.stringify(content)) },
  ];
}

/** A source by its place in the bundle or in node_modules, so that two machines pack the same bytes. */
function cleanSource(root: string, path: string): string {
  const own = relative(root, path).replaceAll('\\', '/');
  if (!own.startsWith('../')) return own;
  const modules = path.indexOf('/node_modules/');
  return modules >= 0 ? path.slice(modules + 1) : own.replace(/^(?:\.\.\/)+/, '');
}

function packageFolder(module: string): string[] {
  const match = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module);
  return match && !module.startsWith('\0') ? [match[0]] : [];
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
