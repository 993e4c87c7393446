import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ComponentEngine,
  componentInfo,
  componentOf,
  pidOf,
  type ComponentDefinition,
  type ComponentInstance,
  type InstanceConfiguration,
  type ReferenceDescription,
  type ReferencedService,
  type References,
} from '../component/index.js';
import { validate, propertiesOf } from '../configuration/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { ServiceRegistry, type Properties, type ServiceRegistration } from '../registry/index.js';
import { Leaks } from './leaks.js';
import { loggerInto, type LogLine } from './log.js';

/** A test that calls back when it ends: `t` of `node:test`, or `{ after: onTestFinished }` of another runner. */
export interface Ending {
  after(ending: () => void | Promise<void>): void;
}

/** What a reference is bound to: a service, or a service with properties. */
export type Fake<S> = S | { readonly service: S; readonly properties: Properties };
/** By the names of references; a list where a reference takes many. */
export type Fakes<R> = {
  readonly [K in keyof R]?: R[K] extends ReferenceDescription<unknown, infer S> ? Fake<S> | readonly Fake<S>[] : never;
};

export interface TrialOptions<R, C> {
  references?: Fakes<R>;
  /** Checked by the component's schema, whose defaults are filled in. Secrets are given as their values. */
  configuration?: Partial<C>;
  /** Whose component it is, as its context tells. */
  bundle?: { name?: string; version?: string };
}

/** A component that runs alone. */
export interface Trial<P, R, C> {
  /** What `activate` gave: the service, or the instance of the class. */
  readonly service: P;
  readonly state: string;
  /** Why it is not active; empty when it is. */
  readonly reasons: readonly string[];
  readonly log: readonly LogLine[];
  /** What it owns now: timers, sockets, services. */
  effects(): string[];
  /** Gives a reference a further service, as if it had just been registered; settles when the component took note. */
  bind<K extends keyof R & string>(
    reference: K,
    fake: R[K] extends ReferenceDescription<unknown, infer S> ? Fake<S> : never,
  ): Promise<Bound>;
  /** Changes the configuration, as an edit of the file does; settles when the component took note. */
  configure(configuration: Partial<C>): Promise<void>;
  /**
   * Ends it; the end of the test does so otherwise.
   * @throws TEST_LEAK it left a timer, a socket, a listener behind
   */
  deactivate(): Promise<void>;
}

/** A fake as it is registered. */
export interface Bound {
  change(properties: Properties): Promise<void>;
  remove(): Promise<void>;
}

/** The references of a decorated class, as its properties tell; those of its constructor are not known to the types. */
type PropertyReferences<P> = {
  readonly [K in keyof P]: ReferenceDescription<P[K], ReferencedService<P[K]>>;
} & Readonly<Record<string, ReferenceDescription>>;

type Class<P> = abstract new (...given: never[]) => P;
const OWNER = { id: 1, name: 'test' };

/**
 * Brings up one component of a bundle alone, by the container's own engine, with fakes for what it refers to:
 *
 * ```ts
 * const { service, log } = await activate(t, counter, { references: { store }, configuration: { report: 1000 } });
 * ```
 *
 * References are bound as in a node: by contract, filter and ranking, through stubs. When the test ends the component is
 * deactivated, and the test fails if it left something behind.
 * @throws TEST_COMPONENT_DOWN it did not come up; CONFIG_INVALID its schema refuses the configuration; what `activate` threw,
 *   by its code
 */
export function activate<P, R, C>(
  t: Ending,
  definition: ComponentDefinition<P, R, C>,
  options?: TrialOptions<R, C>,
): Promise<Trial<P, R, C>>;
export function activate<P extends object>(
  t: Ending,
  decorated: Class<P>,
  options?: TrialOptions<PropertyReferences<P>, Record<string, unknown>>,
): Promise<Trial<P, PropertyReferences<P>, Record<string, unknown>>>;
export async function activate(
  t: Ending,
  given: ComponentDefinition | Class<object>,
  options: TrialOptions<References, Record<string, unknown>> = {},
): Promise<Trial<unknown, References, Record<string, unknown>>> {
  const definition = componentOf(given);
  if (!definition)
    throw new RackwattError(
      'TEST_COMPONENT_DOWN',
      'what is to be activated is neither made by component() nor a class with @Component',
    );
  const trial = new ComponentTrial(definition, options.bundle ?? {});
  t.after(() => trial.deactivate());
  await trial.begin(options);
  return trial;
}

class ComponentTrial implements Trial<unknown, References, Record<string, unknown>> {
  readonly log: LogLine[] = [];
  readonly #leaks = new Leaks();
  readonly #registry = new ServiceRegistry({ onError: (_, error) => this.#say(error) });
  readonly #engine: ComponentEngine;
  readonly #definition: ComponentDefinition;
  readonly #bundle: { name: string; version: string };
  #configuration: InstanceConfiguration | undefined;
  #defaults: Readonly<Record<string, unknown>> = {};
  #set: ReturnType<ComponentEngine['add']> | undefined;
  #service: unknown;
  #folder: string | undefined;
  #ended: Promise<void> | undefined;

  constructor(
    definition: ComponentDefinition,
    { name = 'bundle', version = '1.0.0' }: { name?: string; version?: string },
  ) {
    this.#bundle = { name, version };
    const { activate: up } = definition.options;
    this.#definition = {
      ...definition,
      options: {
        ...definition.options,
        activate: (cradle) =>
          this.#leaks.run(() => {
            const made = up(cradle);
            if (made instanceof Promise) return made.then((service: unknown) => (this.#service = service));
            return (this.#service = made);
          }),
      },
    };
    this.#engine = new ComponentEngine({
      registry: this.#registry,
      logger: () => loggerInto(this.log),
      configurations: () => (this.#configuration ? [this.#configuration] : []),
      defaults: () => this.#defaults,
    });
  }

  get service(): unknown {
    return this.#leaks.inside(this.#service);
  }

  get state(): string {
    return this.#instance ? componentInfo(this.#instance).state : 'unsatisfied-configuration';
  }

  get reasons(): readonly string[] {
    return this.#instance ? componentInfo(this.#instance).reasons : ['it needs a configuration'];
  }

  async begin({ references = {}, configuration }: TrialOptions<References, Record<string, unknown>>): Promise<void> {
    this.#defaults = await this.#checked(undefined);
    if (configuration) await this.#take(configuration);
    for (const [name, fake] of Object.entries(references))
      for (const each of Array.isArray(fake) ? (fake as Fake<unknown>[]) : [fake]) this.#register(name, each);
    const bundle = {
      owner: { id: 2, name: this.#bundle.name },
      version: this.#bundle.version,
      dataFolder: () => (this.#folder ??= mkdtempSync(join(tmpdir(), 'rackwatt-data-'))),
      resolve: (specifier: string) => createRequire(join(process.cwd(), 'package.json')).resolve(specifier),
    };
    this.#set = this.#engine.add(bundle, [this.#definition]);
    await this.#engine.settled();
    const failure = this.#instance?.failure;
    if (failure)
      throw new RackwattError(failure.code ?? 'TEST_COMPONENT_DOWN', failure.message, { context: { error: failure } });
    if (this.state !== 'active')
      throw new RackwattError(
        'TEST_COMPONENT_DOWN',
        `${this.#definition.options.name} is ${this.state}: ${this.reasons.join('; ')}`,
      );
  }

  effects(): string[] {
    return this.#instance?.scope?.effects() ?? [];
  }

  async bind(reference: string, fake: Fake<unknown>): Promise<Bound> {
    const registration = this.#register(reference, fake);
    await this.#engine.settled();
    return {
      change: (properties) => {
        registration.setProperties(properties);
        return this.#engine.settled();
      },
      remove: () => {
        registration.unregister();
        return this.#engine.settled();
      },
    };
  }

  async configure(configuration: Record<string, unknown>): Promise<void> {
    await this.#take(configuration);
    await this.#engine.configurationsChanged([pidOf(this.#definition)]);
    await this.#engine.settled();
  }

  deactivate(): Promise<void> {
    return (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    if (this.#set) await this.#engine.remove(this.#set, 'disposed');
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
    const left = await this.#leaks.left();
    if (left.length > 0)
      throw new RackwattError(
        'TEST_LEAK',
        `${this.#definition.options.name} left behind ${left.join(', ')}: give it to the scope, or end it in deactivate`,
        { context: { left } },
      );
  }

  get #instance(): ComponentInstance | undefined {
    return this.#set && [...this.#set.instances][0];
  }

  #register(reference: string, fake: Fake<unknown>): ServiceRegistration {
    const description = this.#definition.options.references?.[reference];
    if (!description)
      throw new RackwattError(
        'TEST_COMPONENT_DOWN',
        `${this.#definition.options.name} has no reference "${reference}"; it has ${Object.keys(this.#definition.options.references ?? {}).join(', ') || 'none'}`,
      );
    const { service, properties } = isWithProperties(fake) ? fake : { service: fake, properties: {} };
    return this.#registry.register(OWNER, description.contract, service, properties);
  }

  async #take(configuration: Record<string, unknown>): Promise<void> {
    const values = await this.#checked(configuration);
    const pid = pidOf(this.#definition);
    const isFactory = this.#definition.options.configuration?.policy === 'require';
    this.#configuration = { pid: isFactory ? `${pid}~test` : pid, values, properties: propertiesOf(values) };
  }

  /** @returns with the defaults of the schema */
  async #checked(configuration: Record<string, unknown> | undefined): Promise<Record<string, unknown>> {
    const { schema } = this.#definition.options.configuration ?? {};
    if (!schema) return configuration ?? {};
    const { value, mistakes } = await validate(schema, configuration ?? {});
    if (configuration && mistakes.length > 0)
      throw new RackwattError(
        'CONFIG_INVALID',
        `the configuration of ${this.#definition.options.name}: ${mistakes.map(({ message }) => message).join('; ')}`,
      );
    return value;
  }

  #say(error: unknown): void {
    this.log.push({ level: 'error', message: errorMessage(error), fields: {} });
  }
}

function isWithProperties(fake: unknown): fake is { service: unknown; properties: Properties } {
  return (
    typeof fake === 'object' &&
    fake !== null &&
    'service' in fake &&
    'properties' in fake &&
    Object.keys(fake).length === 2
  );
}
