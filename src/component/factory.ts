import { RackwattError } from '../errors.js';
import { contract, type Contract } from '../registry/contract.js';
import type { Properties } from '../registry/types.js';
import { demand } from './demand.js';
import type { EngineParts } from './engine.js';
import { explain } from './explain.js';
import type { ComponentInstance } from './instance.js';
import type { Offer } from './offer.js';

/** An instance that a `ComponentFactory` made (Compendium 112.5.5, ComponentInstance). */
export interface FactoryInstance<T = unknown> {
  /** What its `activate` gave; undefined once it is gone, because it was disposed or lost what it needs. */
  readonly instance: T | undefined;
  /** Deactivates it; a second time does nothing. */
  dispose(): Promise<void>;
}

/**
 * Makes instances of a component that has `factory` in its description. There is one such service for each, with the properties
 * `component.name`, `component.factory` and the component's `factoryProperties`, while the component could be satisfied:
 * `one(ComponentFactory, { target: '(component.factory=acme.channel)' })`.
 */
export interface ComponentFactory<T = unknown> {
  /**
   * Makes, activates and registers another instance. It lives until it is disposed, its bundle stops, or it is no longer
   * satisfied; a factory that goes leaves it alone.
   * @param properties win over those of the description and of the configuration
   * @throws `COMPONENT_UNSATISFIED`, `COMPONENT_FAILED`, `COMPONENT_NOT_ACTIVE` when the factory itself is gone
   */
  newInstance(properties?: Properties): Promise<FactoryInstance<T>>;
}

export const ComponentFactory: Contract<ComponentFactory> = contract<ComponentFactory>('rackwatt/ComponentFactory', {
  major: 1,
  local: true,
});

/** What a factory component registers; it is never activated itself. */
export class FactoryOffer implements Offer {
  readonly contracts = [ComponentFactory];
  readonly eager = false;
  readonly used = true;
  readonly waitsFor = 'its instances are made by its factory';
  readonly service: ComponentFactory;
  readonly #instance: ComponentInstance;

  constructor(instance: ComponentInstance, engine: EngineParts) {
    this.#instance = instance;
    this.service = { newInstance: (properties = {}) => newInstance(instance, engine, properties) };
  }

  properties(): Properties {
    const { factory, factoryProperties } = this.#instance.definition.options;
    return { ...factoryProperties, 'component.name': this.#instance.name, 'component.factory': factory! };
  }

  ofUsers(): readonly ComponentInstance[] {
    return [];
  }

  forget(): void {}
}

async function newInstance(
  factory: ComponentInstance,
  engine: EngineParts,
  properties: Properties,
): Promise<FactoryInstance> {
  const context = { component: factory.label };
  if (factory.state !== 'satisfied')
    throw new RackwattError('COMPONENT_NOT_ACTIVE', `the factory of ${factory.label} is gone`, { context });
  const made = factory.make({ properties });
  factory.set.instances.add(made);
  try {
    if (!made.satisfied()) {
      const message = `no instance of ${factory.label} could be made: ${explain(made).join('; ')}`;
      throw new RackwattError('COMPONENT_UNSATISFIED', message, { context });
    }
    await demand(made);
  } catch (error) {
    engine.gone(made);
    throw error;
  }
  return factoryInstance(made, engine);
}

/** An instance as whoever made it sees it. */
export function factoryInstance(made: ComponentInstance, engine: EngineParts): FactoryInstance {
  return {
    get instance() {
      return made.service;
    },
    async dispose() {
      if (made.state === 'disposed') return;
      made.retire();
      await engine.lower(made, 'disposed');
      engine.gone(made);
    },
  };
}
