import { missingExport, requireCycle, requireOfAsyncModule } from './errors.js';
import { defineExport, type Namespace, newNamespace, requireView } from './namespace.js';
import type { ModuleRecord } from './transform.js';

/** What a request of an ES module leads to. */
export type Target =
  | EsModule
  /** Anything else. `view` evaluates it if need be; `known` is there when its names are known without that. */
  | { kind: 'foreign'; view(): Namespace; known?: Namespace };

interface Binding {
  target: Target;
  name: string | null;
}

type Resolution = Binding | 'missing' | 'ambiguous' | 'unknown';

type State = 'new' | 'linked' | 'evaluating' | 'evaluated';

/** An ES module: linked and evaluated in the order of ECMA-262, with a function in place of the engine's module. */
export class EsModule {
  readonly kind = 'esm';
  readonly path: string;
  readonly record: ModuleRecord;
  /** TypeScript of a CommonJS package: `import` means what TypeScript compiles it to. */
  readonly interop: boolean;
  readonly namespace = newNamespace();
  state: State = 'new';
  /** There when the module or one that it imports waits at its top level. */
  promise: Promise<void> | undefined;
  #error: { thrown: unknown } | undefined;
  #targets = new Map<string, Target>();
  #ambiguous = new Set<string>();
  #waits: boolean | undefined;
  #required: unknown;
  readonly #find: (specifier: string) => Target;
  readonly #run: () => unknown;

  /** @param run calls the module's function @param find resolves a specifier of this module and loads it, unevaluated */
  constructor(
    path: string,
    record: ModuleRecord,
    interop: boolean,
    find: (specifier: string) => Target,
    run: () => unknown,
  ) {
    this.path = path;
    this.record = record;
    this.interop = interop;
    this.#find = find;
    this.#run = run;
  }

  /** Loads all that is imported, statically, and checks every imported name. */
  link(): void {
    const added: EsModule[] = [];
    try {
      this.#collect(added);
      for (const module of added) module.#defineNames();
      for (const module of added) module.#checkNames();
    } catch (error) {
      for (const module of added) module.#unlink();
      throw error;
    }
  }

  #collect(added: EsModule[]): void {
    if (this.state !== 'new') return;
    this.state = 'linked';
    added.push(this);
    for (const { specifier } of this.record.requests) {
      const target = this.#find(specifier);
      this.#targets.set(specifier, target);
      if (target.kind === 'esm') target.#collect(added);
    }
  }

  #unlink(): void {
    this.state = 'new';
    this.#targets.clear();
  }

  #target(specifier: string): Target {
    return this.#targets.get(specifier) ?? this.#find(specifier);
  }

  /** Names in alphabetical order, as a namespace has them. */
  #defineNames(): void {
    const own = new Set([...this.record.local, ...this.record.indirect.map(({ exported }) => exported)]);
    for (const name of [...this.#exportNames(new Set())].sort()) {
      if (own.has(name)) {
        defineExport(this.namespace, name, () => {
          throw new ReferenceError(`Cannot access '${name}' before initialization`);
        });
        continue;
      }
      const found = this.resolveExport(name, new Set());
      if (found === 'ambiguous') this.#ambiguous.add(name);
      if (typeof found === 'object') defineExport(this.namespace, name, () => read(found));
    }
  }

  #exportNames(seen: Set<EsModule>): Set<string> {
    const names = new Set<string>();
    if (seen.has(this)) return names;
    seen.add(this);
    for (const name of this.record.local) names.add(name);
    for (const { exported } of this.record.indirect) names.add(exported);
    for (const specifier of this.record.stars) {
      const target = this.#target(specifier);
      const starred = target.kind === 'esm' ? target.#exportNames(seen) : Object.keys(target.known ?? {});
      for (const name of starred) if (name !== 'default' && name !== 'module.exports') names.add(name);
    }
    return names;
  }

  /** ECMA-262 ResolveExport. `unknown`: a CommonJS module that was not evaluated yet may have the name. */
  resolveExport(name: string, seen: Set<string>): Resolution {
    const key = `${this.path}\0${name}`;
    if (seen.has(key)) return 'missing';
    seen.add(key);
    if (this.record.local.includes(name)) return { target: this, name };
    const indirect = this.record.indirect.find(({ exported }) => exported === name);
    if (indirect) {
      const target = this.#target(indirect.specifier);
      return indirect.name === null ? { target, name: null } : resolveIn(target, indirect.name, seen, this.interop);
    }
    if (name === 'default') return 'missing';
    let found: Resolution = 'missing';
    for (const specifier of this.record.stars) {
      const candidate = resolveIn(this.#target(specifier), name, seen, this.interop);
      if (candidate === 'ambiguous') return candidate;
      if (candidate === 'missing') continue;
      if (typeof found === 'object' && typeof candidate === 'object') {
        if (found.target !== candidate.target || found.name !== candidate.name) return 'ambiguous';
      } else if (typeof found !== 'object') found = candidate;
    }
    return found;
  }

  #checkNames(): void {
    const demand = (specifier: string, name: string): void => {
      const found = resolveIn(this.#target(specifier), name, new Set(), this.interop);
      if (found === 'missing' || found === 'ambiguous')
        throw missingExport(name, specifier, this.path, found === 'ambiguous');
    };
    for (const { specifier, names } of this.record.requests) for (const name of names) demand(specifier, name);
    for (const { specifier, name } of this.record.indirect) if (name !== null) demand(specifier, name);
  }

  /** Whether it or anything that it imports waits at the top level. */
  get waits(): boolean {
    this.#waits ??= this.#anyWaits(new Set());
    return this.#waits;
  }

  #anyWaits(seen: Set<EsModule>): boolean {
    if (this.record.async) return true;
    seen.add(this);
    return [...this.#targets.values()].some(
      (target) => target.kind === 'esm' && !seen.has(target) && target.#anyWaits(seen),
    );
  }

  /** Links and evaluates. @returns a promise only where something waits */
  evaluate(): Promise<void> | undefined {
    this.link();
    return this.#evaluate();
  }

  #evaluate(): Promise<void> | undefined {
    if (this.#error) throw this.#error.thrown;
    if (this.state !== 'linked') return this.promise;
    this.state = 'evaluating';
    if (this.waits) return this.#evaluateWaiting();
    try {
      this.#run();
    } catch (error) {
      this.#fail(error);
    }
    this.state = 'evaluated';
    return undefined;
  }

  #evaluateWaiting(): Promise<void> {
    const pending: Promise<void>[] = [];
    try {
      for (const target of this.#targets.values()) {
        if (target.kind === 'foreign') target.view();
        else {
          const waiting = target.#evaluate();
          if (waiting) pending.push(waiting);
        }
      }
    } catch (error) {
      this.#error = { thrown: error };
      this.state = 'evaluated';
      throw error;
    }
    this.promise = this.#runAfter(pending);
    // Whoever waits for the module sees the failure; nobody need.
    this.promise.catch(() => undefined);
    return this.promise;
  }

  async #runAfter(pending: Promise<void>[]): Promise<void> {
    try {
      if (pending.length > 0) await Promise.all(pending);
      const running = this.#run();
      if (this.record.async) await running;
    } catch (error) {
      this.#fail(error);
    }
    this.state = 'evaluated';
  }

  #fail(error: unknown): never {
    this.#error = { thrown: error };
    this.state = 'evaluated';
    throw error;
  }

  /** `import` statement of the module's text: evaluates the dependency where that has not happened yet. */
  importStatic(specifier: string, names: readonly string[] = []): Namespace {
    const target = this.#target(specifier);
    if (target.kind === 'esm') {
      if (target.state === 'linked') void target.#evaluate();
      else if (target.#error) throw target.#error.thrown;
      return target.namespace;
    }
    const view = target.view();
    if (!this.interop) for (const name of names) if (!(name in view)) throw missingExport(name, specifier, this.path);
    return view;
  }

  /** `export * from` a CommonJS module, whose names are known only now. */
  exportAll(source: Namespace): void {
    for (const name of Object.keys(source)) {
      if (name === 'default' || name === 'module.exports') continue;
      if (this.#ambiguous.has(name) || Object.hasOwn(this.namespace, name)) continue;
      defineExport(this.namespace, name, () => source[name]);
    }
  }

  /** @param from the file that calls `require` */
  require(from: string): unknown {
    this.link();
    if (this.waits && this.state !== 'evaluated') throw requireOfAsyncModule(this.path, from);
    if (this.state === 'evaluating') {
      if (!this.interop) throw requireCycle(this.path, from);
      return requireView(this.namespace, true);
    }
    void this.#evaluate();
    this.#required ??= requireView(this.namespace, this.interop);
    return this.#required;
  }
}

function read({ target, name }: Binding): unknown {
  const namespace = target.kind === 'esm' ? target.namespace : target.view();
  return name === null ? namespace : namespace[name];
}

function resolveIn(target: Target, name: string, seen: Set<string>, interop: boolean): Resolution {
  if (target.kind === 'esm') return target.resolveExport(name, seen);
  if (!target.known || interop) return 'unknown';
  return name in target.known ? { target, name } : 'missing';
}
