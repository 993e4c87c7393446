import { resolve } from 'node:path';
import { checkSchema, componentOf, type ComponentDefinition } from '../component/index.js';
import { RackwattError } from '../errors.js';
import type { HostModules, ModuleSpace, ModuleSpaceOptions } from '../space/index.js';
import type { Activator } from './context.js';
import { ContractModules } from './contract-modules.js';
import { contractFile, type Manifest } from './manifest.js';
import { capabilitiesOf, requirementsOf } from './offers.js';
import { type Capability, CONTRACT, type Requirement } from './requirement.js';
import type { BundleWiring, Wirable } from './wiring.js';

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
export class Revision implements Wirable<Revision> {
  readonly source: RevisionSource;
  /** Unique label, such as `@rackwatt/driver-snmp@1.2.0#7`. */
  readonly label: string;
  /** Settles when the contracts that it imports are evaluated. */
  ready: Promise<void> | undefined;
  readonly #spaces: SpaceMakerSource;
  readonly #shared: HostModules;
  #capabilities: readonly Capability[] | undefined;
  #requirements: readonly Requirement[] | undefined;
  #wiring: BundleWiring<Revision> | undefined;
  /** From whom it gets the contracts that it imports, by their names. */
  #imports: ReadonlyMap<string, Revision> = new Map();
  #runs = 0;
  #private: ModuleSpace | undefined;
  #contracts: ContractModules | undefined;

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

  /** What it has to offer, in the order of the manifest. */
  get capabilities(): readonly Capability[] {
    return (this.#capabilities ??= capabilitiesOf(this.manifest));
  }

  /** What it needs, in the order of the manifest. */
  get requirements(): readonly Requirement[] {
    return (this.#requirements ??= requirementsOf(this.manifest));
  }

  /** Undefined while it is not resolved. */
  get wiring(): BundleWiring<Revision> | undefined {
    return this.#wiring;
  }

  /** Whose contracts it imports. */
  get providers(): ReadonlySet<Revision> {
    return new Set(this.#imports.values());
  }

  wire(wiring: BundleWiring<Revision>): void {
    this.#wiring = wiring;
    const imports = new Map<string, Revision>();
    for (const { capability, provider } of wiring.requiredWires(CONTRACT))
      if (provider) imports.set(capability.attributes[CONTRACT] as string, provider);
    this.#imports = imports;
  }

  /** Takes its wires from it, and its contracts from memory: nobody is wired to them. */
  unwire(): void {
    this.#wiring = undefined;
    this.#imports = new Map();
    this.#contracts?.dispose();
    this.#contracts = undefined;
  }

  /** Evaluates the contract modules once, whoever asks first. */
  loadContracts(): Promise<void> {
    const label = `${this.label} contracts`;
    this.#contracts ??= new ContractModules(this.source, async () => {
      const makeSpace = await this.#spaces();
      return makeSpace(this.source.root, label, this.#host(false), { isContract: true });
    });
    return this.#contracts.load();
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
    if (this.manifest.brought.length > 0) await this.loadContracts();
    const exports = await this.loadModule(resolve(this.source.root, main), failed);
    const definitions = new Set<ComponentDefinition>();
    for (const value of Object.values(exports)) {
      const definition = componentOf(value);
      if (definition) definitions.add(definition);
    }
    for (const definition of definitions) checkSchema(definition);
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
    this.#private ??= makeSpace(this.source.root, this.#nextLabel(), this.#host(true), { failed });
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

  /** What a contract module exports; undefined when there is none under that path. @param name package of the contract */
  contract(name: string, subpath: string): unknown {
    return this.#contracts?.exports(name, subpath);
  }

  /** @param isPrivate the bundle's private code, which gets also what the bundle itself brings along */
  #host(isPrivate: boolean): HostModules {
    return {
      get: (specifier) => {
        const shared = this.#shared.get(specifier);
        if (shared) return shared;
        const name = packageName(specifier);
        if (name === undefined) return undefined;
        const subpath = specifier === name ? '.' : `.${specifier.slice(name.length)}`;
        const provider = this.#imports.get(name) ?? (isPrivate && this.#brings(name) ? this : undefined);
        if (!provider) {
          if (this.manifest.optionalImports.includes(name) && !this.#brings(name)) throw notThere(specifier);
          return undefined;
        }
        const exports = provider.contract(name, subpath);
        if (exports === undefined) throw this.#refusal(specifier, name, subpath, provider);
        return { exports };
      },
    };
  }

  #brings(name: string): boolean {
    return this.manifest.brought.some((each) => each.name === name);
  }

  #refusal(specifier: string, name: string, subpath: string, provider: Revision): RackwattError {
    const { manifest } = provider;
    const brought = manifest.brought.find((each) => each.name === name);
    const offered = brought ? Object.keys(brought.exports) : manifest.contracts;
    if (offered.includes(subpath))
      return new RackwattError(
        'BUNDLE_CYCLE',
        `${this.manifest.name} imports ${specifier}, which is not evaluated yet: contracts of ${this.manifest.name} and ${manifest.name} import each other`,
      );
    return new RackwattError(
      'BUNDLE_PRIVATE',
      `${this.manifest.name} imports ${specifier}, but ${name} offers only ${offered.join(', ')}: the rest is its own`,
    );
  }
}

/** As Node says it, so that code which tries an import finds what it expects. */
function notThere(specifier: string): RackwattError {
  return new RackwattError(
    'MODULE_NOT_FOUND',
    `Cannot find '${specifier}': it is an optional peer dependency, and no bundle that offers it was there when this one was resolved`,
  );
}

function packageName(specifier: string): string | undefined {
  return /^(@[^/]+\/[^/]+|[^@./][^/]*)/.exec(specifier)?.[1];
}

/** The same component, whose code is known as its space's also where it is called out of another bundle's. */
function runIn(space: ModuleSpace, definition: ComponentDefinition): ComponentDefinition {
  const inside = (hook: unknown): unknown =>
    typeof hook === 'function' ? (...given: unknown[]) => space.run(() => hook(...given) as unknown) : hook;
  const each = (handlers: object): object =>
    Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, inside(handler)]));
  const options: ComponentDefinition['options'] & Record<string, unknown> = { ...definition.options };
  for (const hook of ['activate', 'deactivate', 'modified', 'handOver', 'takeOver'])
    if (options[hook] !== undefined) options[hook] = inside(options[hook]);
  for (const handlers of ['bind', 'updated', 'unbind'])
    if (options[handlers] !== undefined) options[handlers] = each(options[handlers] as object);
  const { construct } = definition;
  return {
    ...definition,
    options,
    ...(construct ? { construct: (cradle: unknown) => space.run(() => construct(cradle)) } : {}),
  };
}
