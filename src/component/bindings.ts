import type { Properties } from '../registry/types.js';
import { Condition } from '../registry/index.js';
import { ReferenceBinding, type BindingHost, type Handlers, type Holders } from './binding.js';
import type { ComponentDefinition } from './define.js';
import type { ComponentServices } from './held.js';
import { one } from './references.js';
import { forReferences, targetOf, type Target } from './target.js';
import type { References } from './types.js';

/** The reference that every component has to the condition under which it may be up (Compendium 112.3.13). */
const SATISFYING = 'satisfying.condition';
const ALWAYS = one(Condition, { target: '(condition.id=true)' });

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
  const { definition } = instance;
  const properties = told(instance);
  return Object.entries(referencesOf(instance, properties)).map(([name, description]) => {
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

/** What the properties of the component tell its references; undefined when nothing. */
function told({ properties }: BindingParts): Properties | undefined {
  return forReferences(properties) ? properties : undefined;
}

/** As they are described. The one to a condition that always holds is left out, unless another condition is asked for. */
function referencesOf({ definition }: BindingParts, properties: Properties | undefined): References {
  const { references = {} } = definition.options;
  if (properties?.[`${SATISFYING}.target`] === undefined || Object.hasOwn(references, SATISFYING)) return references;
  return { ...references, [SATISFYING]: ALWAYS };
}

/** The targets that these bindings would have now; undefined when the instance cannot live on with them. */
export function targetsToFollow(instance: BindingParts, bindings: readonly ReferenceBinding[]): Target[] | undefined {
  const properties = told(instance);
  if (Object.keys(referencesOf(instance, properties)).length !== bindings.length) return undefined;
  const targets = bindings.map(({ name, description }) => targetOf(name, description, properties));
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
