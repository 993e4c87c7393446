import type { Properties } from '../registry/types.js';
import { ReferenceBinding, type BindingHost, type Handlers, type Holders } from './binding.js';
import type { ComponentDefinition } from './define.js';
import type { ComponentServices } from './held.js';
import { targetOf, type Target } from './target.js';

/** The component instance that bindings are made for. */
export interface BindingParts extends BindingHost {
  readonly definition: ComponentDefinition;
  readonly properties: Properties;
}

/**
 * One binding for each reference, in the order in which they are described.
 * @param cradle what handlers get beside the event
 */
export function bindingsOf(
  instance: BindingParts,
  services: ComponentServices,
  holders: Holders,
  cradle: () => unknown,
): ReferenceBinding[] {
  const { definition, properties } = instance;
  return Object.entries(definition.options.references ?? {}).map(([name, description]) => {
    const target = targetOf(name, description, properties);
    const handlers = handlersOf(definition, name, cradle);
    return new ReferenceBinding(name, description, target, instance, services, holders, handlers);
  });
}

/** Lets them watch. @param report told of a reference that can take nothing, and why */
export function openBindings(bindings: readonly ReferenceBinding[], report: (problem: string) => void): void {
  for (const binding of bindings) {
    binding.open();
    const { problem } = binding.target;
    if (problem !== undefined) report(`reference "${binding.name}": ${problem}`);
  }
}

/** The targets that these bindings would have now; undefined when the instance cannot live on with them. */
export function targetsToFollow(instance: BindingParts, bindings: readonly ReferenceBinding[]): Target[] | undefined {
  const targets = bindings.map(({ name, description }) => targetOf(name, description, instance.properties));
  return bindings.every((binding, i) => binding.follows(targets[i]!)) ? targets : undefined;
}

function handlersOf({ options }: ComponentDefinition, name: string, cradle: () => unknown): Handlers | undefined {
  const { bind, updated, unbind } = options;
  if (!bind && !updated && !unbind) return undefined;
  const handler = (handlers: typeof bind): Handlers['bind'] => {
    const own = handlers?.[name];
    return own && ((event) => own(event, cradle() as never));
  };
  return { bind: handler(bind), updated: handler(updated), unbind: handler(unbind) };
}
