import { errorMessage, errorRecord, RackwattError, type ErrorRecord } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import type { Properties, ServiceReference, ServiceRegistration } from '../registry/types.js';
import type { Scope } from '../scope/index.js';
import { Activation } from './activation.js';
import type { ReferenceBinding } from './binding.js';
import { bindingsOf, openBindings, targetsToFollow, type BindingParts } from './bindings.js';
import type { Handover } from './handover.js';
import type { ComponentDefinition } from './define.js';
import type { EngineParts } from './engine.js';
import { ComponentServices } from './held.js';
import { dependantsFirst } from './plan.js';
import { Provision } from './provision.js';
import type { ComponentSet } from './set.js';
import type { DeactivationReason, Logger } from './types.js';

/** Configuration of one instance, secrets resolved. */
export interface InstanceConfiguration {
  /** `pid` or `pid~name`. */
  pid: string;
  values: Readonly<Record<string, unknown>>;
  /** The values that may be seen by others: no secrets. */
  properties: Properties;
  /** Why it cannot be used, such as a missing secret. */
  problem?: string;
}

export type InstanceState = 'unsatisfied' | 'activating' | 'active' | 'deactivating' | 'failed' | 'disposed';

type Provided = readonly Contract<unknown>[];

/**
 * One component with one configuration (OSGi: a component configuration): comes up when it is satisfied, goes down when
 * it no longer is, and tells why it is where it is.
 */
export class ComponentInstance implements BindingParts {
  readonly id: number;
  readonly set: ComponentSet;
  readonly definition: ComponentDefinition;
  state: InstanceState = 'unsatisfied';
  failure: ErrorRecord | undefined;
  /** Milliseconds that the last activation took. */
  activationTime = 0;
  configuration: InstanceConfiguration | undefined;
  bindings: ReferenceBinding[] = [];
  /** Waits in the engine's work queue. */
  queued = false;
  readonly #engine: EngineParts;
  readonly #provision: Provision;
  readonly #services: ComponentServices;
  #activation: Activation | undefined;
  #log: Logger | undefined;
  #properties: Properties | undefined;
  #retired = false;
  #reopening = false;
  /** Set while activation is pending: what is to happen once it settled. */
  #fallWhenUp: DeactivationReason | undefined;
  #pending: Promise<void> | undefined;
  #retries = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    id: number,
    set: ComponentSet,
    definition: ComponentDefinition,
    configuration: InstanceConfiguration | undefined,
    engine: EngineParts,
  ) {
    this.id = id;
    this.set = set;
    this.definition = definition;
    this.configuration = configuration;
    this.#engine = engine;
    this.#provision = new Provision(set.services);
    this.#services = new ComponentServices(set.services);
    this.#openBindings();
  }

  /** Made late: most components never have to say anything. */
  get log(): Logger {
    return (this.#log ??= this.#engine.logger(this.set.bundle, this.label));
  }

  /** Effects of the activation under way. */
  get scope(): Scope | undefined {
    return this.#activation?.scope;
  }

  get name(): string {
    return this.definition.options.name;
  }

  /** Name with the configuration's own name: `rackwatt.device~rack1-a`. */
  get label(): string {
    const pid = this.configuration?.pid;
    const tilde = pid?.indexOf('~') ?? -1;
    return tilde < 0 ? this.definition.options.name : `${this.definition.options.name}${pid!.slice(tilde)}`;
  }

  get contracts(): Provided {
    const { provides } = this.definition.options;
    if (!provides) return [];
    return Array.isArray(provides) ? provides : [provides as Contract<unknown>];
  }

  /** Of the description, then of the configuration. */
  get properties(): Properties {
    return (this.#properties ??= {
      'component.name': this.name,
      'component.id': this.id,
      ...this.definition.options.properties,
      ...this.configuration?.properties,
      ...(this.configuration ? { 'service.pid': this.configuration.pid } : {}),
    });
  }

  /** Ids of the services registered now. */
  serviceIds(): number[] {
    return this.#provision.ids();
  }

  /** Its configuration is gone for good: once down, it stays down. */
  retire(): void {
    this.#retired = true;
  }

  satisfied(): boolean {
    return (
      !this.#retired && !this.#reopening && this.configured() && this.bindings.every((binding) => binding.satisfied())
    );
  }

  configured(): boolean {
    if (this.configuration?.problem) return false;
    return this.configuration !== undefined || this.definition.options.configuration?.policy !== 'require';
  }

  reconsider(): void {
    this.#engine.reconsider(this);
  }

  giveUp(): void {
    void this.#engine.lower(this, 'reference');
  }

  betterCame(reference: ServiceReference): void {
    // A provider that itself goes down with this component would come again and again.
    const falling = dependantsFirst(this, this.#engine.holders);
    if (falling.every((instance) => !instance.serviceIds().includes(reference.id))) this.giveUp();
  }

  failed(what: string, error: unknown): void {
    this.log.error({ error: errorRecord(error) }, `${what} threw: ${errorMessage(error)}`);
  }

  /** Called by the engine's work queue; brings the instance to where it should be. */
  evaluate(): void {
    if (this.state === 'active' && !this.configured()) void this.#engine.lower(this, 'configuration-deleted');
    else if ((this.state === 'unsatisfied' || this.state === 'failed') && this.satisfied()) this.#activate();
    else if (this.state === 'failed' && !this.satisfied()) this.state = 'unsatisfied';
  }

  #openBindings(): void {
    const cradle = (): unknown => this.#activation?.cradle;
    this.bindings = bindingsOf(this, this.#services, this.#engine.holders, cradle);
    openBindings(this.bindings, (problem) => this.log.error(problem));
  }

  #activate(): void {
    clearTimeout(this.#retry);
    this.state = 'activating';
    const unbound = this.bindings.find((binding) => !binding.bind());
    if (unbound) {
      const message = `reference "${unbound.name}": no provider of ${unbound.description.contract.id} gives its service`;
      void this.#engine.track(this.#failed(new RackwattError('REFERENCE_UNBOUND', message)));
      return;
    }
    const started = performance.now();
    const activation = new Activation(this, this.#engine);
    this.#activation = activation;
    try {
      const result = activation.begin();
      if (result instanceof Promise) {
        this.#pending = this.#engine.track(
          result.then(
            (service) => this.#activated(activation, service, started),
            (error) => this.#failed(error),
          ),
        );
      } else void this.#activated(activation, result, started);
    } catch (error) {
      void this.#engine.track(this.#failed(error));
    }
  }

  #activated(activation: Activation, service: unknown, started: number): void | Promise<void> {
    this.activationTime = performance.now() - started;
    activation.service = service;
    const { contracts } = this;
    if (contracts.length > 0 && (service === undefined || service === null)) {
      const message = `component ${this.label} provides ${contracts[0]!.id}, but its activate gave no service`;
      return this.#failed(new RackwattError('COMPONENT_NO_SERVICE', message));
    }
    const taken = activation.takeOver();
    return taken ? (this.#pending = this.#engine.track(taken.then(() => this.#up()))) : this.#up();
  }

  #up(): void | Promise<void> {
    this.#pending = undefined;
    this.#retries = 0;
    this.state = 'active';
    if (this.failure) this.log.info('is up again');
    this.failure = undefined;
    const fall = this.#fallWhenUp;
    this.#fallWhenUp = undefined;
    if (fall) return this.#engine.lower(this, fall);
    const { contracts } = this;
    if (contracts.length > 0) this.#provision.publish(contracts, this.#activation?.service, this.properties);
    this.#engine.changed(this);
    if (!this.configured()) this.reconsider();
    return undefined;
  }

  /** Gives the component, if it is up, what the one before handed over. */
  async takeOver(): Promise<void> {
    if (this.state === 'active') await this.#activation?.takeOver();
  }

  async #failed(error: unknown): Promise<void> {
    this.#pending = undefined;
    const repeated = this.failure?.message === errorMessage(error);
    this.failure = errorRecord(error);
    await this.#tearDown();
    this.state = this.#fallWhenUp ? 'unsatisfied' : 'failed';
    this.#fallWhenUp = undefined;
    if (!repeated) this.log.error({ error: this.failure }, this.failure.message);
    this.#engine.changed(this);
    // A cause outside (a port in use, a full disk) may pass; what the container can see is noticed at once.
    this.#retry = setTimeout(() => this.reconsider(), Math.min(60_000, 2_000 * 2 ** this.#retries++));
    this.#retry.unref();
  }

  /** Registers a further service, gone with the activation. */
  provide<T>(contract: Contract<T>, service: T, properties: Properties): ServiceRegistration<T> {
    return this.#provision.provide(contract, service, properties);
  }

  /** Follows no further change of its references: it is to go. */
  freeze(): void {
    for (const binding of this.bindings) binding.freeze();
  }

  /** Goes down by itself; the engine has taken down what depends on it. */
  deactivate(reason: DeactivationReason): void | Promise<void> {
    if (this.state === 'activating') {
      this.#fallWhenUp = reason;
      return this.#pending;
    }
    if (this.state !== 'active') return this.#pending;
    this.state = 'deactivating';
    const down = this.#goDown(reason);
    if (down) this.#pending = this.#engine.track(down);
    return this.#pending;
  }

  /** At once, as far as nothing has to be waited for: promises would be most of the time that a thousand take. */
  #goDown(reason: DeactivationReason): void | Promise<void> {
    const { drainUntil } = this.set;
    const drain = drainUntil === undefined ? this.#engine.drain : Math.max(0, drainUntil - performance.now());
    const calls = this.#provision.settle(this.#provision.withdraw(), drain);
    // Asked when nobody calls any more: what it says is the last word.
    const activation = this.#activation;
    const { bequeaths } = this.set;
    const quiet = calls ? calls.then(() => activation?.handOver(bequeaths)) : activation?.handOver(bequeaths);
    const settled = quiet ? quiet.then(() => activation?.end(reason)) : activation?.end(reason);
    const clean = settled ? settled.then(() => this.#tearDown()) : this.#tearDown();
    if (clean) return clean.then(() => this.#isDown(reason));
    this.#isDown(reason);
  }

  /** Adds what the component hands over, when it is up. */
  async handOver(bequeaths: Handover): Promise<void> {
    if (this.state === 'active') await this.#activation?.handOver(bequeaths);
  }

  #isDown(reason: DeactivationReason): void {
    this.#pending = undefined;
    this.state = 'unsatisfied';
    this.#engine.changed(this);
    if (reason !== 'bundle-stopped' && reason !== 'disposed') this.reconsider();
  }

  #tearDown(): void | Promise<void> {
    // What it provided while it went down, or before it failed.
    void this.#provision.settle(this.#provision.withdraw(), 0);
    for (const binding of this.bindings.toReversed()) binding.endTelling();
    const closed = this.#activation?.close();
    this.#activation = undefined;
    if (closed) return closed.then(() => this.#unbind());
    this.#unbind();
  }

  #unbind(): void {
    for (const binding of this.bindings.toReversed()) binding.unbind();
  }

  /** Takes a changed configuration: alive through `modified`, or by a restart. */
  configure(configuration: InstanceConfiguration | undefined): void {
    this.configuration = configuration;
    this.#properties = undefined;
    this.#log = undefined;
    const { modified } = this.definition.options;
    if (this.state === 'active' && modified && configuration && !configuration.problem) {
      const targets = targetsToFollow(this, this.bindings);
      if (targets) {
        this.#activation?.modify();
        for (const [i, binding] of this.bindings.entries()) binding.retarget(targets[i]!);
        this.#provision.change(this.properties);
        return;
      }
    }
    // Bindings are made anew with the new targets; until then the instance must not come up on the old ones.
    if (this.#reopening) return;
    this.#reopening = true;
    const reopen = (): void => {
      for (const binding of this.bindings) binding.close();
      this.#openBindings();
      this.failure = undefined;
      this.#reopening = false;
      this.reconsider();
    };
    const down = this.#engine.lower(this, 'configuration-modified');
    if (down) void this.#engine.track(down.then(reopen));
    else reopen();
  }

  /** Gone for good. */
  dispose(): void {
    clearTimeout(this.#retry);
    for (const binding of this.bindings) binding.close();
    this.state = 'disposed';
  }
}
