import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { RackwattError } from '../errors.js';
import type { Scope } from '../scope/index.js';
import { CONTAINER_MODULE } from './commonjs.js';
import { OwnedEffects } from './effects/index.js';
import { moduleEvaluation, moduleNotFound, spaceDisposed } from './errors.js';
import type { HostModules } from './host.js';
import { Loader } from './loader.js';
import { runAs } from './origin.js';
import { installStackTraces, spaces, type SpaceRecord } from './stack.js';
import { RevisionToken } from './token.js';
import type { TransformCache } from './transform-cache.js';

export interface ModuleSpaceOptions {
  /** Folder of the bundle's revision; a link is followed, so that a workspace's `node_modules` are found. */
  root: string;
  /** Names the revision in errors and reports, such as `@rackwatt/http@1.2.0`. */
  label: string;
  /** Its modules are run by those who import them, who then answer for what they throw. */
  isContract?: boolean;
  /** Nobody else runs in this process or thread: its modules may end it. */
  alone?: boolean | undefined;
  /** The space is disposed when this closes. */
  scope?: Scope | undefined;
  host: HostModules;
  /** Without it, TypeScript and ES modules are transformed at each load. */
  transforms?: TransformCache | undefined;
  /** Told of errors of its modules that nobody caught, where somebody looks out for them. */
  failed?: ((error: unknown) => void) | undefined;
  /** Told what went wrong while leftover effects were closed. An unhandled rejection if absent. */
  onError?: ((error: unknown) => void) | undefined;
}

/** Codes of failures that say enough by themselves, without being wrapped in what was loaded. */
const OWN_CODES = new Set([
  'MODULE_NOT_FOUND',
  'MODULE_SYNTAX',
  'MODULE_TOO_LARGE',
  'MODULE_OUTSIDE',
  'MODULE_LINK',
  'ERR_REQUIRE_ASYNC_MODULE',
  'ERR_REQUIRE_CYCLE_MODULE',
  'SPACE_DISPOSED',
]);

function unheard(error: unknown): void {
  void Promise.reject(error as Error);
}

/**
 * The modules of one revision of a bundle: CommonJS, ES modules and TypeScript, evaluated apart from Node's module
 * caches, which keep what they loaded for ever.
 *
 * `dispose()` ends what the modules left running and drops them; the revision's memory is free once nothing
 * outside holds on to one of its functions or objects. That is so when `token` was collected.
 */
export class ModuleSpace {
  readonly label: string;
  /** The real path. */
  readonly root: string;
  readonly isContract: boolean;
  readonly #effects: OwnedEffects;
  /** Gone once disposed: it holds the token. */
  #loader: Loader | undefined;
  readonly #record: SpaceRecord;
  readonly #forget: (() => void) | undefined;
  #token: RevisionToken | undefined;

  constructor(options: ModuleSpaceOptions) {
    installStackTraces();
    this.label = options.label;
    this.isContract = options.isContract ?? false;
    this.root = realpathSync.native(options.root);
    const record = spaces.enter(this, {
      label: this.label,
      root: this.root,
      isContract: this.isContract,
      failed: options.failed,
    });
    this.#record = record;
    const token = new RevisionToken(options.label);
    this.#token = token;
    this.#effects = new OwnedEffects(options.label, options.onError ?? unheard, options.alone);
    this.#loader = new Loader({
      label: options.label,
      root: this.root,
      host: options.host,
      transforms: options.transforms,
      effects: this.#effects,
      token,
      claim: (script) => spaces.claim(record, script),
    });
    const forget = options.scope?.add(`module space ${options.label}`, () => this.dispose());
    this.#forget = forget && (() => void forget());
  }

  /** In every scope of every module of the revision. @throws RackwattError `SPACE_DISPOSED` */
  get token(): RevisionToken {
    if (!this.#token) throw spaceDisposed(this.label, 'give its token');
    return this.#token;
  }

  /**
   * Evaluates a module and all that it imports.
   * @param entry absolute path, path relative to the root (`dist/index.js`), or a package
   * @returns `module.exports` of CommonJS, the namespace of an ES module
   * @throws RackwattError `MODULE_NOT_FOUND`, `MODULE_SYNTAX`, `MODULE_LINK`, or `MODULE_EVALUATION` for what the code threw
   */
  async load(entry: string): Promise<Record<string, unknown>> {
    const loader = this.#openLoader(`load '${entry}'`);
    try {
      return await this.run(() => loader.entry(this.#entryPath(loader, entry), CONTAINER_MODULE));
    } catch (error) {
      // Reading the stack drops V8's raw frames, which would keep the revision in memory.
      void (error as Error | undefined)?.stack;
      if (error instanceof RackwattError && OWN_CODES.has(error.code)) throw error;
      const failure = moduleEvaluation(entry, this.label, error);
      void failure.stack;
      throw failure;
    }
  }

  /** Runs code of the space, so that what it throws later without a frame of its own is still known to be its. */
  run<T>(code: () => T): T {
    return runAs(this.label, code);
  }

  #openLoader(action: string): Loader {
    if (!this.#loader) throw spaceDisposed(this.label, action);
    return this.#loader;
  }

  #entryPath(loader: Loader, entry: string): string {
    const path = isAbsolute(entry) ? entry : resolve(this.root, entry);
    const from = join(this.root, 'package.json');
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return loader.fileAt(path, entry, from);
    const found = loader.resolve(entry, from, 'require');
    if (!isAbsolute(found)) throw moduleNotFound(entry, from, 'it belongs to the host');
    return found;
  }

  /**
   * Where `require(specifier)` in the file `from` leads; the host's path for what the host gives.
   * @param from a file of the bundle; its root when absent
   * @throws RackwattError `MODULE_NOT_FOUND`
   */
  resolve(specifier: string, from: string = join(this.root, 'package.json')): string {
    return this.#openLoader(`find '${specifier}'`).resolve(specifier, from, 'require');
  }

  /** What the modules left running: one label for each timer, socket, server, worker, listener. */
  effects(): string[] {
    return this.#effects.labels();
  }

  /** Whether an error, or the text of a stack, comes from this space: its topmost frame in any space lies here. */
  owns(stackOrError: unknown): boolean {
    if (typeof stackOrError === 'string') return spaces.ownerOf(stackOrError) === this.#record;
    return spaces.attribute(stackOrError) === this.label;
  }

  /** Whether a file lies in the bundle's folder, its private dependencies included. */
  contains(file: string): boolean {
    return file.startsWith(this.root + sep);
  }

  /** Ends what is left running and drops all modules. Calling it again does nothing. */
  dispose(): void {
    const loader = this.#loader;
    if (!loader) return;
    this.#loader = undefined;
    this.#forget?.();
    this.#effects.close();
    loader.dispose();
    spaces.release(this.#record);
    if (this.#token) this.#token.droppedAt = Date.now();
    this.#token = undefined;
  }
}
