/**
 * Components as decorated classes. Each module space evaluates its own copy of this file and of tsyringe: tsyringe keeps
 * what it saw in global maps, so a shared one would keep every revision of every bundle for ever.
 *
 * ```ts
 * @Component({ name: 'acme.meter', provides: Meter })
 * export class AcmeMeter {
 *   @Reference(one(Store)) readonly store!: Store;
 *   constructor(private readonly codec: Codec) {}   // private parts: tsyringe's constructor injection
 *   @Activate() start(context: Activation<Config>) {}
 *   @Deactivate() stop() {}
 * }
 * ```
 */
import 'reflect-metadata';
import type {
  ComponentContext,
  ComponentOptions,
  Contract,
  DeactivationReason,
  Logger,
  ReferenceDescription,
  References,
  Scope,
} from 'rackwatt';
import type { TSchema } from 'typebox';
import { container, injectable, type DependencyContainer } from 'tsyringe';

export { inject, injectable, injectAll, scoped, singleton, Lifecycle } from 'tsyringe';

/** What an `@Activate` or `@Modified` method gets; private parts inject its members by token (`@inject('config')`). */
export interface Activation<C = unknown> {
  readonly config: C;
  readonly log: Logger;
  readonly scope: Scope;
  readonly context: ComponentContext;
}

type Options<P> = Omit<
  ComponentOptions<P, References, TSchema, object>,
  'activate' | 'modified' | 'deactivate' | 'references' | 'wiring' | 'provides'
> & {
  provides?: Contract<P> | readonly Contract<unknown>[];
};

type Method = (this: object, ...values: unknown[]) => unknown;
type Class = new (...values: never[]) => object;

interface Written {
  references: Map<string, ReferenceDescription>;
  activate?: string;
  modified?: string;
  deactivate?: string;
}

const WRITTEN = Symbol('rackwatt.written');
const BRAND = Symbol.for('rackwatt.component');
const TOKENS = ['config', 'log', 'scope', 'context'] as const;

function written(prototype: object): Written {
  if (!Object.hasOwn(prototype, WRITTEN)) {
    const inherited = Reflect.getPrototypeOf(prototype) as { [WRITTEN]?: Written } | null;
    const base = inherited?.[WRITTEN];
    Object.defineProperty(prototype, WRITTEN, { value: { ...base, references: new Map(base?.references) } });
  }
  return (prototype as { [WRITTEN]: Written })[WRITTEN];
}

/** Fills a public property with a reference: `@Reference(one(Store)) readonly store!: Store`. */
export function Reference(reference: ReferenceDescription): PropertyDecorator {
  return (prototype, property) => void written(prototype).references.set(String(property), reference);
}

function marks(kind: 'activate' | 'modified' | 'deactivate'): () => MethodDecorator {
  return () => (prototype, property) => {
    written(prototype)[kind] = String(property);
  };
}

/** The method that runs once all references are set; it gets an `Activation`. */
export const Activate = marks('activate');
/** The method that takes a changed configuration alive; without it the component restarts. */
export const Modified = marks('modified');
/** The method that runs before the references go; it gets the reason. */
export const Deactivate = marks('deactivate');

/** Declares a class as a component; the instance is the service. */
export function Component<P>(options: Options<P>) {
  return <T extends Class>(type: T): void => {
    injectable()(type as never);
    const { references, activate, modified, deactivate } = written(type.prototype as object);
    const call = (instance: object, method: string | undefined, ...values: unknown[]): unknown =>
      method === undefined
        ? undefined
        : ((instance as Record<string, unknown>)[method] as Method).apply(instance, values);
    const fill = (instance: object, cradle: Record<string, unknown>): Activation => {
      for (const name of references.keys()) (instance as Record<string, unknown>)[name] = cradle[name];
      return {
        config: cradle['config'],
        log: cradle['log'],
        scope: cradle['scope'],
        context: cradle['context'],
      } as Activation;
    };
    const definition = {
      [BRAND]: 'class',
      options: {
        ...options,
        references: Object.fromEntries(references),
        activate(cradle: Record<string, unknown>) {
          const child = container.createChildContainer();
          for (const token of TOKENS) child.registerInstance(token, cradle[token]);
          for (const name of references.keys())
            if (cradle[name] !== undefined) child.registerInstance(name, cradle[name]);
          (cradle['scope'] as Scope).add('tsyringe container', () => disposed(child));
          const instance = child.resolve(type as never) as object;
          const activation = fill(instance, cradle);
          const pending = call(instance, activate, activation);
          return pending instanceof Promise ? pending.then(() => instance) : instance;
        },
        ...(modified === undefined
          ? {}
          : {
              modified: (cradle: Record<string, unknown>, instance: object) =>
                call(instance, modified, fill(instance, cradle)),
            }),
        ...(deactivate === undefined
          ? {}
          : { deactivate: (instance: object, reason: DeactivationReason) => call(instance, deactivate, reason) }),
      },
    };
    Object.defineProperty(type, BRAND, { value: definition });
  };
}

async function disposed(child: DependencyContainer): Promise<void> {
  await child.dispose();
}
