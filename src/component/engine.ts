import { errorMessage, RackwattError } from '../errors.js';
import type { ServiceGroup, ServiceRegistry } from '../registry/index.js';
import type { Holders } from './binding.js';
import { CircleWatch } from './circles.js';
import type { ComponentDefinition } from './define.js';
import { deprecations } from './deprecated.js';
import type { InstanceConfiguration } from './configuration.js';
import { ComponentInstance } from './instance.js';
import type { Handover } from './handover.js';
import { Matching } from './matching.js';
import { dependantsFirst, fallingWithout, neededFirst } from './plan.js';
import type { AddOptions, ComponentBundle, ComponentSet, ConfiguredBundle, RemoveOptions } from './set.js';
import type { DeactivationReason, Logger } from './types.js';
import { usable } from './valid.js';
import { Work } from './work.js';

export interface EngineOptions {
  registry: ServiceRegistry;
  /** Configurations in force for a PID: those of `pid~name`, or the one of `pid`; with the defaults of the component's schema. */
  configurations(
    pid: string,
    definition: ComponentDefinition,
    bundle: ConfiguredBundle,
  ): readonly InstanceConfiguration[];
  /** What an unconfigured component gets as its configuration: the defaults of its schema. */
  defaults?(definition: ComponentDefinition): Readonly<Record<string, unknown>>;
  logger(bundle: ComponentBundle, component: string): Logger;
  /** ms for one deactivate or clean-up, after which the container goes on without it. */
  patience?: number;
  /** ms for calls under way on a service that goes; what is left then is rejected. */
  drain?: number;
}

/** The engine as its instances see it. */
export interface EngineParts {
  readonly drain: number;
  /** ms for one deactivate or clean-up. */
  readonly patience: number;
  readonly holders: Holders;
  /** Components that are activated by getting their service, by its id. */
  readonly offers: Map<number, ComponentInstance>;
  logger(bundle: ComponentBundle, component: string): Logger;
  defaults(definition: ComponentDefinition): Readonly<Record<string, unknown>>;
  reconsider(instance: ComponentInstance): void;
  lower(instance: ComponentInstance, reason: DeactivationReason): void | Promise<void>;
  changed(instance: ComponentInstance): void;
  nextId(): number;
  /** Activates what this one is about to get, what that needs first: a chain of any length, without recursion. */
  prepare(instance: ComponentInstance): readonly ComponentInstance[];
  /** What was prepared is in use now, or never will be. */
  release(prepared: readonly ComponentInstance[]): void;
  /** Whether its activation was tried, in vain, in the preparation under way. */
  tried(instance: ComponentInstance): boolean;
  /** An instance that somebody made, and that is down, does not come back. */
  gone(instance: ComponentInstance): void;
  enable(set: ComponentSet, name: string | undefined): Promise<void>;
  disable(set: ComponentSet, name: string): Promise<void>;
  track(work: Promise<void>): Promise<void>;
  /** Waits for the work, and warns instead when it takes longer than the patience of the container and `allowance` ms. */
  inTime<T>(work: Promise<T>, what: string, allowance?: number): Promise<T | undefined>;
}

/**
 * Declarative services: brings components up when what they need is there and down when it goes.
 *
 * Nothing here recurses: an instance that may change state is put into a work queue which the outermost caller drains, and
 * going down follows a computed plan, dependants first. So a chain of any length comes up and goes down.
 */
export class ComponentEngine implements EngineParts {
  readonly registry: ServiceRegistry;
  readonly holders: Holders = new Map();
  readonly offers = new Map<number, ComponentInstance>();
  readonly #options: EngineOptions;
  readonly #sets = new Set<ComponentSet>();
  readonly #queue: ComponentInstance[] = [];
  /** Going down by a plan that has not ended. */
  readonly #falling = new Set<ComponentInstance>();
  readonly #circles = new CircleWatch(() => this.instances());
  readonly #listeners = new Set<(instance: ComponentInstance) => void>();
  readonly #work: Work;
  readonly #matching: Matching;
  #draining = false;
  /** Delayed components whose activation was tried in the preparation under way. */
  #tried: Set<ComponentInstance> | undefined;
  #nextId = 1;
  #changes = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.registry = options.registry;
    this.#matching = new Matching(this, this.#sets, (pid, definition, bundle) =>
      options.configurations(pid, definition, bundle),
    );
    this.#work = new Work({
      patience: this.patience,
      done: () => this.#drain(),
      idle: () => this.#queue.length === 0,
      warn: (message) => this.#options.logger(SYSTEM, 'components').warn(message),
    });
  }

  get patience(): number {
    return this.#options.patience ?? 10_000;
  }

  get drain(): number {
    return this.#options.drain ?? 5_000;
  }

  logger(bundle: ComponentBundle, component: string): Logger {
    return this.#options.logger(bundle, component);
  }

  defaults(definition: ComponentDefinition): Readonly<Record<string, unknown>> {
    return this.#options.defaults?.(definition) ?? {};
  }

  /** Adds the components of a bundle; those that can come up have begun to when this returns. */
  add(bundle: ComponentBundle, definitions: readonly ComponentDefinition[], options: AddOptions = {}): ComponentSet {
    const set: ComponentSet = {
      bundle,
      definitions: usable(definitions, (component, message) => this.logger(bundle, component).error(message)),
      disabled: undefined,
      instances: new Set(),
      ownServices: options.services === undefined,
      services: options.services ?? this.registry.group(bundle.owner),
      leaving: false,
      drainUntil: undefined,
      inherits: options.inherits,
      bequeaths: undefined,
    };
    for (const { options: component } of set.definitions)
      if (component.enabled === false) (set.disabled ??= new Set()).add(component.name);
    for (const [component, sentence] of deprecations(set.definitions)) this.logger(bundle, component).warn(sentence);
    this.#sets.add(set);
    for (const definition of set.definitions) this.#matching.match(set, definition);
    return set;
  }

  /**
   * Puts services in the place of others, at once: whoever looks finds the new ones only. Consumers that cannot follow alive
   * (static references) then go down and come up once, bound to the new ones; the others are told last, and never see
   * none. Until they are settled, the old services answer those who still hold them.
   * @param go what goes; the components behind it stay up, and are for the caller to take down
   */
  async flip(come: readonly ServiceGroup[], go: readonly ServiceGroup[]): Promise<void> {
    for (const set of this.#sets) {
      if (!go.includes(set.services)) continue;
      set.leaving = true;
      for (const instance of set.instances) instance.freeze();
    }
    this.registry.flip(come, go);
    const ids = go.flatMap((group) => Array.from(group.records, ({ id }) => id));
    const plan = fallingWithout(ids, this.holders).filter((instance) => !instance.set.leaving);
    if (plan.length > 0) await this.track(this.#follow(plan, 'reference'));
    for (const group of go) this.registry.withdraw(group);
    for (const group of come) group.step(undefined);
  }

  /** Asks the components of a set that are up what they hand over. */
  async handOver(set: ComponentSet, bequeaths: Handover): Promise<void> {
    await Promise.all(Array.from(set.instances, (instance) => instance.handOver(bequeaths)));
  }

  /** Gives the components of a set what others handed over: those that are up now, the rest as they come up. */
  async takeOver(set: ComponentSet, inherits: Handover): Promise<void> {
    set.inherits = inherits;
    await Promise.all(Array.from(set.instances, (instance) => instance.takeOver()));
  }

  /** Takes all components of a set down, dependants (of other bundles too) first. */
  async remove(
    set: ComponentSet,
    reason: DeactivationReason = 'bundle-stopped',
    { drain = this.drain, bequeaths }: RemoveOptions = {},
  ): Promise<void> {
    if (!this.#sets.delete(set)) return;
    if (this.#sets.size === 0) this.#circles.end();
    set.drainUntil = performance.now() + drain;
    set.bequeaths = bequeaths;
    const instances = [...set.instances].reverse();
    for (const instance of instances) instance.queued = false;
    for (const instance of instances) {
      const down = this.lower(instance, reason);
      if (down) await this.inTime(down, `stop of ${instance.label}`, drain);
    }
    for (const instance of instances) instance.dispose();
    set.instances.clear();
    if (set.ownServices) set.services.close();
  }

  /**
   * Configurations of these PIDs (or factory PIDs) changed. Components take them in the next turn: several changes of one
   * turn are one to them.
   * @returns settles when those that can have begun to
   */
  configurationsChanged(pids: Iterable<string>): Promise<void> {
    return this.#matching.changed(pids);
  }

  make(
    set: ComponentSet,
    definition: ComponentDefinition,
    configuration: InstanceConfiguration | undefined,
  ): ComponentInstance {
    const instance = new ComponentInstance(this.nextId(), set, definition, configuration, this);
    set.instances.add(instance);
    this.reconsider(instance);
    return instance;
  }

  nextId(): number {
    return this.#nextId++;
  }

  drop(instance: ComponentInstance, reason: DeactivationReason): void | Promise<void> {
    instance.set.instances.delete(instance);
    instance.queued = false;
    instance.retire();
    const down = this.lower(instance, reason);
    if (down) return this.track(down.then(() => this.gone(instance)));
    this.gone(instance);
  }

  gone(instance: ComponentInstance): void {
    if (instance.state === 'disposed') return;
    instance.set.instances.delete(instance);
    instance.dispose();
    this.changed(instance);
  }

  enable(set: ComponentSet, name: string | undefined): Promise<void> {
    return this.#matching.enable(set, name);
  }

  disable(set: ComponentSet, name: string): Promise<void> {
    return this.#matching.disable(set, name);
  }

  reconsider(instance: ComponentInstance): void {
    if (this.#enqueue(instance)) this.#drain();
  }

  #enqueue(instance: ComponentInstance): boolean {
    const { state, set } = instance;
    if (state === 'disposed' || set.leaving || this.#falling.has(instance) || !this.#sets.has(set)) return false;
    if (!instance.queued) this.#queue.push(instance);
    instance.queued = true;
    return true;
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    let next = 0;
    try {
      // Whatever this brings about is pushed behind.
      while (next < this.#queue.length) {
        const instance = this.#queue[next++]!;
        if (!instance.queued) continue;
        instance.queued = false;
        instance.evaluate();
        if (instance.state === 'unsatisfied') this.#circles.waits();
      }
    } finally {
      this.#queue.splice(0, next);
      this.#draining = false;
    }
    this.#work.check();
  }

  prepare(instance: ComponentInstance): readonly ComponentInstance[] {
    if (this.offers.size === 0 || this.#tried) return NONE;
    const needed = neededFirst(instance, this.offers);
    this.#tried = new Set();
    try {
      for (const each of needed) {
        each.awaited = true;
        each.rise();
        this.#tried.add(each);
      }
    } finally {
      this.#tried = undefined;
    }
    return needed;
  }

  release(prepared: readonly ComponentInstance[]): void {
    for (const each of prepared) {
      each.awaited = false;
      this.#enqueue(each);
    }
    if (prepared.length > 0) this.#drain();
  }

  tried(instance: ComponentInstance): boolean {
    return this.#tried?.has(instance) ?? false;
  }

  lower(instance: ComponentInstance, reason: DeactivationReason): void | Promise<void> {
    const { state } = instance;
    const isDown = state !== 'active' && state !== 'activating' && state !== 'satisfied';
    if (isDown && instance.serviceIds().length === 0) return instance.deactivate(reason);
    const plan = dependantsFirst(instance, this.holders);
    if (plan.length === 1) return instance.deactivate(reason);
    return this.track(this.#follow(plan, reason));
  }

  /** @param reason of the last; the others go down because of what they refer to */
  async #follow(plan: readonly ComponentInstance[], reason: DeactivationReason): Promise<void> {
    // None of them may come up again before the last one is down: what it would bind to is about to go.
    for (const instance of plan) this.#falling.add(instance);
    try {
      for (const instance of plan) {
        const down = instance.deactivate(instance === plan.at(-1) ? reason : 'reference');
        if (down) await this.inTime(down, `deactivation of ${instance.label}`, this.drain);
      }
    } finally {
      for (const instance of plan) this.#falling.delete(instance);
      for (const instance of plan) this.#enqueue(instance);
      this.#drain();
    }
  }

  /** Rises with every change of a component. */
  get changes(): number {
    return this.#changes;
  }

  changed(instance: ComponentInstance): void {
    this.#changes++;
    for (const listener of this.#listeners) listener(instance);
  }

  /** Called after each change of an instance's state. */
  onChange(listener: (instance: ComponentInstance) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  track(work: Promise<void>): Promise<void> {
    return this.#work.track(work);
  }

  inTime<T>(work: Promise<T>, what: string, allowance?: number): Promise<T | undefined> {
    return this.#work.inTime(work, what, allowance);
  }

  /** Resolves when nothing is pending, or rejects with `COMPONENTS_BUSY` naming what still is. */
  async settled(milliseconds = 30_000): Promise<void> {
    this.#drain();
    if (await this.#work.settled(milliseconds)) return;
    const busy = this.instances().filter(({ state }) => state === 'activating' || state === 'deactivating');
    throw new RackwattError(
      'COMPONENTS_BUSY',
      `still pending after ${milliseconds / 1000} s: ${busy.map((instance) => `${instance.label} (${instance.state})`).join(', ') || 'clean-up'}`,
    );
  }

  sets(): ComponentSet[] {
    return [...this.#sets];
  }

  instances(): ComponentInstance[] {
    return [...this.#sets].flatMap((set) => [...set.instances]);
  }
}

const NONE: readonly ComponentInstance[] = [];

const SYSTEM: ComponentBundle = {
  owner: { id: 0, name: 'rackwatt' },
  version: '',
  dataFolder: () => '',
  resolve: (specifier) => {
    throw new RackwattError('MODULE_NOT_FOUND', errorMessage(`the container resolves nothing: ${specifier}`));
  },
};
