import { RackwattError } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import type { Properties, ServiceRegistration } from '../registry/types.js';
import type { Scope } from '../scope/index.js';
import type { ComponentContext } from './types.js';
import type { ComponentInstance } from './instance.js';

/** What a component gets as its `context` for one activation. Its functions may be taken out of it. */
function componentContext(instance: ComponentInstance, scope: Scope): ComponentContext {
  const { bundle } = instance.set;
  return {
    bundle: { id: bundle.owner.id, name: bundle.owner.name, version: bundle.version },
    name: instance.name,
    pid: instance.configuration?.pid,
    properties: instance.properties,
    scope,
    dataFolder: () => bundle.dataFolder(),
    resolve: (specifier) => bundle.resolve(specifier),
    provide: <T>(contract: Contract<T>, service: T, properties: Properties = {}): ServiceRegistration<T> => {
      if (scope.closed)
        throw new RackwattError(
          'COMPONENT_NOT_ACTIVE',
          `component ${instance.label} is no longer active and cannot provide ${contract.id}`,
        );
      return instance.provide(contract, service, { 'component.name': instance.name, ...properties });
    },
  };
}

/** What a component and its private parts find by name. Its log is made when somebody asks for it. */
export function cradleValues(instance: ComponentInstance, config: unknown, scope: Scope): Record<string, unknown> {
  const values: Record<string, unknown> = {
    config,
    get log() {
      return instance.log;
    },
    scope,
    context: componentContext(instance, scope),
  };
  for (const binding of instance.bindings) values[binding.name] = binding.value();
  return values;
}
