import { resolve } from 'node:path';
import { isComponentDefinition, type ComponentDefinition } from '../component/index.js';
import { RackwattError } from '../errors.js';
import type { HostModules, ModuleSpace, ModuleSpaceOptions } from '../space/index.js';
import type { Activator } from './context.js';
import { contractFile, type Manifest } from './manifest.js';
import type { Wires } from './wiring.js';

/** Where the content of a revision lies. */
export interface RevisionSource {
  /** `link:./bundles/x`, `store:name@version`, `dropins:x.tgz`: what the configuration or the drop-in folder says. */
  location: string;
  /** Folder with the package.json. */
  root: string;
  manifest: Manifest;
  /** sha256 of the archive; folders run in place have none. */
  digest?: string;
}

/** What evaluating a bundle's main module gave. */
export interface Loaded {
  definitions: ComponentDefinition[];
  activator: Activator | undefined;
}

/** Makes module spaces; given by the framework so that it can watch over all of them. */
export type SpaceMaker = (
  root: string,
  label: string,
  host: HostModules,
  options?: Pick<ModuleSpaceOptions, 'isContract' | 'failed'>,
) => ModuleSpace;

/** Gives the maker of module spaces: with what loads modules, which an empty container starts without. */
export type SpaceMakerSource = () => Promise<SpaceMaker>;

let revisions = 0;

/**
 * One content of a bundle. Its private code and its contracts live in two module spaces: an update frees the private
 * one, while a contract stays as long as somebody imports it.
 */
export class Revision {
  readonly source: RevisionSource;
  /** Unique label, such as `@rackwatt/driver-snmp@1.2.0#7`. */
  readonly label: string;
  readonly #spaces: SpaceMakerSource;
  readonly #shared: HostModules;
  #wires: Wires<Revision> = new Map();
  #resolved = false;
  #runs = 0;
  #private: ModuleSpace | undefined;
  #contractsLoaded: Promise<void> | undefined;
  readonly #contractExports = new Map<string, unknown>();

  constructor(source: RevisionSource, spaces: SpaceMakerSource, shared: HostModules) {
    this.source = source;
    this.label = `${source.manifest.name}@${source.manifest.version}#${++revisions}`;
    this.#spaces = spaces;
    this.#shared = shared;
  }

  get manifest(): Manifest {
    return this.source.manifest;
  }

  get space(): ModuleSpace | undefined {
    return this.#private;
  }

  get resolved(): boolean {
    return this.#resolved;
  }

  get wires(): Wires<Revision> {
    return this.#wires;
  }

  /** Takes its wires and evaluates the contracts that it imports. */
  async resolve(wires: Wires<Revision>): Promise<void> {
    this.#wires = wires;
    for (const provider of new Set(wires.values())) await provider.loadContracts();
    this.#resolved = true;
  }

  /** Evaluates the contract modules once, whoever asks first. */
  loadContracts(): Promise<void> {
    return (this.#contractsLoaded ??= this.#evaluateContracts());
  }

  async #evaluateContracts(): Promise<void> {
    const makeSpace = await this.#spaces();
    const space = makeSpace(this.source.root, `${this.label} contracts`, this.#host(), { isContract: true });
    try {
      for (const subpath of this.manifest.contracts) {
        const file = resolve(this.source.root, contractFile(this.manifest, subpath));
        this.#contractExports.set(subpath, await space.load(file));
      }
    } catch (error) {
      // What they import may be there the next time.
      this.#contractsLoaded = undefined;
      space.dispose();
      throw error;
    }
  }

  /**
   * Evaluates the main module.
   * @param failed told of errors of its code that nobody caught
   * @throws `BUNDLE_LOAD` or a coded error of the module space
   */
  async load(failed?: (error: unknown) => void): Promise<Loaded> {
    const { main, contracts, name } = this.manifest;
    // A main that is itself a contract has no components: it must not be evaluated a second time as private code.
    if (!main || (contracts.includes('.') && contractFile(this.manifest, '.') === main)) {
      await this.loadContracts();
      return { definitions: [], activator: undefined };
    }
    const exports = await this.loadModule(resolve(this.source.root, main), failed);
    const definitions = new Set<ComponentDefinition>();
    for (const value of Object.values(exports)) {
      const definition = componentOf(value);
      if (definition) definitions.add(definition);
    }
    const space = this.#private!;
    const activator = exports['activator'] as Activator | undefined;
    if (activator !== undefined && typeof activator?.start !== 'function') {
      throw new RackwattError('BUNDLE_LOAD', `bundle ${name} exports an activator without a start function`);
    }
    return {
      definitions: Array.from(definitions, (definition) => runIn(space, definition)),
      activator: activator && {
        start: (context) => space.run(() => activator.start(context)),
        stop: (context) => space.run(() => activator.stop?.(context)),
      },
    };
  }

  /** Evaluates any module of the bundle in its private space. */
  async loadModule(file: string, failed?: (error: unknown) => void): Promise<Record<string, unknown>> {
    const makeSpace = await this.#spaces();
    this.#private ??= makeSpace(this.source.root, this.#nextLabel(), this.#host(), { failed });
    return this.#private.load(file);
  }

  /** A late error of the code that ran before a stop must not be taken for one of the code that runs now. */
  #nextLabel(): string {
    this.#runs++;
    return this.#runs === 1 ? this.label : `${this.label}.${this.#runs}`;
  }

  /** Frees the private code. Contracts live on with whoever imports them. */
  unload(): void {
    this.#private?.dispose();
    this.#private = undefined;
  }

  /** Path of a module as a private module of this bundle would get it. */
  resolvePath(specifier: string): string {
    if (!this.#private) throw new RackwattError('BUNDLE_STATE', `bundle ${this.manifest.name} is not loaded`);
    return this.#private.resolve(specifier, resolve(this.source.root, 'package.json'));
  }

  contract(subpath: string): unknown {
    return this.#contractExports.get(subpath);
  }

  #host(): HostModules {
    return {
      get: (specifier) => {
        const shared = this.#shared.get(specifier);
        if (shared) return shared;
        const name = packageName(specifier);
        const provider = name === undefined ? undefined : this.#wires.get(name);
        if (!provider) return undefined;
        const subpath = specifier === name ? '.' : `.${specifier.slice(name!.length)}`;
        const exports = provider.contract(subpath);
        if (exports === undefined) {
          throw new RackwattError(
            'BUNDLE_PRIVATE',
            `${this.manifest.name} imports ${specifier}, but ${name} offers only ${provider.manifest.contracts.join(', ')}: the rest is its own`,
          );
        }
        return { exports };
      },
    };
  }
}

function packageName(specifier: string): string | undefined {
  return /^(@[^/]+\/[^/]+|[^@./][^/]*)/.exec(specifier)?.[1];
}

/** A component made with `component()`, or a class with `@Component`. */
export function componentOf(value: unknown): ComponentDefinition | undefined {
  if (isComponentDefinition(value)) return value;
  if (typeof value === 'function') {
    const definition = (value as unknown as Record<symbol, unknown>)[Symbol.for('rackwatt.component')];
    if (isComponentDefinition(definition)) return definition;
  }
  return undefined;
}

/** The same component, whose code is known as its space's also where it is called out of another bundle's. */
function runIn(space: ModuleSpace, definition: ComponentDefinition): ComponentDefinition {
  const { activate, deactivate, modified, handOver, takeOver } = definition.options;
  const options: ComponentDefinition['options'] = {
    ...definition.options,
    activate: (cradle: never) => space.run(() => activate(cradle)),
    ...(deactivate
      ? { deactivate: (service: unknown, reason: never) => space.run(() => deactivate(service, reason)) }
      : {}),
    ...(modified ? { modified: (cradle: never, service: unknown) => space.run(() => modified(cradle, service)) } : {}),
    ...(handOver ? { handOver: (service: object) => space.run(() => handOver(service)) } : {}),
    ...(takeOver
      ? { takeOver: (service: object, state: unknown, from: string) => space.run(() => takeOver(service, state, from)) }
      : {}),
  };
  return { ...definition, options };
}
