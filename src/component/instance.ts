import { errorMessage, errorRecord, RackwattError, type ErrorRecord } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import type { Properties, ServiceReference, ServiceRegistration } from '../registry/types.js';
import type { Scope } from '../scope/index.js';
import { Activation } from './activation.js';
import { targetsToFollow } from './bindings.js';
import type { InstanceConfiguration } from './configuration.js';
import type { ComponentDefinition } from './define.js';
import type { EngineParts } from './engine.js';
import type { Handover } from './handover.js';
import { offerOf, type Offer } from './offer.js';
import { fallsWith } from './plan.js';
import { Provision } from './provision.js';
import { ComponentConfiguration, type Making } from './satisfaction.js';
import type { ComponentSet } from './set.js';
import type { DeactivationReason } from './types.js';

/** `satisfied`: what it offers is registered, and it is activated when somebody uses that. */
export type InstanceState =
  | 'unsatisfied'
  | 'satisfied'
  | 'activating'
  | 'active'
  | 'deactivating'
  | 'failed'
  | 'disposed';

/**
 * One component with one configuration (OSGi: a component configuration): comes up when it is satisfied, goes down when
 * it no longer is, and tells why it is where it is.
 */
export class ComponentInstance extends ComponentConfiguration<ComponentInstance> {
  state: InstanceState = 'unsatisfied';
  failure: ErrorRecord | undefined;
  /** Milliseconds that the last activation took. */
  activationTime = 0;
  /** Waits in the engine's work queue. */
  queued = false;
  /** Somebody is about to use it. */
  awaited = false;
  readonly #provision: Provision;
  /** What is registered before it is activated; undefined where it is activated first. */
  readonly #offer: Offer | undefined;
  #activation: Activation | undefined;
  /** Set while activation is pending: what is to happen once it settled. */
  #fallWhenUp: DeactivationReason | undefined;
  /** Set while it goes down because nobody uses it: what it offers stays. */
  #resting = false;
  #pending: Promise<void> | undefined;
  #retries = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    id: number,
    set: ComponentSet,
    definition: ComponentDefinition,
    configuration: InstanceConfiguration | undefined,
    engine: EngineParts,
    made?: Making<ComponentInstance>,
  ) {
    super(id, set, definition, configuration, engine, made);
    if (made) this.state = 'satisfied';
    this.#offer = made ? undefined : offerOf(this, engine);
    this.#provision = new Provision(set.services);
    this.openBindings();
  }

  /** Effects of the activation under way. */
  get scope(): Scope | undefined {
    return this.#activation?.scope;
  }

  /** What `activate` gave, while it is up. */
  get service(): unknown {
    return this.state === 'active' ? this.#activation?.service : undefined;
  }

  /** What it waits for while it comes up or goes down. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** What goes down as one with it. */
  get whole(): ComponentInstance {
    return this.ofUser ? this.made!.by : this;
  }

  /** Those that stand behind it, one for each user. */
  ofUsers(): readonly ComponentInstance[] {
    return this.#offer?.ofUsers() ?? [];
  }

  /** Why it is not active although it is satisfied, as a sentence. */
  get waitsFor(): string {
    return this.whole.#offer?.waitsFor ?? 'it is about to be activated';
  }

  /** Another instance, for a user of its service or of its factory. */
  make(made: Omit<Making<ComponentInstance>, 'by'>): ComponentInstance {
    const id = made.user ? this.id : this.engine.nextId();
    return new ComponentInstance(id, this.set, this.definition, this.configuration, this.engine, { by: this, ...made });
  }

  /** Ids of the services registered now. */
  serviceIds(): number[] {
    const users = this.ofUsers();
    return users.length === 0 ? this.#provision.ids() : [this, ...users].flatMap((each) => each.#provision.ids());
  }

  /** Of its own service, while that is registered. */
  get serviceReference(): ServiceReference | undefined {
    return this.whole.#provision.reference;
  }

  override reconsider(): void {
    this.engine.reconsider(this.whole);
  }

  override giveUp(): void {
    void this.engine.lower(this.whole, 'reference');
  }

  override betterCame(reference: ServiceReference): void {
    // A provider that itself goes down with this component would come again and again.
    if (!fallsWith(this.whole, reference, this.engine.holders)) this.giveUp();
  }

  protected override cradle(): unknown {
    return this.#activation?.cradle;
  }

  /** Called by the engine's work queue; brings the instance to where it should be. */
  evaluate(): void {
    const { state } = this;
    const isUp = state === 'active' || state === 'satisfied';
    if (isUp && !this.configured()) void this.engine.lower(this, 'configuration-deleted');
    else if (state === 'satisfied' && !this.satisfied()) void this.engine.lower(this, 'reference');
    else if (state === 'active') this.#restUnlessUsed();
    else if (state === 'unsatisfied' || (state === 'failed' && !this.#pending)) {
      if (!this.satisfied()) this.state = 'unsatisfied';
      else if (this.#offer) this.#register(this.#offer);
      else this.#activate();
    }
  }

  #register(offer: Offer): void {
    this.state = 'satisfied';
    this.failure = undefined;
    const { id } = this.#provision.publish(offer.contracts, offer.service, offer.properties());
    if (offer.eager) this.engine.offers.set(id, this);
    this.engine.changed(this);
  }

  /** Is activated, if it can be: somebody is about to use it. */
  rise(): void {
    if (this.state === 'satisfied' && !this.engine.tried(this)) this.#activate();
  }

  #activate(): void {
    clearTimeout(this.#retry);
    this.state = 'activating';
    const prepared = this.engine.prepare(this);
    const unbound = this.bindings.find((binding) => !binding.bind());
    this.engine.release(prepared);
    if (unbound) {
      const message = `reference "${unbound.name}": no provider of ${unbound.description.contract.id} gives its service`;
      void this.#failed(new RackwattError('REFERENCE_UNBOUND', message));
      return;
    }
    const started = performance.now();
    const activation = new Activation(this, this.engine);
    this.#activation = activation;
    try {
      const result = activation.begin();
      if (result instanceof Promise) {
        this.#pending = this.engine.track(
          result.then(
            (service) => this.#activated(activation, service, started),
            (error) => this.#failed(error),
          ),
        );
      } else void this.#activated(activation, result, started);
    } catch (error) {
      void this.#failed(error);
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
    const taken = this.made ? undefined : activation.takeOver();
    return taken ? (this.#pending = this.engine.track(taken.then(() => this.#up()))) : this.#up();
  }

  #up(): void | Promise<void> {
    this.#pending = undefined;
    this.#retries = 0;
    this.state = 'active';
    if (this.failure) this.log.info('is up again');
    this.failure = undefined;
    const fall = this.#fallWhenUp;
    this.#fallWhenUp = undefined;
    if (fall) return this.engine.lower(this, fall);
    const { contracts } = this;
    if (contracts.length > 0 && !this.#offer && !this.ofUser)
      this.#provision.publish(contracts, this.#activation?.service, this.properties);
    this.engine.changed(this);
    if (this.#offer || !this.configured()) this.reconsider();
  }

  #failed(error: unknown): void | Promise<void> {
    this.#pending = undefined;
    const repeated = this.failure?.message === errorMessage(error);
    this.failure = errorRecord(error);
    if (!repeated) this.log.error({ error: this.failure }, this.failure.message);
    this.state = 'failed';
    const down = this.#tearDown(this.#offer !== undefined);
    if (down) return (this.#pending = this.engine.track(down.then(() => this.#hasFailed())));
    return this.#hasFailed();
  }

  #hasFailed(): void | Promise<void> {
    this.#pending = undefined;
    const fall = this.#fallWhenUp;
    this.#fallWhenUp = undefined;
    const isOffered = this.#offer !== undefined || this.ofUser;
    if (isOffered) this.state = 'satisfied';
    else if (fall) this.state = 'unsatisfied';
    this.engine.changed(this);
    if (fall && isOffered) return this.engine.lower(this, fall);
    // Whoever uses it next tries again; whoever makes one makes another.
    if (isOffered || this.made) return;
    // A cause outside (a port in use, a full disk) may pass; what the container can see is noticed at once.
    this.#retry = setTimeout(() => this.reconsider(), Math.min(60_000, 2_000 * 2 ** this.#retries++)).unref();
  }

  /** Registers a further service, gone with the activation. */
  provide<T>(contract: Contract<T>, service: T, properties: Properties): ServiceRegistration<T> {
    return this.#provision.provide(contract, service, properties);
  }

  override freeze(): void {
    super.freeze();
    for (const each of this.ofUsers()) each.freeze();
  }

  /** Goes down by itself; the engine has taken down what depends on it. */
  deactivate(reason: DeactivationReason): void | Promise<void> {
    if (this.state === 'activating' || (this.state === 'failed' && this.#pending)) this.#fallWhenUp = reason;
    else if (this.state === 'deactivating') this.#resting = false;
    else if (this.state === 'active' || this.state === 'satisfied') this.#goDown(reason);
    return this.#pending;
  }

  /** Goes down by itself, and for good. */
  end(reason: DeactivationReason): void {
    this.retire();
    const down = this.deactivate(reason);
    if (down) void down.then(() => this.dispose());
    else this.dispose();
  }

  /** What it offers stays: the next user has it activated anew. */
  #restUnlessUsed(): void {
    if (!this.#offer || this.#offer.used || this.awaited) return;
    this.#resting = true;
    this.#goDown('unspecified');
  }

  /** At once, as far as nothing has to be waited for: promises would be most of the time that a thousand take. */
  #goDown(reason: DeactivationReason): void {
    this.state = 'deactivating';
    const calls = this.#resting ? undefined : this.#withdraw();
    // Asked when nobody calls any more: what it says is the last word.
    const activation = this.#activation;
    const bequeaths = this.made ? undefined : this.set.bequeaths;
    const users = calls ? calls.then(() => this.#endOfUsers(reason)) : this.#endOfUsers(reason);
    const quiet = users ? users.then(() => activation?.handOver(bequeaths)) : activation?.handOver(bequeaths);
    const settled = quiet ? quiet.then(() => activation?.end(reason)) : activation?.end(reason);
    const clean = settled ? settled.then(() => this.#tearDown(this.#resting)) : this.#tearDown(this.#resting);
    if (clean) this.#pending = this.engine.track(clean.then(() => this.#isDown(reason)));
    else this.#isDown(reason);
  }

  /** Unregisters what it provides, and waits for the calls under way on that. */
  #withdraw(): Promise<void> | undefined {
    if (this.#offer?.eager) for (const id of this.#provision.ids()) this.engine.offers.delete(id);
    const { drainUntil } = this.set;
    const drain = drainUntil === undefined ? this.engine.drain : Math.max(0, drainUntil - performance.now());
    return this.#provision.settle(this.#provision.withdraw(), drain);
  }

  #endOfUsers(reason: DeactivationReason): void | Promise<void> {
    const users = this.ofUsers();
    if (users.length === 0) return;
    const downs = users.flatMap((each) => each.deactivate(reason) ?? []);
    const end = (): void => {
      for (const each of users) each.dispose();
      this.#offer?.forget();
    };
    if (downs.length > 0) return Promise.all(downs).then(end);
    end();
  }

  /** Gives the component, if it is up, what the one before handed over. */
  async takeOver(): Promise<void> {
    if (this.state === 'active' && !this.made) await this.#activation?.takeOver();
  }

  /** Adds what the component hands over, when it is up. */
  async handOver(bequeaths: Handover): Promise<void> {
    if (this.state === 'active' && !this.made) await this.#activation?.handOver(bequeaths);
  }

  #isDown(reason: DeactivationReason): void {
    this.#pending = undefined;
    const isResting = this.#resting;
    this.#resting = false;
    // Something else took it down meanwhile.
    if (this.#offer && !isResting) void this.#withdraw();
    this.state = isResting ? 'satisfied' : 'unsatisfied';
    this.engine.changed(this);
    if (this.ofUser || reason === 'bundle-stopped' || reason === 'disposed') return;
    if (this.made && !this.reopening && !this.satisfied()) this.engine.gone(this);
    else this.reconsider();
  }

  /** @param keep what is registered in its place stays */
  #tearDown(keep: boolean): void | Promise<void> {
    // What it provided while it went down, or before it failed.
    void this.#provision.settle(this.#provision.withdraw(keep), 0);
    for (const binding of this.bindings.toReversed()) binding.endTelling();
    const closed = this.#activation?.close();
    this.#activation = undefined;
    if (closed) return closed.then(() => this.unbind());
    this.unbind();
  }

  /** Takes a changed configuration: alive through `modified`, or by a restart. */
  configure(configuration: InstanceConfiguration | undefined): void {
    const all = [this, ...this.ofUsers()];
    for (const each of all) each.become(configuration);
    if (this.configured() && this.#follow(all)) this.#provision.change(this.#serviceProperties());
    else this.#restart();
  }

  /** Takes the configuration in force alive. @returns false when that cannot be */
  #follow(all: readonly ComponentInstance[]): boolean {
    const active = all.filter(({ state }) => state === 'active');
    const idle = all.filter(({ state }) => state === 'satisfied');
    if (active.length + idle.length < all.length) return false;
    const targets = active.map((each) => targetsToFollow(each, each.bindings));
    if (active.length > 0 && (!this.definition.options.modified || targets.includes(undefined))) return false;
    for (const [i, each] of active.entries()) {
      each.#activation?.modify();
      for (const [k, binding] of each.bindings.entries()) binding.retarget(targets[i]![k]!);
    }
    for (const each of idle) each.#reopen();
    if (idle.includes(this)) this.reconsider();
    return true;
  }

  #serviceProperties(): Properties {
    return this.#offer ? this.#offer.properties() : this.properties;
  }

  #restart(): void {
    // Bindings are made anew with the new targets; until then the instance must not come up on the old ones.
    if (this.reopening) return;
    this.reopening = true;
    const reopen = (): void => {
      this.#reopen();
      this.failure = undefined;
      this.reopening = false;
      this.reconsider();
    };
    const down = this.engine.lower(this, 'configuration-modified');
    if (down) void this.engine.track(down.then(reopen));
    else reopen();
  }

  #reopen(): void {
    for (const binding of this.bindings) binding.close();
    this.openBindings();
  }

  /** Gone for good. */
  dispose(): void {
    clearTimeout(this.#retry);
    for (const each of this.ofUsers()) each.dispose();
    for (const binding of this.bindings) binding.close();
    this.state = 'disposed';
  }
}
