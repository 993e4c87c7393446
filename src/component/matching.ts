import { RackwattError } from '../errors.js';
import {
  configured,
  instanceName,
  lookedUp,
  pidsOf,
  sameConfiguration,
  type InstanceConfiguration,
} from './configuration.js';
import type { ComponentDefinition } from './define.js';
import type { EngineOptions, EngineParts } from './engine.js';
import type { ComponentInstance } from './instance.js';
import type { ComponentSet } from './set.js';
import type { DeactivationReason } from './types.js';

/** What the matching asks of the engine. */
export interface MatchingEngine extends EngineParts {
  make(
    set: ComponentSet,
    definition: ComponentDefinition,
    configuration: InstanceConfiguration | undefined,
  ): ComponentInstance;
  drop(instance: ComponentInstance, reason: DeactivationReason): void | Promise<void>;
}

/** Keeps an instance for each configuration of each component that is enabled. */
export class Matching {
  readonly #engine: MatchingEngine;
  readonly #sets: ReadonlySet<ComponentSet>;
  readonly #configurations: EngineOptions['configurations'];
  /** PIDs that changed in this turn. */
  #changedPids: Set<string> | undefined;
  #taking: Promise<void> = Promise.resolve();
  /** Settle when the instances of a component that was disabled are down. */
  readonly #leaving = new WeakMap<ComponentDefinition, Promise<void>>();

  constructor(
    engine: MatchingEngine,
    sets: ReadonlySet<ComponentSet>,
    configurations: EngineOptions['configurations'],
  ) {
    this.#engine = engine;
    this.#sets = sets;
    this.#configurations = configurations;
  }

  /** As `ComponentEngine.configurationsChanged`. */
  changed(pids: Iterable<string>): Promise<void> {
    const isFirst = this.#changedPids === undefined;
    const changed = (this.#changedPids ??= new Set());
    for (const pid of pids) changed.add(pid);
    if (!isFirst) return this.#taking;
    this.#taking = this.#engine.track(Promise.resolve().then(() => this.#takeConfigurations()));
    return this.#taking;
  }

  #takeConfigurations(): void {
    const changed = this.#changedPids ?? new Set();
    this.#changedPids = undefined;
    for (const set of this.#sets) {
      if (set.leaving) continue;
      for (const definition of set.definitions)
        if (pidsOf(definition).some((pid) => changed.has(pid))) this.match(set, definition);
    }
  }

  /** Makes, configures and drops the instances of a component, so that there are those that its configurations ask for. */
  match(set: ComponentSet, definition: ComponentDefinition): void {
    const existing =
      set.instances.size === 0 ? [] : [...set.instances].filter((instance) => instance.definition === definition);
    const wanted = this.#wanted(set, definition);
    this.#adjust(
      set,
      definition,
      existing.filter(({ made }) => made === undefined),
      wanted,
    );
    // What a factory made has the factory's configuration.
    for (const instance of existing)
      if (instance.made && wanted.length > 0 && !sameConfiguration(instance.configuration, wanted[0]))
        instance.configure(wanted[0]);
  }

  /** Its configurations; a single `undefined` where it is to be there without one. */
  #wanted(set: ComponentSet, definition: ComponentDefinition): readonly (InstanceConfiguration | undefined)[] {
    const { name, configuration, factory } = definition.options;
    if (set.disabled?.has(name)) return [];
    const found = this.#found(set, definition);
    if (found.length === 0) return configuration?.policy === 'require' ? [] : [undefined];
    const misplaced = factory === undefined ? undefined : found.find((each) => instanceName(each) !== undefined);
    if (!misplaced) return found;
    const message = `${misplaced.pid} cannot be used: instances of the factory component ${name} are made by its factory alone`;
    this.#engine.logger(set.bundle, name).error(message);
    return [];
  }

  #found({ bundle }: ComponentSet, definition: ComponentDefinition): readonly InstanceConfiguration[] {
    const { name, configuration } = definition.options;
    const { pid = name, policy } = configuration ?? {};
    if (policy === 'ignore') return [];
    const { owner, version, location } = bundle;
    const of = { name: owner.name, version, location };
    // Nearly all have one PID.
    if (typeof pid === 'string') return this.#configurations(pid === '$' ? name : pid, definition, of);
    const byPid = lookedUp(definition, of, this.#configurations);
    const { instances, problem } = configured(definition, byPid, (each) => this.#engine.defaults(each));
    if (problem !== undefined) this.#engine.logger(bundle, name).error(problem);
    return instances;
  }

  #adjust(
    set: ComponentSet,
    definition: ComponentDefinition,
    existing: readonly ComponentInstance[],
    list: readonly (InstanceConfiguration | undefined)[],
  ): void {
    if (existing.length === 0) {
      for (const configuration of list) this.#engine.make(set, definition, configuration);
      return;
    }
    const byName = new Map(existing.map((instance) => [instanceName(instance.configuration), instance]));
    const kept = new Set<ComponentInstance>();
    // The one without a name becomes the first with one, and back, so that it can take the change alive.
    const spare = byName.get(undefined) ?? (list[0] === undefined ? existing[0] : undefined);
    for (const configuration of list) {
      const instance = byName.get(instanceName(configuration)) ?? (spare && !kept.has(spare) ? spare : undefined);
      if (!instance) kept.add(this.#engine.make(set, definition, configuration));
      else {
        kept.add(instance);
        if (!sameConfiguration(instance.configuration, configuration)) instance.configure(configuration);
      }
    }
    for (const instance of existing) if (!kept.has(instance)) void this.#engine.drop(instance, 'configuration-deleted');
  }

  /** Lets components of a set come up that were not to; without a name all. Takes effect in the next turn. @throws `COMPONENT_UNKNOWN` */
  enable(set: ComponentSet, name: string | undefined): Promise<void> {
    const enabled = name === undefined ? set.definitions : [definitionOf(set, name)];
    return this.#engine.track(Promise.resolve().then(() => this.#enableNow(set, enabled)));
  }

  async #enableNow(set: ComponentSet, enabled: readonly ComponentDefinition[]): Promise<void> {
    for (const definition of enabled) await this.#leaving.get(definition);
    if (!this.#sets.has(set)) return;
    for (const definition of enabled) if (set.disabled?.delete(definition.options.name)) this.match(set, definition);
  }

  /** Takes a component of a set down until it is enabled. Takes effect in the next turn. @throws `COMPONENT_UNKNOWN` */
  disable(set: ComponentSet, name: string): Promise<void> {
    const definition = definitionOf(set, name);
    const down = Promise.resolve().then(() => this.#disableNow(set, definition));
    this.#leaving.set(definition, down);
    return this.#engine.track(down);
  }

  async #disableNow(set: ComponentSet, definition: ComponentDefinition): Promise<void> {
    if (!this.#sets.has(set)) return;
    (set.disabled ??= new Set()).add(definition.options.name);
    const instances = [...set.instances].filter((instance) => instance.definition === definition);
    await Promise.all(instances.reverse().map(async (instance) => this.#engine.drop(instance, 'disabled')));
  }
}

function definitionOf(set: ComponentSet, name: string): ComponentDefinition {
  const definition = set.definitions.find(({ options }) => options.name === name);
  if (definition) return definition;
  const message = `bundle ${set.bundle.owner.name} has no component ${name}`;
  throw new RackwattError('COMPONENT_UNKNOWN', message, { context: { component: name } });
}
