import { createRequire } from 'node:module';

/** One copy for all spaces. */
export interface SharedModule {
  readonly exports: unknown;
  /** What `require.resolve` gives; a worker thread requires it from there. */
  readonly file?: string | undefined;
}

/** Evaluated anew in each space, from the host's files. */
export interface PerSpaceModule {
  readonly file: string;
}

export type HostModule = SharedModule | PerSpaceModule;

/** Modules that the host gives to spaces; asked before a bundle's own `node_modules`. */
export interface HostModules {
  get(specifier: string): HostModule | undefined;
}

export function isShared(module: HostModule): module is SharedModule {
  return 'exports' in module;
}

export interface HostModulesOptions {
  /** What bundles import as `rackwatt`. */
  rackwatt: unknown;
  /** Packages with native code, loaded once for the process, since an addon stays mapped for ever. */
  native?: readonly string[];
  /** Further modules, such as contracts; they win over the default ones. */
  extra?: HostModules | ReadonlyMap<string, HostModule>;
  /** A file whose `node_modules` hold the native packages; this package's own by default. */
  from?: string;
}

/** Packages of which all spaces share the host's copy, with all their subpaths. */
const SHARED = ['awilix', 'pino', 'reflect-metadata', 'typebox', 'tslib'];
/**
 * Packages that each space evaluates for itself: tsyringe keeps what it is told in a registry for ever, so that a shared
 * copy would keep every revision.
 */
const PER_SPACE = ['tsyringe', 'rackwatt/decorators'];
export const NATIVE_PACKAGES: readonly string[] = ['better-sqlite3', 'serialport', '@serialport/bindings-cpp'];

/** The modules that Rackwatt's own host gives. Each is found and loaded when the first bundle asks for it. */
export function hostModules(options: HostModulesOptions): HostModules {
  const ownRequire = createRequire(import.meta.url);
  const nativeRequire = options.from === undefined ? ownRequire : createRequire(options.from);
  const native = new Set(options.native ?? NATIVE_PACKAGES);
  const known = new Map<string, HostModule | undefined>([['rackwatt', { exports: options.rackwatt }]]);
  const find = (specifier: string): HostModule | undefined => {
    const name = packageName(specifier);
    if (native.has(name)) return sharedFrom(nativeRequire, specifier);
    if (SHARED.includes(name)) return sharedFrom(ownRequire, specifier);
    if (!PER_SPACE.includes(specifier)) return undefined;
    const file = resolveWith(ownRequire, specifier);
    return file === undefined ? undefined : { file };
  };
  return {
    get(specifier) {
      const extra = options.extra?.get(specifier);
      if (extra) return extra;
      if (known.has(specifier)) return known.get(specifier);
      const found = find(specifier);
      if (found || SHARED.includes(packageName(specifier))) known.set(specifier, found);
      return found;
    },
  };
}

/** `@scope/name` or `name` of a specifier. */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function resolveWith(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return require.resolve(specifier);
  } catch {
    // Not installed on the host: the bundle's own copy, if it has one, is used instead.
    return undefined;
  }
}

function sharedFrom(require: NodeJS.Require, specifier: string): SharedModule | undefined {
  const file = resolveWith(require, specifier);
  if (file === undefined) return undefined;
  return {
    file,
    get exports(): unknown {
      return require(file) as unknown;
    },
  };
}
