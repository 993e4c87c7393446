import { readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, extname, isAbsolute, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResolverFactory } from 'oxc-resolver';
import { moduleNotFound, moduleOutside } from './errors.js';

/** Which of a package's conditional exports apply, and whether extensions may be left out. */
export type RequestKind = 'require' | 'import';

const CONDITIONS: Record<RequestKind, string[]> = {
  require: ['node', 'require', 'module-sync'],
  import: ['node', 'import', 'module-sync'],
};
const EXTENSIONS = ['.js', '.json', '.node', '.cjs'];
const TYPESCRIPT_EXTENSIONS = ['.ts', '.cts', '.mts'];
/** What a TypeScript source writes for a file that is there as TypeScript. */
const WRITTEN_AS: Readonly<Record<string, string>> = { '.js': '.ts', '.cjs': '.cts', '.mjs': '.mts' };

export function isTypeScript(file: string): boolean {
  return TYPESCRIPT_EXTENSIONS.includes(extname(file)) && !/\.d\.[cm]?ts$/.test(file);
}

/** `fs` or `fs/promises` for any spelling of a built-in. */
export function builtinId(specifier: string): string | undefined {
  if (!isBuiltin(specifier)) return undefined;
  return specifier.startsWith('node:') ? specifier.slice(5) : specifier;
}

/**
 * Finds files as Node does. Relative requests, all that a packed bundle makes, are answered here; packages are looked up
 * by oxc-resolver, which is loaded when the first one is asked for.
 */
export class Resolver {
  readonly #found = new Map<string, string>();
  readonly #manifests = new Map<string, { type?: unknown; main?: unknown } | undefined>();
  readonly #inside: string;
  #packages: Partial<Record<RequestKind, ResolverFactory>> = {};

  /** @param root real path of the bundle's folder, which its own files may not lead out of */
  constructor(root: string) {
    this.#inside = root + sep;
  }

  /** @returns the real path. @throws RackwattError `MODULE_NOT_FOUND`, `MODULE_OUTSIDE` */
  resolve(specifier: string, from: string, kind: RequestKind): string {
    const folder = dirname(from);
    const key = `${kind}\0${folder}\0${specifier}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = this.#find(specifier, from, folder, kind);
    this.#found.set(key, found);
    return found;
  }

  #find(specifier: string, from: string, folder: string, kind: RequestKind): string {
    const request = kind === 'import' ? importRequest(specifier, from) : specifier;
    if (!isAbsolute(request) && !/^\.\.?(?:\/|$)/.test(request)) return this.#package(request, from, folder, kind);
    const path = resolve(folder, request);
    const loose = kind === 'require' || isTypeScript(from);
    const found = this.#file(path, request.endsWith('/'), loose);
    if (found === undefined) throw moduleNotFound(specifier, from);
    return this.realPath(found, specifier, from);
  }

  /** Links are followed, but not out of the bundle: what lies there is not signed, counted or watched with it. */
  realPath(path: string, specifier: string, from: string): string {
    const real = realpathSync.native(path);
    if (from.startsWith(this.#inside) && !real.startsWith(this.#inside)) throw moduleOutside(specifier, from);
    return real;
  }

  #file(path: string, folderOnly: boolean, loose: boolean): string | undefined {
    if (!folderOnly) {
      if (isFile(path)) return path;
      const written = WRITTEN_AS[extname(path)];
      if (written !== undefined) {
        const typed = path.slice(0, -extname(path).length) + written;
        if (isFile(typed)) return typed;
      }
      if (!loose) return undefined;
      const extended = withExtension(path);
      if (extended !== undefined) return extended;
    }
    if (!loose || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
    const main = this.#manifest(path)?.main;
    if (typeof main === 'string') {
      const target = resolve(path, main);
      const found = isFile(target)
        ? target
        : (this.#file(target, false, false) ?? withExtension(target) ?? withExtension(join(target, 'index')));
      if (found !== undefined) return found;
    }
    return withExtension(join(path, 'index'));
  }

  #package(specifier: string, from: string, folder: string, kind: RequestKind): string {
    const resolver = (this.#packages[kind] ??= newPackageResolver(kind));
    const result = resolver.sync(folder, specifier);
    if (result.path === undefined) throw moduleNotFound(specifier, from, detailOf(result.error, specifier));
    const query = result.path.lastIndexOf('?');
    return query < 0 ? result.path : result.path.slice(0, query);
  }

  /** The nearest `package.json` above decides what `.js` and `.ts` mean; a `node_modules` folder ends the search. */
  packageType(file: string): 'module' | 'commonjs' | undefined {
    for (let folder = dirname(file); ; folder = dirname(folder)) {
      if (basename(folder) === 'node_modules') return undefined;
      const manifest = this.#manifest(folder);
      if (manifest) return manifest.type === 'module' || manifest.type === 'commonjs' ? manifest.type : undefined;
      if (folder === dirname(folder)) return undefined;
    }
  }

  #manifest(folder: string): { type?: unknown; main?: unknown } | undefined {
    if (this.#manifests.has(folder)) return this.#manifests.get(folder);
    let manifest: { type?: unknown; main?: unknown } | undefined;
    try {
      const parsed: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (typeof parsed === 'object' && parsed !== null) manifest = parsed;
    } catch {
      // None here, or not a manifest: the search goes on above.
    }
    this.#manifests.set(folder, manifest);
    return manifest;
  }
}

/** An `import` takes URLs; queries and fragments do not name other files. */
function importRequest(specifier: string, from: string): string {
  if (specifier.startsWith('file:')) return fileURLToPath(new URL(specifier).href.replace(/[?#].*$/, ''));
  if (/^[a-z][a-z+.-]+:/i.test(specifier))
    throw moduleNotFound(specifier, from, 'only file: and node: URLs can be imported');
  if (!specifier.startsWith('.') && !specifier.startsWith('/')) return specifier;
  return decodeURIComponent(specifier.replace(/[?#].*$/, ''));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function withExtension(path: string): string | undefined {
  for (const extension of [...EXTENSIONS, ...TYPESCRIPT_EXTENSIONS])
    if (isFile(path + extension)) return path + extension;
  return undefined;
}

/** The resolver's own words, where they say more than that it is not there. */
function detailOf(error: string | undefined, specifier: string): string | undefined {
  return error === undefined || error === `Cannot find module '${specifier}'` ? undefined : error;
}

function newPackageResolver(kind: RequestKind): ResolverFactory {
  const load = createRequire(import.meta.url);
  const { ResolverFactory } = load('oxc-resolver') as typeof import('oxc-resolver');
  return new ResolverFactory({
    conditionNames: CONDITIONS[kind],
    extensions: ['.js', '.json', '.node'],
    mainFields: ['main'],
    nodePath: false,
  });
}
