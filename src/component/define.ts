import type { Static, TSchema } from 'typebox';
import type { Contract } from '../registry/contract.js';
import type { ServiceOf } from '../registry/types.js';
import type { ComponentOptions, References } from './types.js';

const BRAND = Symbol.for('rackwatt.component');

/**
 * A component as its author wrote it; what a bundle exports for the container to find. `P` is its service, `R` what it refers to,
 * `C` its configuration.
 */
export interface ComponentDefinition<P = unknown, R = unknown, C = unknown> {
  readonly options: ComponentOptions<unknown, References, TSchema, object>;
  /** Carry the types only; never set. */
  readonly types?: { readonly service: P; readonly references: R; readonly configuration: C };
  /** Makes the object that the handlers of references are methods of, before they are called. */
  construct?(cradle: unknown): void;
}

/**
 * Declares a component as a plain object. References, configuration and private parts arrive by name in `activate`:
 *
 * ```ts
 * export const poller = component({
 *   name: 'acme.poller',
 *   references: { store: one(Store) },
 *   configuration: { schema: Type.Object({ interval: Type.Number() }) },
 *   activate: ({ store, config, scope, log }) => { ... },
 * });
 * ```
 */
export function component<
  P extends ServiceOf<C>,
  R extends References = Record<never, never>,
  S extends TSchema = TSchema,
  W extends object = Record<never, never>,
  const C extends Contract<unknown> | readonly Contract<unknown>[] | undefined = undefined,
>(options: ComponentOptions<P, R, S, W> & { provides?: C }): ComponentDefinition<P, R, Static<S>> {
  return Object.freeze({ [BRAND]: 'object', options: options as unknown as ComponentDefinition['options'] });
}

/** Whether an export of a bundle is a component, whichever copy of this module made it. */
export function isComponentDefinition(value: unknown): value is ComponentDefinition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] !== undefined;
}

/** A component made with `component()`, or a class with `@Component`. */
export function componentOf(value: unknown): ComponentDefinition | undefined {
  if (isComponentDefinition(value)) return value;
  if (typeof value !== 'function') return undefined;
  const definition: unknown = Reflect.get(value, BRAND);
  return isComponentDefinition(definition) ? definition : undefined;
}
