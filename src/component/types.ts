import type { Static, TSchema } from 'typebox';
import type { Contract } from '../registry/contract.js';
import type { Properties, ServiceOwner, ServiceReference, ServiceRegistration } from '../registry/types.js';
import type { Disposer, Scope } from '../scope/index.js';
import type { FactoryInstance } from './factory.js';

export type Cardinality = '0..1' | '1..1' | '0..n' | '1..n';

/** A service bound to a reference. */
export interface Bound<T> {
  readonly service: T;
  readonly properties: Properties;
  /** `service.id`. */
  readonly id: number;
}

/** A service that comes, changes or goes, as the handlers of a reference get it (Compendium 112.3.3, "Event Methods"). */
export interface BoundEvent<T> extends Bound<T> {
  readonly reference: ServiceReference<T>;
}

/**
 * Looks a service up (OSGi's lookup strategy, Compendium 112.3.2): its provider is asked for the object at the first call, and
 * not at all when nobody calls. Undefined when there is none, or the provider failed to give it; the next call asks again.
 */
export type Lookup<T> = () => T | undefined;

/** A dynamic unary reference: follows the service without the component restarting. */
export interface Live<T> {
  readonly service: T | undefined;
  readonly properties: Properties | undefined;
  /** Called after each change, with `service` already the new one; undone with the component. */
  onChange(listener: () => void): Disposer;
}

/** A dynamic reference to many services, in registry order (ranking, then age). */
export interface LiveSet<T> extends Iterable<Bound<T>> {
  readonly size: number;
  /** Called for every service bound now, and then for each that comes. */
  onAdded(listener: (bound: Bound<T>) => void): Disposer;
  /** Called when a service goes, while its object can still be called. */
  onRemoved(listener: (bound: Bound<T>) => void): Disposer;
}

/**
 * Which object a reference gets of a service (Compendium 112.3.6, "Reference Scope"): `bundle` the one of the bundle, `prototype` one
 * of the component's own where the service is a prototype, which all references of the component share; with
 * `prototype-required` nothing but prototypes will do.
 */
export type ReferenceScope = 'bundle' | 'prototype' | 'prototype-required';

export interface ReferenceOptions {
  /** RFC 4515 filter over the properties of candidates. Configuration `<reference>.target` overrides it. */
  target?: string;
  /** Take better or additional services as they come. Static references restart the component for it. */
  greedy?: boolean;
  /** Defaults to `bundle`. */
  scope?: ReferenceScope;
}

/** What a component needs: services of type `S`. `V` is what it gets. */
export interface ReferenceDescription<V = unknown, S = unknown> {
  readonly contract: Contract<S>;
  readonly cardinality: Cardinality;
  readonly policy: 'static' | 'dynamic';
  readonly greedy: boolean;
  readonly target?: string;
  readonly scope?: ReferenceScope;
  /** It is a parameter of a constructor, which cannot follow changes. */
  readonly injected?: boolean;
  /** The service objects are got when they are first looked at. */
  readonly lookup?: boolean;
  /** Carries the type only; never set. */
  readonly value?: V;
}

/** The service behind the value of a reference. */
export type ReferencedService<V> = V extends Live<infer S> | LiveSet<infer S> | readonly Bound<infer S>[]
  ? S
  : V extends Lookup<infer L>
    ? L extends readonly Bound<infer S>[]
      ? S
      : L
    : NonNullable<V>;

export type References = Readonly<Record<string, ReferenceDescription>>;
export type ReferenceValues<R extends References> = {
  readonly [K in keyof R]: R[K] extends ReferenceDescription<infer V> ? V : never;
};

type ServiceBehind<D> = D extends ReferenceDescription<unknown, infer S> ? S : never;

/** By the name of a reference: what is done as a service of it comes, changes or goes. */
export type ReferenceHandlers<R extends References, C> = {
  readonly [K in keyof R]?: (event: BoundEvent<ServiceBehind<R[K]>>, cradle: C) => void | Promise<void>;
};

export interface ConfigurationDescription<S extends TSchema = TSchema> {
  /**
   * Defaults to the component's name, which `$` stands for. Instances of `pid` are written `pid~name` in the configuration file. Of several
   * PIDs the later ones win, and one of them may have instances (Compendium 112.7).
   */
  pid?: string | readonly string[];
  /** `require`: no configuration for each PID, no component; one component for each `pid~name`. */
  policy?: 'optional' | 'require' | 'ignore';
  /** JSON Schema, best written with typebox; defaults in it are filled in. */
  schema?: S;
}

/** Structured, leveled, with bundle and component on every line. Fields first, then the sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  debug(message: string): void;
  info(fields: object, message: string): void;
  info(message: string): void;
  warn(fields: object, message: string): void;
  warn(message: string): void;
  error(fields: object, message: string): void;
  error(message: string): void;
}

export interface ComponentContext {
  readonly bundle: { readonly id: number; readonly name: string; readonly version: string };
  /** Component name. */
  readonly name: string;
  /** `component.id`: unique and rising while the container runs. */
  readonly id: number;
  /** PID of the configuration in force (`pid` or `pid~name`), if any. */
  readonly pid: string | undefined;
  /** Component properties: of the description, then the configurations, then what a factory was given; later ones win. */
  readonly properties: Properties;
  /** The bundle for which this object was made; undefined unless the service is one for each bundle or request. */
  readonly usingBundle: ServiceOwner | undefined;
  /** The instance, where a `ComponentFactory` made it: it may dispose itself. */
  readonly instance: FactoryInstance | undefined;
  /** Of the component's own service; undefined while it is not registered, as during an immediate component's `activate`. */
  readonly serviceReference: ServiceReference | undefined;
  /** The component's effects; closed when it is deactivated. */
  readonly scope: Scope;
  /** A folder of this bundle that outlives updates and restarts; made on first use. */
  dataFolder(): string;
  /** The service bound to a reference; of several the best. Undefined when none is. @throws `REFERENCE_UNKNOWN` */
  locateService(reference: string): unknown;
  /** All services bound to a reference, best first. @throws `REFERENCE_UNKNOWN` */
  locateServices(reference: string): unknown[];
  /**
   * Lets a component of this bundle come up that is `enabled: false` or was disabled; without a name all of them. Takes effect after
   * this call. @throws `COMPONENT_UNKNOWN`
   */
  enableComponent(name?: string): void;
  /** Takes a component of this bundle down, after this call, until it is enabled. @throws `COMPONENT_UNKNOWN` */
  disableComponent(name: string): void;
  /** Registers a further service, gone with the component. */
  provide<T>(contract: Contract<T>, service: NoInfer<T>, properties?: Properties): ServiceRegistration<T>;
  /** Path of a file of the node-wide native package (`better-sqlite3`), to be required from a worker of the bundle. */
  resolve(specifier: string): string;
}

/** What every component finds in its cradle beside its references and its own wiring. */
export interface CradleBase<C> {
  readonly config: C;
  readonly log: Logger;
  readonly scope: Scope;
  readonly context: ComponentContext;
}

export type Cradle<R extends References, C, W> = CradleBase<C> & ReferenceValues<R> & W;

export type DeactivationReason =
  | 'unspecified'
  | 'disabled'
  | 'reference'
  | 'configuration-modified'
  | 'configuration-deleted'
  | 'disposed'
  | 'bundle-stopped';

export interface ComponentOptions<P, R extends References, S extends TSchema, W extends object> {
  /** Unique within the bundle; also the default PID. */
  name: string;
  /** Contracts that the object given by `activate` fulfils. */
  provides?: Contract<unknown> | readonly Contract<unknown>[];
  /** `false`: it waits until `context.enableComponent` names it. */
  enabled?: boolean;
  /**
   * `false`: its service is registered as soon as the component is satisfied, but `activate` runs at the first use: at the first call, or,
   * where a contract is `local`, when somebody gets the service, and then it must give it at once. When nobody holds
   * the service any more it is deactivated.
   */
  immediate?: boolean;
  /**
   * `bundle`: an object for each bundle that uses the service. `prototype`: one for each request of `serviceObjects`. Each
   * is an activation of its own, at its first use.
   */
  serviceScope?: 'singleton' | 'bundle' | 'prototype';
  /** Makes it a factory component: a `ComponentFactory` with this `component.factory` makes its instances. */
  factory?: string;
  /** Further properties of the `ComponentFactory`. */
  factoryProperties?: Properties;
  /** Component properties; those without a leading dot become service properties. */
  properties?: Properties;
  references?: R;
  configuration?: ConfigurationDescription<S>;
  /**
   * Private parts, each made once for an activation when first asked for, by awilix. A part finds references, `config`, `log` and
   * `scope` in its first argument, and the other parts in its second: `({ log }, { codec }: { codec: Codec }) => ...`.
   */
  wiring?: { [K in keyof W]: (cradle: Cradle<R, Static<S>, Record<never, never>>, parts: never) => W[K] };
  /**
   * Called once for each service that is bound: before `activate` for those there are, in the order of the references, and for
   * those that come later. What a handler throws or rejects with is logged; nobody waits for it.
   */
  bind?: ReferenceHandlers<R, Cradle<R, Static<S>, W>>;
  /** Called when the properties of a bound service changed, also of one that is bound statically. */
  updated?: ReferenceHandlers<R, Cradle<R, Static<S>, W>>;
  /** Called once for each service that was bound, as it goes, or after `deactivate` and in reverse order. It can still be called. */
  unbind?: ReferenceHandlers<R, Cradle<R, Static<S>, W>>;
  /** Gives the service object, or nothing when the component provides none. */
  activate(cradle: Cradle<R, Static<S>, W>): P | Promise<P>;
  /** Takes a changed configuration without a restart; without it the component restarts. */
  modified?(cradle: Cradle<R, Static<S>, W>, instance: P): void | Promise<void>;
  deactivate?(instance: P, reason: DeactivationReason, cradle: Cradle<R, Static<S>, W>): void | Promise<void>;
  /**
   * Asked in an update: what the component of the same name in the next revision should know. In an exclusive update it is
   * asked after the last call and before `deactivate`; in a staged one it is a snapshot, asked while the component serves and
   * just before the next revision takes over. Structured-cloneable, at most 16 MiB, within 1 s; else the update goes on without.
   */
  handOver?(instance: P): unknown;
  /**
   * Given what the revision before handed over, after `activate` and before the first call. Another version wrote it, so check it.
   * @param from version of the bundle that handed over
   */
  takeOver?(instance: P, state: unknown, from: string): void | Promise<void>;
}
