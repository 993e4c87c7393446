import { errorMessage, RackwattError } from '../errors.js';
import type { ServiceGroup, ServiceRegistry } from '../registry/index.js';
import type { Holders } from './binding.js';
import type { ComponentDefinition } from './define.js';
import { ComponentInstance, type InstanceConfiguration } from './instance.js';
import type { Handover } from './handover.js';
import { dependantsFirst, fallingWithout } from './plan.js';
import type { AddOptions, ComponentBundle, ComponentSet, ConfiguredBundle, RemoveOptions } from './set.js';
import type { DeactivationReason, Logger } from './types.js';
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
  readonly holders: Holders;
  logger(bundle: ComponentBundle, component: string): Logger;
  defaults(definition: ComponentDefinition): Readonly<Record<string, unknown>>;
  reconsider(instance: ComponentInstance): void;
  lower(instance: ComponentInstance, reason: DeactivationReason): void | Promise<void>;
  changed(instance: ComponentInstance): void;
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
  readonly #options: EngineOptions;
  readonly #sets = new Set<ComponentSet>();
  readonly #queue: ComponentInstance[] = [];
  /** Going down by a plan that has not ended. */
  readonly #falling = new Set<ComponentInstance>();
  readonly #listeners = new Set<(instance: ComponentInstance) => void>();
  readonly #work: Work;
  #draining = false;
  #nextId = 1;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.registry = options.registry;
    this.#work = new Work({
      patience: options.patience ?? 10_000,
      done: () => this.#drain(),
      idle: () => this.#queue.length === 0,
      warn: (message) => this.#options.logger(SYSTEM, 'components').warn(message),
    });
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
    const names = new Set<string>();
    for (const { options: component } of definitions) {
      if (names.has(component.name))
        throw new RackwattError(
          'COMPONENT_DUPLICATE',
          `bundle ${bundle.owner.name} declares the component ${component.name} twice`,
        );
      names.add(component.name);
    }
    const set: ComponentSet = {
      bundle,
      definitions,
      instances: new Set(),
      ownServices: options.services === undefined,
      services: options.services ?? this.registry.group(bundle.owner),
      leaving: false,
      drainUntil: undefined,
      inherits: options.inherits,
      bequeaths: undefined,
    };
    this.#sets.add(set);
    for (const definition of definitions) this.#matchConfigurations(set, definition);
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

  /** Configurations of these PIDs (or factory PIDs) changed. */
  configurationsChanged(pids: Iterable<string>): void {
    const changed = new Set(pids);
    for (const set of this.#sets) {
      if (set.leaving) continue;
      for (const definition of set.definitions)
        if (changed.has(pidOf(definition))) this.#matchConfigurations(set, definition);
    }
  }

  #matchConfigurations(set: ComponentSet, definition: ComponentDefinition): void {
    const policy = definition.options.configuration?.policy ?? 'optional';
    const wanted =
      policy === 'ignore'
        ? []
        : this.#options.configurations(pidOf(definition), definition, configuredBundle(set.bundle));
    const existing =
      set.instances.size === 0 ? [] : [...set.instances].filter((instance) => instance.definition === definition);
    const list: (InstanceConfiguration | undefined)[] =
      wanted.length === 0 && policy !== 'require' ? [undefined] : [...wanted];
    if (existing.length === 0) {
      for (const configuration of list) this.#make(set, definition, configuration);
      return;
    }
    const byPid = new Map(existing.map((instance) => [instance.configuration?.pid, instance]));
    const kept = new Set<ComponentInstance>();
    // An unconfigured instance becomes the first configured one, and back, so that it can take the change alive.
    const spare = byPid.get(undefined) ?? (list[0] === undefined ? existing[0] : undefined);
    for (const configuration of list) {
      const instance = byPid.get(configuration?.pid) ?? (spare && !kept.has(spare) ? spare : undefined);
      if (!instance) kept.add(this.#make(set, definition, configuration));
      else {
        kept.add(instance);
        if (!sameConfiguration(instance.configuration, configuration)) instance.configure(configuration);
      }
    }
    for (const instance of existing) if (!kept.has(instance)) this.#drop(set, instance);
  }

  #make(set: ComponentSet, definition: ComponentDefinition, configuration: InstanceConfiguration | undefined) {
    const instance = new ComponentInstance(this.#nextId++, set, definition, configuration, this);
    set.instances.add(instance);
    this.reconsider(instance);
    return instance;
  }

  #drop(set: ComponentSet, instance: ComponentInstance): void {
    set.instances.delete(instance);
    instance.queued = false;
    instance.retire();
    const down = this.lower(instance, 'configuration-deleted');
    if (down) void this.track(down.then(() => instance.dispose()));
    else instance.dispose();
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
      }
    } finally {
      this.#queue.splice(0, next);
      this.#draining = false;
    }
    this.#work.check();
  }

  lower(instance: ComponentInstance, reason: DeactivationReason): void | Promise<void> {
    if (instance.state !== 'active' && instance.state !== 'activating') return instance.deactivate(reason);
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

  changed(instance: ComponentInstance): void {
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

export function pidOf(definition: ComponentDefinition): string {
  return definition.options.configuration?.pid ?? definition.options.name;
}

function sameConfiguration(a: InstanceConfiguration | undefined, b: InstanceConfiguration | undefined): boolean {
  return (
    a === b ||
    (a !== undefined &&
      b !== undefined &&
      a.pid === b.pid &&
      a.problem === b.problem &&
      JSON.stringify(a.values) === JSON.stringify(b.values))
  );
}

const SYSTEM: ComponentBundle = {
  owner: { id: 0, name: 'rackwatt' },
  version: '',
  dataFolder: () => '',
  resolve: (specifier) => {
    throw new RackwattError('MODULE_NOT_FOUND', errorMessage(`the container resolves nothing: ${specifier}`));
  },
};

function configuredBundle({ owner, version, location }: ComponentBundle): ConfiguredBundle {
  return { name: owner.name, version, location };
}
