import type { TestContext } from 'node:test';
import type {
  BoundEvent,
  ComponentContext,
  ComponentOptions,
  Contract,
  DeactivationReason,
  Logger,
  ReferenceDescription,
  References,
  ReferenceValues,
  Scope,
} from 'rackwatt';
import type { TSchema } from 'typebox';
import type { TestContainer } from '../support/container.js';
import { item } from './item.js';

/** What the hooks of a described component get, in either style. */
export interface Part<R extends References = References> {
  /** As they stand in the object's cradle, or in the properties of the class. */
  readonly references: ReferenceValues<R>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly log: Logger;
  readonly scope: Scope;
  readonly context: ComponentContext;
  /** What `activate` gives, or the instance of the class; another one for each activation. */
  readonly service: object;
}

/** What a test does as services of a reference come, change and go. */
type Handlers<R extends References> = {
  readonly [K in keyof R]?: R[K] extends ReferenceDescription<unknown, infer S>
    ? (event: BoundEvent<S>) => void | Promise<void>
    : never;
};

type Handled = 'bind' | 'updated' | 'unbind';
type Hooks = 'activate' | 'modified' | 'deactivate' | 'wiring' | 'provides' | 'references' | Handled;
type Plain<R extends References> = Omit<ComponentOptions<object, R, TSchema, object>, Hooks>;

/** Declared as a method, so that what a test knows of its own references need not be known here. */
interface Method<R extends References> {
  call(part: Part<R>, ...given: never[]): unknown;
}

/** A component as a test describes it. What is not named here is handed on as it is: to `component` or to `@Component`. */
export interface Described<R extends References = References> extends Plain<R> {
  provides?: Contract<never> | readonly Contract<never>[];
  references?: R;
  bind?: Handlers<R>;
  updated?: Handlers<R>;
  unbind?: Handlers<R>;
  /** Methods of the service. */
  methods?: Record<string, Method<R>['call']>;
  /** Called as the object or the instance is made; without a reference yet where it is a class. */
  constructed?(): void;
  /** Hooks that are named, but not there. */
  misnamed?: readonly ('activate' | 'modified' | 'deactivate')[];
  activate?(part: Part<R>): void | Promise<void>;
  modified?(part: Part<R>): void | Promise<void>;
  deactivate?(part: Part<R>, reason: DeactivationReason): void | Promise<void>;
}

/** A way to write a component. */
export interface Style {
  readonly name: 'object' | 'class';
  /** Keeps the types of a description's references for its hooks. */
  component<const R extends References>(described: Described<R>): Described;
  /** Writes a bundle whose main module evaluates the components anew, each time that it is loaded. @returns its folder */
  write(c: TestContainer, bundle: string, components: readonly Described[], manifest?: object): string;
  /** Writes, installs and starts a bundle. */
  start(c: TestContainer, bundle: string, ...components: Described[]): ReturnType<TestContainer['start']>;
  /** Updates a bundle to other components. */
  update(c: TestContainer, bundle: Updatable, ...components: Described[]): Promise<void>;
}

type Updatable = Parameters<TestContainer['update']>[0];

/** How bundles find what the test described: by a number, as a test's functions cannot be written into a file. */
const DESCRIBED = Symbol.for('rackwatt.test.described');
const described: Described[] = [];
Object.defineProperty(globalThis, DESCRIBED, { value: described });

const COMMON = `
const described = globalThis[Symbol.for('rackwatt.test.described')];
const handled = ['bind', 'updated', 'unbind'];
const hooks = ['provides', 'references', 'methods', 'constructed', 'activate', 'modified', 'deactivate', 'misnamed', ...handled];
const rest = (of) => Object.fromEntries(Object.entries(of).filter(([key]) => !hooks.includes(key)));
const some = (of, name, hook) => (of[name] ? { [name]: hook } : {});
`;

const OBJECT = `${COMMON}
const { component } = require('rackwatt');
const referencesIn = (of, cradle) =>
  Object.fromEntries(Object.keys(of.references ?? {}).map((name) => [name, cradle[name]]));
exports.write = (of) => {
  const parts = new WeakMap();
  const partOf = (service, cradle) => {
    const { config, log, scope, context } = cradle;
    const part = { references: referencesIn(of, cradle), config, log, scope, context, service };
    parts.set(service, part);
    return part;
  };
  return component({
    ...rest(of),
    ...(of.provides ? { provides: of.provides } : {}),
    ...(of.references ? { references: of.references } : {}),
    ...Object.fromEntries(handled.filter((kind) => of[kind]).map((kind) => [kind, of[kind]])),
    activate(cradle) {
      of.constructed?.();
      const service = {};
      for (const [name, method] of Object.entries(of.methods ?? {}))
        service[name] = (...given) => method(parts.get(service), ...given);
      const pending = of.activate?.(partOf(service, cradle));
      return pending ? pending.then(() => service) : service;
    },
    ...some(of, 'modified', (cradle, service) => of.modified(partOf(service, cradle))),
    ...some(of, 'deactivate', (service, reason, cradle) => of.deactivate(partOf(service, cradle), reason)),
    ...Object.fromEntries((of.misnamed ?? []).map((hook) => [hook, 'nowhere'])),
  });
};
`;

const CLASS = `${COMMON}
const { Activate, Bind, Component, Deactivate, Modified, Reference, Unbind, Updated } = require('rackwatt/decorators');
exports.write = (of) => {
  const names = Object.keys(of.references ?? {});
  class Written {
    #activation;
    constructor() {
      of.constructed?.();
    }
    get part() {
      const references = Object.fromEntries(names.map((name) => [name, this[name]]));
      const { config, log, scope, context } = this.#activation;
      return { references, config, log, scope, context, service: this };
    }
    up(activation) {
      this.#activation = activation;
      return of.activate?.(this.part);
    }
    change(activation) {
      this.#activation = activation;
      return of.modified(this.part);
    }
    down(reason, activation) {
      this.#activation = activation;
      return of.deactivate(this.part, reason);
    }
  }
  for (const [name, method] of Object.entries(of.methods ?? {}))
    Written.prototype[name] = function (...given) {
      return method(this.part, ...given);
    };
  for (const name of names) Reference(of.references[name])(Written.prototype, name);
  for (const [kind, decorator] of Object.entries({ bind: Bind, updated: Updated, unbind: Unbind }))
    for (const [reference, handler] of Object.entries(of[kind] ?? {})) {
      Written.prototype[kind + reference] = (event) => handler(event);
      decorator(reference)(Written.prototype, kind + reference);
    }
  Activate()(Written.prototype, 'up');
  if (of.modified) Modified()(Written.prototype, 'change');
  if (of.deactivate) Deactivate()(Written.prototype, 'down');
  for (const hook of of.misnamed ?? [])
    ({ activate: Activate, modified: Modified, deactivate: Deactivate })[hook]()(Written.prototype, 'nowhere');
  Component({ ...rest(of), ...(of.provides ? { provides: of.provides } : {}) })(Written);
  return Written;
};
`;

function styleOf(name: Style['name'], code: string): Style {
  const write: Style['write'] = (c, bundle, components, manifest = {}) => {
    const first = described.length;
    described.push(...components);
    const lines = components.map((_, i) => `exports.c${i} = write(described[${first + i}]);`);
    const main = [
      `const { write } = require('./write.js');`,
      `const described = globalThis[Symbol.for('rackwatt.test.described')];`,
      ...lines,
    ];
    return c.write(bundle, { 'index.js': main.join('\n'), 'write.js': code }, { ...manifest });
  };
  return {
    name,
    component: (of) => of,
    write,
    async start(c, bundle, ...components) {
      const installed = c.framework.install(await c.source(write(c, bundle, components)), { startLevel: 1 });
      if (c.framework.startLevel < 1) await c.framework.setStartLevel(1);
      await installed.start();
      return installed;
    },
    async update(c, bundle, ...components) {
      await bundle.update(await c.source(write(c, bundle.name, components)));
    },
  };
}

export const STYLES: readonly Style[] = [styleOf('object', OBJECT), styleOf('class', CLASS)];

/**
 * The test of an item, run twice: over components written as plain objects, and over the same written as decorated classes.
 * @param aspect where an item has several tests
 */
export function bothStyles(
  number: number,
  run: (t: TestContext, style: Style) => void | Promise<void>,
  aspect?: string,
): void {
  for (const style of STYLES)
    item(number, (t) => run(t, style), { variant: aspect === undefined ? style.name : `${style.name}, ${aspect}` });
}
