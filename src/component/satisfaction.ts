import { errorMessage, errorRecord } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import type { Properties, ServiceOwner, ServiceReference } from '../registry/types.js';
import type { ReferenceBinding } from './binding.js';
import { bindingsOf, openBindings, type BindingParts } from './bindings.js';
import { instanceName, type InstanceConfiguration } from './configuration.js';
import type { ComponentDefinition } from './define.js';
import type { EngineParts } from './engine.js';
import { ComponentServices } from './held.js';
import { componentProperties } from './properties.js';
import type { ComponentSet } from './set.js';
import type { Logger } from './types.js';

/** What is said of an instance beside its description and its configuration. */
export interface Making<I> {
  /** The one that stands for all: of a factory, or of a service with an object for each user. */
  readonly by: I;
  /** What the factory was given. */
  readonly properties?: Properties;
  /** For whom the object is. */
  readonly user?: ServiceOwner;
}

/** A component with a configuration: what it is called, what it needs, and whether that is there. */
export abstract class ComponentConfiguration<I> implements BindingParts {
  /** `component.id` */
  readonly id: number;
  readonly set: ComponentSet;
  readonly definition: ComponentDefinition;
  readonly contracts: readonly Contract<unknown>[];
  readonly made: Making<I> | undefined;
  configuration: InstanceConfiguration | undefined;
  bindings: ReferenceBinding[] = [];
  protected readonly engine: EngineParts;
  readonly #services: ComponentServices;
  /** Set while its bindings are made anew. */
  protected reopening = false;
  #log: Logger | undefined;
  #properties: Properties | undefined;
  #retired = false;

  constructor(
    id: number,
    set: ComponentSet,
    definition: ComponentDefinition,
    configuration: InstanceConfiguration | undefined,
    engine: EngineParts,
    made: Making<I> | undefined,
  ) {
    const { provides } = definition.options;
    this.id = id;
    this.set = set;
    this.definition = definition;
    this.contracts = provides === undefined ? NOTHING : 'id' in provides ? [provides] : provides;
    this.configuration = configuration;
    this.engine = engine;
    this.made = made;
    this.#services = new ComponentServices(set.services);
  }

  /** Something changed that may let it come up. */
  abstract reconsider(): void;
  abstract giveUp(): void;
  abstract betterCame(reference: ServiceReference): void;
  /** What its code finds by name in the activation under way. */
  protected abstract cradle(): unknown;

  /** Whether its object is that of one user only; what is registered is that of the one behind which it stands. */
  get ofUser(): boolean {
    return this.made?.user !== undefined;
  }

  get name(): string {
    return this.definition.options.name;
  }

  /** Name with the configuration's own name: `rackwatt.device~rack1-a`. */
  get label(): string {
    const own = instanceName(this.configuration);
    return own === undefined ? this.name : `${this.name}~${own}`;
  }

  /** Made late: most components never have to say anything. */
  get log(): Logger {
    return (this.#log ??= this.engine.logger(this.set.bundle, this.label));
  }

  /** Of the description, then of the configurations, then of what a factory was given. */
  get properties(): Properties {
    const { configuration } = this;
    return (this.#properties ??= componentProperties(this.name, this.id, [
      this.definition.options.properties,
      configuration?.properties,
      configuration && { 'service.pid': configuration.pids ?? configuration.pid },
      this.made?.properties,
    ]));
  }

  /** Another configuration. */
  protected become(configuration: InstanceConfiguration | undefined): void {
    this.configuration = configuration;
    this.#properties = undefined;
    this.#log = undefined;
  }

  /** Its configuration is gone for good: once down, it stays down. */
  retire(): void {
    this.#retired = true;
  }

  satisfied(): boolean {
    return (
      !this.#retired && !this.reopening && this.configured() && this.bindings.every((binding) => binding.satisfied())
    );
  }

  configured(): boolean {
    if (this.configuration?.problem) return false;
    return this.configuration !== undefined || this.definition.options.configuration?.policy !== 'require';
  }

  protected openBindings(): void {
    this.bindings = bindingsOf(this, this.#services, this.engine.holders, () => this.cradle());
    openBindings(this.bindings, (problem) => this.log.error(problem));
  }

  protected unbind(): void {
    for (const binding of this.bindings.toReversed()) binding.unbind();
  }

  /** Follows no further change of its references: it is to go. */
  freeze(): void {
    for (const binding of this.bindings) binding.freeze();
  }

  failed(what: string, error: unknown): void {
    this.log.error({ error: errorRecord(error) }, `${what} threw: ${errorMessage(error)}`);
  }
}

const NOTHING: readonly Contract<unknown>[] = [];
