import { RackwattError } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import type { Properties, ServiceRegistration } from '../registry/types.js';
import type { Scope } from '../scope/index.js';
import type { ComponentContext } from './types.js';
import type { ReferenceBinding } from './binding.js';
import type { EngineParts } from './engine.js';
import { factoryInstance } from './factory.js';
import type { ComponentInstance } from './instance.js';

/** What a component gets as its `context` for one activation. Its functions may be taken out of it. */
function componentContext(instance: ComponentInstance, engine: EngineParts, scope: Scope): ComponentContext {
  const { bundle } = instance.set;
  return {
    bundle: { id: bundle.owner.id, name: bundle.owner.name, version: bundle.version },
    name: instance.name,
    id: instance.id,
    pid: instance.configuration?.pid,
    get properties() {
      return instance.properties;
    },
    scope,
    usingBundle: instance.made?.user,
    instance: instance.made && !instance.made.user ? factoryInstance(instance, engine) : undefined,
    get serviceReference() {
      return instance.serviceReference;
    },
    locateService: (name) => referenceOf(instance, name).locate(),
    locateServices: (name) => [...referenceOf(instance, name).locateAll()],
    enableComponent: (name) => void engine.enable(instance.set, name),
    disableComponent: (name) => void engine.disable(instance.set, name),
    dataFolder: () => bundle.dataFolder(),
    resolve: (specifier) => bundle.resolve(specifier),
    provide: <T>(contract: Contract<T>, service: T, properties: Properties = {}): ServiceRegistration<T> => {
      if (scope.closed)
        throw new RackwattError(
          'COMPONENT_NOT_ACTIVE',
          `component ${instance.label} is no longer active and cannot provide ${contract.id}`,
        );
      return instance.provide(contract, service, {
        'component.name': instance.name,
        'component.id': instance.id,
        ...properties,
      });
    },
  };
}

function referenceOf(instance: ComponentInstance, name: string): ReferenceBinding {
  const binding = instance.bindings.find((each) => each.name === name);
  if (binding) return binding;
  const message = `component ${instance.label} has no reference ${name}`;
  throw new RackwattError('REFERENCE_UNKNOWN', message, { context: { component: instance.label, reference: name } });
}

/** What a component and its private parts find by name. Its log and its context are made when somebody asks for them. */
export function cradleValues(
  instance: ComponentInstance,
  engine: EngineParts,
  config: unknown,
  scope: Scope,
): Record<string, unknown> {
  let context: ComponentContext | undefined;
  const values: Record<string, unknown> = {
    config,
    get log() {
      return instance.log;
    },
    scope,
    get context() {
      return (context ??= componentContext(instance, engine, scope));
    },
  };
  for (const binding of instance.bindings) values[binding.name] = binding.value();
  return values;
}
