import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RackwattError } from '../errors.js';
import { COMMONJS_PARAMETERS, CommonJsModule, moduleFolders, type RequireFunction } from './commonjs.js';
import { compile, type Evaluate } from './compile.js';
import { DECORATOR_HELPERS } from './decorators.js';
import type { OwnedEffects } from './effects/index.js';
import { moduleSyntax, moduleTooLarge, spaceDisposed } from './errors.js';
import { EsModule, type Target } from './esm.js';
import { type HostModule, type HostModules, isShared } from './host.js';
import { importView, interopView, type Namespace } from './namespace.js';
import { builtinId, isTypeScript, type RequestKind, Resolver } from './resolve.js';
import { type Script, sourceMapUrl } from './stack.js';
import type { RevisionToken } from './token.js';
import {
  DYNAMIC_IMPORT,
  ESM_PARAMETERS,
  hasModuleSyntax,
  HELPERS,
  type Prepared,
  SourceTransformer,
} from './transform.js';
import type { TransformCache } from './transform-cache.js';

/** A module whose exports are one value. */
interface ValueModule {
  readonly kind: 'cjs' | 'value';
  readonly module: CommonJsModule;
  /** Evaluates it; gone once that began. */
  run: (() => void) | undefined;
  view?: Namespace;
  interop?: Namespace;
}

type Loaded = EsModule | ValueModule;

/** Characters of a module; more is data, or an attack. */
const MOST = 64 << 20;

/** A request that leads out of the space, or to a file in it. */
type Found = { exports: unknown; file?: string | undefined } | { path: string };

interface LoaderOptions {
  label: string;
  /** Real path of the bundle's folder. */
  root: string;
  host: HostModules;
  transforms: TransformCache | undefined;
  effects: OwnedEffects;
  token: RevisionToken;
  /** Names a script and keeps what its frames stand for. */
  claim(script: Script): string;
}

const hostRequire = createRequire(import.meta.url);

/** Loads and evaluates the modules of one space. */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #resolver: Resolver;
  readonly #transformer: SourceTransformer;
  readonly #modules = new Map<string, Loaded>();
  #disposed = false;

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.#resolver = new Resolver(options.root);
    this.#transformer = new SourceTransformer(options.transforms);
  }

  dispose(): void {
    this.#disposed = true;
    this.#modules.clear();
  }

  /** @returns the path, or the specifier itself for a built-in. */
  resolve(specifier: string, from: string, kind: RequestKind): string {
    const id = builtinId(specifier);
    if (id !== undefined) return specifier;
    const host = this.#options.host.get(specifier);
    if (host?.file !== undefined) return host.file;
    if (host) return specifier;
    return this.#resolver.resolve(specifier, from, kind);
  }

  /** A file that the container itself asks for by its path. */
  fileAt(path: string, entry: string, from: string): string {
    return this.#resolver.realPath(path, entry, from);
  }

  #find(specifier: string, from: string, kind: RequestKind): Found {
    if (this.#disposed) throw spaceDisposed(this.#options.label, `load '${specifier}'`);
    const id = builtinId(specifier);
    if (id !== undefined)
      return { exports: id === 'module' ? this.#moduleBuiltin() : this.#options.effects.builtin(id) };
    const host = this.#options.host.get(specifier);
    if (host) return foundIn(host);
    return { path: this.#resolver.resolve(specifier, from, kind) };
  }

  /** `node:module`, whose `createRequire` gives a `require` of this space: Node's own would keep what it loads for ever. */
  #moduleBuiltin(): unknown {
    return new Proxy(hostRequire('node:module') as object, {
      get: (target, name): unknown =>
        name === 'createRequire'
          ? (from: string | URL) =>
              this.requireFrom(from instanceof URL || from.startsWith('file:') ? fileURLToPath(from) : from)
          : Reflect.get(target, name, target),
    });
  }

  /** The `require` of a module at this path. */
  requireFrom(from: string, parent?: CommonJsModule): RequireFunction {
    const require = ((specifier: string) => this.require(specifier, from, parent)) as RequireFunction;
    require.resolve = Object.assign((specifier: string) => this.resolve(specifier, from, 'require'), {
      paths: () => moduleFolders(dirname(from)),
    });
    require.cache = Object.create(null) as object;
    require.extensions = { '.js': undefined, '.json': undefined, '.node': undefined };
    require.main = undefined;
    return require;
  }

  require(specifier: string, from: string, parent: object | undefined): unknown {
    const found = this.#find(specifier, from, 'require');
    if ('exports' in found) return found.exports;
    const loaded = this.#load(found.path, parent);
    if (loaded.kind === 'esm') return loaded.require(from);
    return this.#evaluate(loaded);
  }

  /** `import()`: the dependency is never evaluated before the caller goes on. */
  async import(specifier: string, from: string, interop = false): Promise<unknown> {
    await Promise.resolve();
    const target = this.#target(specifier, from, interop);
    if (target.kind === 'foreign') return target.view();
    await target.evaluate();
    return target.namespace;
  }

  /** What an entry file exports. */
  async entry(path: string, parent: object): Promise<Record<string, unknown>> {
    if (this.#disposed) throw spaceDisposed(this.#options.label, `load '${path}'`);
    const loaded = this.#load(path, parent);
    if (loaded.kind !== 'esm') return this.#evaluate(loaded) as Record<string, unknown>;
    await loaded.evaluate();
    return loaded.namespace;
  }

  #target(specifier: string, from: string, interop: boolean): Target {
    const found = this.#find(specifier, from, interop ? 'require' : 'import');
    const viewOf = interop ? interopView : importView;
    if ('exports' in found) {
      const view = viewOf(found.exports);
      return { kind: 'foreign', view: () => view, known: view };
    }
    const loaded = this.#load(found.path, undefined);
    if (loaded.kind === 'esm') return loaded;
    return {
      kind: 'foreign',
      view: () => {
        const exports = this.#evaluate(loaded);
        return interop ? (loaded.interop ??= interopView(exports)) : (loaded.view ??= importView(exports));
      },
    };
  }

  #evaluate(loaded: ValueModule): unknown {
    const { module, run } = loaded;
    if (!run) return module.exports;
    loaded.run = undefined;
    try {
      this.#options.effects.evaluate(run);
    } catch (error) {
      this.#modules.delete(module.filename);
      throw error;
    }
    module.loaded = true;
    return module.exports;
  }

  /** Reads and compiles a file, without running it. */
  #load(path: string, parent: object | undefined): Loaded {
    const known = this.#modules.get(path);
    if (known) return known;
    const loaded = this.#read(path, parent);
    this.#modules.set(path, loaded);
    return loaded;
  }

  #read(path: string, parent: object | undefined): Loaded {
    const extension = extname(path);
    if (extension === '.node') return value(path, parent, (module) => (module.exports = createRequire(path)(path)));
    const source = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
    if (source.length > MOST) throw moduleTooLarge(path, MOST);
    if (extension === '.json') return value(path, parent, (module) => (module.exports = parseJson(path, source)));
    const type = this.#resolver.packageType(path);
    if (isTypeScript(path)) {
      const strict = extension === '.mts' || (extension === '.ts' && type === 'module');
      const prepared = this.#transformer.typescript(path, source, strict);
      return prepared.record ? this.#esm(path, prepared, !strict) : this.#commonJs(path, prepared, parent);
    }
    if (extension === '.mjs' || (extension === '.js' && type === 'module')) {
      return this.#esm(path, this.#transformer.esm(path, source), false);
    }
    try {
      return this.#commonJs(path, this.#prepareCommonJs(path, source), parent);
    } catch (error) {
      // As in Node, a file that no package.json gives a type is an ES module if it reads like one.
      const undecided =
        extension === '.js' && type === undefined && error instanceof RackwattError && error.code === 'MODULE_SYNTAX';
      if (!undecided || !hasModuleSyntax(path, source)) throw error;
      return this.#esm(path, this.#transformer.esm(path, source), false);
    }
  }

  #prepareCommonJs(path: string, source: string): Prepared & { mapUrl?: string } {
    const code = source.startsWith('#!') ? `//${source.slice(2)}` : source;
    const mapUrl = sourceMapUrl(code);
    const imports = /\bimport\s*\(/.test(code);
    return {
      code: imports ? this.#transformer.dynamicImports(path, code) : code,
      maps: [],
      ...(mapUrl === undefined ? {} : { mapUrl }),
    };
  }

  #commonJs(path: string, prepared: Prepared & { mapUrl?: string }, parent: object | undefined): ValueModule {
    const { code, maps, mapUrl } = prepared;
    const script = this.#options.claim({
      path,
      ...(maps.length > 0 ? { maps } : {}),
      ...(mapUrl === undefined ? {} : { mapUrl }),
    });
    const parameters = [...COMMONJS_PARAMETERS, DYNAMIC_IMPORT];
    const outer = maps.length > 0 ? { [HELPERS]: DECORATOR_HELPERS } : {};
    const call = compile({ path, script, code, parameters, outer }, this.#options.effects, this.#options.token);
    return value(
      path,
      parent,
      (module) => {
        call.call(
          module.exports,
          module.exports,
          module.require,
          module,
          path,
          module.path,
          this.#dynamicImport(path, false),
        );
      },
      this,
    );
  }

  #esm(path: string, prepared: Prepared & { record?: NonNullable<Prepared['record']> }, interop: boolean): EsModule {
    const { code, maps } = prepared;
    const record = prepared.record as NonNullable<Prepared['record']>;
    const script = this.#options.claim({ path, maps });
    const commonJs = new CommonJsModule(path, undefined);
    commonJs.require = this.requireFrom(path, commonJs);
    const outer = {
      ...(maps.length > 1 ? { [HELPERS]: DECORATOR_HELPERS } : {}),
      ...(interop
        ? {
            exports: commonJs.exports,
            require: commonJs.require,
            module: commonJs,
            __filename: path,
            __dirname: commonJs.path,
          }
        : {}),
    };
    const call: Evaluate = compile(
      { path, script, code, outer, parameters: ESM_PARAMETERS, bindings: record.bindings, async: record.async },
      this.#options.effects,
      this.#options.token,
    );
    const module: EsModule = new EsModule(
      path,
      record,
      interop,
      (specifier) => this.#target(specifier, path, interop),
      () =>
        this.#options.effects.evaluate(() =>
          call.call(
            undefined,
            module.namespace,
            (specifier: string, options?: { importedNames?: string[] }) =>
              module.importStatic(specifier, options?.importedNames),
            this.#dynamicImport(path, interop),
            (source: Namespace) => module.exportAll(source),
            this.#importMeta(path),
          ),
        ),
    );
    return module;
  }

  #dynamicImport(from: string, interop: boolean): (specifier: unknown) => Promise<unknown> {
    return async (specifier) => this.import(String(specifier), from, interop);
  }

  #importMeta(path: string): object {
    const resolveUrl = (specifier: string): string => {
      const id = builtinId(specifier);
      if (id !== undefined) return `node:${id}`;
      const found = this.resolve(specifier, path, 'import');
      return found.startsWith('/') ? pathToFileURL(found).href : found;
    };
    return { dirname: dirname(path), filename: path, main: false, resolve: resolveUrl, url: pathToFileURL(path).href };
  }
}

function foundIn(host: HostModule): Found {
  return isShared(host) ? host : { path: host.file };
}

function value(
  path: string,
  parent: object | undefined,
  run: (module: CommonJsModule) => void,
  loader?: Loader,
): ValueModule {
  const module = new CommonJsModule(path, parent);
  if (loader) module.require = loader.requireFrom(path, module);
  if (parent instanceof CommonJsModule) parent.children.push(module);
  return { kind: loader ? 'cjs' : 'value', module, run: () => run(module) };
}

function parseJson(path: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    const { message } = error as SyntaxError;
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(message) ?? [];
    throw moduleSyntax(path, line === undefined ? {} : { line: Number(line), column: Number(column) }, message);
  }
}
