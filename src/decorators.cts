/**
 * Components as decorated classes. Each module space evaluates its own copy of this file and of tsyringe: tsyringe keeps
 * what it saw in global maps, so a shared one would keep every revision of every bundle for ever.
 *
 * ```ts
 * @Component({ name: 'acme.meter', provides: Meter })
 * export class AcmeMeter {
 *   @Reference(many(Probe, { dynamic: true })) readonly probes!: LiveSet<Probe>;
 *   constructor(
 *     @Reference(one(Store)) private readonly store: Store,
 *     private readonly codec: Codec,   // private parts: tsyringe's constructor injection
 *   ) {}
 *   @Bind('probes') probeCame({ service, properties }: BoundEvent<Probe>) {}
 *   @Activate() start(context: Activation<Config>) {}
 *   @Deactivate() stop() {}
 * }
 * ```
 */
import 'reflect-metadata';
import type {
  BoundEvent,
  ComponentContext,
  ComponentOptions,
  Contract,
  DeactivationReason,
  Live,
  LiveSet,
  Logger,
  ReferenceDescription,
  ReferencedService,
  References,
  Scope,
  ServiceOf,
} from 'rackwatt';
import type { Static, TSchema } from 'typebox';
import { container, inject, injectable, type DependencyContainer } from 'tsyringe';

export { inject, injectable, injectAll, scoped, singleton, Lifecycle } from 'tsyringe';

/** What an `@Activate` or `@Modified` method gets; private parts inject its members by token (`@inject('config')`). */
export interface Activation<C = unknown> {
  readonly config: C;
  readonly log: Logger;
  readonly scope: Scope;
  readonly context: ComponentContext;
}

type Written = 'activate' | 'modified' | 'deactivate' | 'references' | 'wiring' | 'bind' | 'updated' | 'unbind';
type Contracts = Contract<unknown> | readonly Contract<unknown>[] | undefined;
type Options<C extends Contracts, S extends TSchema> = Omit<
  ComponentOptions<unknown, References, S, object>,
  Written | 'provides' | 'name'
> & { /** Unless given, the name of the class. */ name?: string; provides?: C };

type Method = (this: object, ...values: unknown[]) => unknown;
type Class = abstract new (...values: never[]) => object;

/** The methods that take another configuration than the schema of the component gives. */
type Misconfigured<I, C> = {
  [K in keyof I]-?: I[K] extends (activation: infer A, ...rest: never[]) => unknown
    ? A extends Activation<infer D>
      ? [C] extends [D]
        ? never
        : K
      : never
    : never;
}[keyof I];

/** What TypeScript shows where a decorated class does not fit its component. */
interface Wrong<Sentence extends string> {
  readonly wrong: Sentence;
}

type HandlerKind = 'bind' | 'updated' | 'unbind';

interface Decorated {
  references: Map<string, ReferenceDescription>;
  /** The references that properties are filled with, by property. */
  properties: Map<string, string>;
  handlers: Record<HandlerKind, Map<string, string>>;
  activate?: string;
  modified?: string;
  deactivate?: string;
}

const WRITTEN = Symbol('rackwatt.written');
const BRAND = Symbol.for('rackwatt.component');
const TOKENS = ['config', 'log', 'scope', 'context'] as const;

function written(prototype: object): Decorated {
  if (!Object.hasOwn(prototype, WRITTEN)) {
    const inherited = Reflect.getPrototypeOf(prototype) as { [WRITTEN]?: Decorated } | null;
    const base = inherited?.[WRITTEN];
    const handlers = {
      bind: new Map(base?.handlers.bind),
      updated: new Map(base?.handlers.updated),
      unbind: new Map(base?.handlers.unbind),
    };
    const [references, properties] = [new Map(base?.references), new Map(base?.properties)];
    Object.defineProperty(prototype, WRITTEN, { value: { ...base, references, properties, handlers } });
  }
  return (prototype as { [WRITTEN]: Decorated })[WRITTEN];
}

/** Decorates a public property, or a parameter of the constructor. */
interface ReferenceDecorator<V> {
  <T extends { [P in K]?: unknown }, K extends string>(
    prototype: T & ([V] extends [T[K]] ? unknown : Wrong<'the property cannot hold what the reference gives'>),
    property: K,
  ): void;
  <T extends Class, I extends number>(
    type: T &
      ([V] extends [Live<unknown> | LiveSet<unknown>]
        ? Wrong<'a constructor cannot follow a dynamic reference: put it on a property'>
        : [V] extends [ConstructorParameters<T>[I]]
          ? unknown
          : Wrong<'the parameter cannot take what the reference gives'>),
    method: undefined,
    index: I,
  ): void;
}

/**
 * Fills a public property with a reference, `@Reference(one(Store)) readonly store!: Store`, or a parameter of the constructor.
 * @param name of the reference; unless given, the name of the property, or for a parameter of the contract
 */
export function Reference<V>(reference: ReferenceDescription<V>, name?: string): ReferenceDecorator<V> {
  return (target: object, property: string | undefined, index?: number): void => {
    if (property !== undefined) {
      written(target).references.set(name ?? property, reference);
      written(target).properties.set(property, name ?? property);
      return;
    }
    const type = target as Class;
    const token = name ?? reference.contract.name;
    written(type.prototype as object).references.set(token, { ...reference, injected: true });
    inject(token, { isOptional: true })(type, undefined, index!);
  };
}

type HandlerDecorator<R extends string> = <
  T extends { [P in R]?: unknown },
  M extends (event: BoundEvent<ReferencedService<T[R]>>) => unknown,
>(
  prototype: T,
  method: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

function handler(kind: HandlerKind): <R extends string>(reference: R) => HandlerDecorator<R> {
  return (reference) => (prototype, method) => void written(prototype).handlers[kind].set(reference, method);
}

/** The method that is called once for each service that is bound to a reference: before `@Activate` for those there are. */
export const Bind = handler('bind');
/** The method that is called when the properties of a bound service changed. */
export const Updated = handler('updated');
/** The method that is called once for each service that was bound, as it goes, or after `@Deactivate`. */
export const Unbind = handler('unbind');

function marks(kind: 'activate' | 'modified' | 'deactivate'): () => MethodDecorator {
  return () => (prototype, property) => {
    written(prototype)[kind] = String(property);
  };
}

/** The method that runs once all references are set; it gets an `Activation`. */
export const Activate = marks('activate');
/** The method that takes a changed configuration alive; without it the component restarts. */
export const Modified = marks('modified');
/** The method that runs before the references go; it gets the reason, and an `Activation`. */
export const Deactivate = marks('deactivate');

type ComponentDecorator<P, C> = <T extends abstract new (...values: never[]) => P>(
  type: T &
    (unknown extends C
      ? unknown
      : [Misconfigured<InstanceType<T>, C>] extends [never]
        ? unknown
        : Wrong<'a method takes another configuration than the schema gives'>),
) => void;

/** Declares a class as a component; the instance is the service. */
export function Component<const C extends Contracts = undefined, S extends TSchema = TSchema>(
  options: Options<C, S>,
): ComponentDecorator<ServiceOf<C> & object, Static<S>> {
  return (type: Class): void => {
    injectable()(type as never);
    const { references, properties, handlers, activate, modified, deactivate } = written(type.prototype as object);
    /** By cradle, until it is activated. */
    const made = new WeakMap<object, object>();
    const call = (instance: object, method: string | undefined, ...values: unknown[]): unknown =>
      method === undefined
        ? undefined
        : ((instance as Record<string, unknown>)[method] as Method).apply(instance, values);
    const fill = (instance: object, cradle: Record<string, unknown>): Activation => {
      for (const [property, name] of properties) (instance as Record<string, unknown>)[property] = cradle[name];
      return {
        config: cradle['config'],
        log: cradle['log'],
        scope: cradle['scope'],
        context: cradle['context'],
      } as Activation;
    };
    /** A hook, or its name where the class has no such method: the container says what becomes of it. */
    const hook = (method: string | undefined, called: (...values: never[]) => unknown): object | string | undefined =>
      method === undefined || typeof (type.prototype as Record<string, unknown>)[method] === 'function'
        ? called
        : method;
    const called = (kind: HandlerKind): object => {
      if (handlers[kind].size === 0) return {};
      const methods = Array.from(handlers[kind], ([reference, method]) => [
        reference,
        (event: unknown, cradle: object) => call(made.get(cradle)!, method, event),
      ]);
      return { [kind]: Object.fromEntries(methods) as object };
    };
    const definition = {
      [BRAND]: 'class',
      options: {
        name: type.name,
        ...options,
        references: Object.fromEntries(references),
        ...called('bind'),
        ...called('updated'),
        ...called('unbind'),
        activate: hook(activate, (cradle: Record<string, unknown>) => {
          const instance = made.get(cradle)!;
          const pending = call(instance, activate, fill(instance, cradle));
          return pending instanceof Promise ? pending.then(() => instance) : instance;
        }),
        ...(modified === undefined
          ? {}
          : {
              modified: hook(modified, (cradle: Record<string, unknown>, instance: object) =>
                call(instance, modified, fill(instance, cradle)),
              ),
            }),
        ...(deactivate === undefined
          ? {}
          : {
              deactivate: hook(
                deactivate,
                (instance: object, reason: DeactivationReason, cradle: Record<string, unknown>) =>
                  call(instance, deactivate, reason, fill(instance, cradle)),
              ),
            }),
      },
      construct(cradle: Record<string, unknown>) {
        const child = container.createChildContainer();
        for (const token of TOKENS) child.registerInstance(token, cradle[token]);
        for (const name of references.keys())
          if (cradle[name] !== undefined) child.registerInstance(name, cradle[name]);
        (cradle['scope'] as Scope).add('tsyringe container', () => disposed(child));
        const instance = child.resolve(type as never) as object;
        fill(instance, cradle);
        made.set(cradle, instance);
      },
    };
    Object.defineProperty(type, BRAND, { value: definition });
  };
}

async function disposed(child: DependencyContainer): Promise<void> {
  await child.dispose();
}
