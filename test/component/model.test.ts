import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { ReferenceDescription, ServiceRegistration } from 'rackwatt';
import { rackwatt, TestContainer } from '../support/container.js';
import { STYLES, type Described } from '../conformance/styles.js';
import {
  candidates,
  expected,
  minimum,
  type ModelComponent,
  type ModelConfiguration,
  type ModelReference,
  type ModelService,
} from './component-model.js';

const { contract, many, one, optional } = rackwatt;
const OUTSIDE = { id: 900, name: 'outside' };
const BUNDLES = 3;
const SLOTS = 6;
const CONTRACTS = Array.from({ length: 4 }, (_, i) => contract<object>(`model/C${i}`, { major: 1, local: true }));

interface Written extends ModelComponent {
  /** `activate` takes a moment. */
  slow: boolean;
  /** Takes changes of its configuration alive. */
  modified: boolean;
  style: number;
}

type Act =
  | { act: 'register'; slot: number; contract: number; room: string; factor: number }
  | { act: 'modify'; slot: number; room: string; factor: number }
  | { act: 'unregister'; slot: number }
  | { act: 'install' | 'start' | 'stop' | 'update' | 'uninstall'; bundle: number }
  | { act: 'configure'; component: string; configuration: ModelConfiguration | undefined }
  | { act: 'settle' };

const room = fc.constantFrom('a', 'b');
const reference = fc.record<ModelReference>(
  {
    contract: fc.nat({ max: CONTRACTS.length - 1 }),
    cardinality: fc.constantFrom('1..1', '0..1', '0..n', '1..n'),
    dynamic: fc.boolean(),
    greedy: fc.boolean(),
    room,
  },
  { requiredKeys: ['contract', 'cardinality', 'dynamic', 'greedy'] },
);

/** A revision of a bundle: one or two components, which refer only to contracts of a lower number than they provide. */
const revision = (bundle: number): fc.Arbitrary<Written[]> =>
  fc
    .array(
      fc.record({
        provides: fc.option(fc.nat({ max: CONTRACTS.length - 1 }), { nil: undefined }),
        room,
        references: fc.array(reference, { maxLength: 2 }),
        requiresConfiguration: fc.integer({ min: 1, max: 4 }).map((n) => n === 1),
        slow: fc.boolean(),
        modified: fc.boolean(),
        style: fc.nat({ max: STYLES.length - 1 }),
      }),
      { minLength: 1, maxLength: 2 },
    )
    .map((components) =>
      components.map(({ provides, ...component }, k) => ({
        ...component,
        ...(provides === undefined ? {} : { provides }),
        name: nameOf(bundle, k),
        ranking: 50 + bundle * 2 + k,
        references: provides === 0 ? [] : component.references.map((each) => below(each, provides)),
      })),
    );

/** Refers to a contract of a lower number than is provided. */
const below = (each: ModelReference, provides = CONTRACTS.length): ModelReference => ({
  ...each,
  contract: each.contract % provides,
});

const nameOf = (bundle: number, k: number): string => `model.b${bundle}k${k}`;
const names = Array.from({ length: BUNDLES }, (_, bundle) => [nameOf(bundle, 0), nameOf(bundle, 1)]).flat();
const slot = fc.nat({ max: SLOTS - 1 });
const factor = fc.nat({ max: 2 });

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('register' as const),
      slot,
      contract: fc.nat({ max: CONTRACTS.length - 1 }),
      room,
      factor,
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('modify' as const), slot, room, factor }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('unregister' as const), slot }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom('install', 'install', 'start', 'start', 'start', 'stop', 'update', 'update', 'uninstall'),
      bundle: fc.nat({ max: BUNDLES - 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('configure' as const),
      component: fc.constantFrom(...names),
      configuration: fc.option(
        fc.record<ModelConfiguration>({ room, minimum: fc.nat({ max: 3 }) }, { requiredKeys: [] }),
        { nil: undefined },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('settle' as const) }) },
) as fc.Arbitrary<Act>;

/** The real container beside the model. */
class Both {
  readonly #c: TestContainer;
  readonly #revisions: readonly (readonly Written[][])[];
  readonly #registered = new Map<number, { registration: ServiceRegistration; service: ModelService }>();
  readonly #bundles = new Map<
    number,
    { bundle: Awaited<ReturnType<Both['install']>>; revision: number; started: boolean }
  >();
  readonly #configurations = new Map<string, ModelConfiguration>();

  constructor(t: TestContext, revisions: readonly (readonly Written[][])[]) {
    this.#c = new TestContainer(t, { patience: 150 });
    this.#revisions = revisions;
  }

  async do(what: Act): Promise<void> {
    if ('slot' in what) return this.#service(what);
    if ('bundle' in what) return this.#bundle(what.act, what.bundle);
    if (what.act === 'settle') return this.#c.settled();
    const { component, configuration } = what;
    if (configuration) this.#configurations.set(component, configuration);
    else this.#configurations.delete(component);
    this.#c.configure(component, configuration && propertiesOf(configuration));
  }

  #service(what: Extract<Act, { slot: number }>): void {
    const known = this.#registered.get(what.slot);
    if (what.act === 'unregister') {
      this.#registered.delete(what.slot);
      return known?.registration.unregister();
    }
    const ranking = 10 + what.slot + 100 * what.factor;
    const who = `s${what.slot}`;
    const properties = { who, room: what.room, 'service.ranking': ranking };
    if (known) {
      Object.assign(known.service, { room: what.room, ranking });
      known.registration.setProperties(properties);
    } else if (what.act === 'register') {
      const registration = this.#c.framework.registry.register(OUTSIDE, CONTRACTS[what.contract]!, {}, properties);
      const service = { who, contract: what.contract, room: what.room, ranking };
      this.#registered.set(what.slot, { registration, service });
    }
  }

  async #bundle(what: Extract<Act, { bundle: number }>['act'], n: number): Promise<void> {
    const known = this.#bundles.get(n);
    if (!known) {
      if (what === 'install') this.#bundles.set(n, { bundle: await this.install(n), revision: 0, started: false });
      return;
    }
    if (what === 'start' || what === 'stop') {
      known.started = what === 'start';
      await known.bundle[what]();
    } else if (what === 'uninstall') {
      this.#bundles.delete(n);
      await known.bundle.uninstall();
    } else if (what === 'update') {
      const next = 1 - known.revision;
      try {
        await known.bundle.update(await this.#c.source(this.#write(n, next)));
        known.revision = next;
      } catch (error) {
        // A revision whose components do not come up as those before is not taken.
        assert.match((error as Error).message, /not active/);
      }
    }
  }

  async install(n: number) {
    const bundle = this.#c.framework.install(await this.#c.source(this.#write(n, 0)), { startLevel: 1 });
    if (this.#c.framework.startLevel < 1) await this.#c.framework.setStartLevel(1);
    return bundle;
  }

  #write(n: number, revision: number): string {
    const components = this.#revisions[n]![revision]!;
    const style = STYLES[components[0]!.style]!;
    return style.write(this.#c, `bundle${n}`, components.map(described), { version: `1.${revision}.0` });
  }

  /** Compares what is with what must be. */
  async agree(): Promise<void> {
    await this.#c.settled();
    const started = [...this.#bundles].filter(([, { started: up }]) => up);
    const components = started.flatMap(([n, { revision: r }]) => this.#revisions[n]![r]!);
    const services = Array.from(this.#registered.values(), ({ service }) => service);
    const model = expected({ services, components, configurations: this.#configurations });
    const instances = this.#c.framework.components.instances();
    const real = new Map(instances.map((instance) => [instance.name, instance]));
    const active = components.filter(({ name }) => model[name]!.active);
    const all = [
      ...services,
      ...active.flatMap(({ name: who, provides, ...rest }) =>
        provides === undefined ? [] : [{ who, contract: provides, ...rest }],
      ),
    ];
    for (const component of components) {
      const { name, references } = component;
      const instance = real.get(name);
      assert.equal(instance?.state === 'active', model[name]!.active, `${name} is ${instance?.state}`);
      for (const [i, each] of references.entries()) {
        const bound = instance?.bindings[i]?.boundReferences().map((found) => String(found.property('who'))) ?? [];
        const place = `${name}.r${i} holds [${bound.join()}]`;
        if (each.greedy || (each.dynamic && each.cardinality.endsWith('n')) || !model[name]!.active)
          assert.deepEqual(bound.toSorted(), model[name]!.bound[i]!.toSorted(), place);
        else this.#possible(each, bound, candidates(each, this.#configurations.get(name), all), place, name);
      }
    }
    assert.equal(real.size <= components.length, true, 'nothing of a bundle that is not started');
  }

  /** What a reluctant reference may hold, whatever was before. */
  #possible(each: ModelReference, bound: string[], candidatesNow: string[], place: string, name: string): void {
    assert.equal(new Set(bound).size, bound.length, place);
    for (const who of bound) assert.ok(candidatesNow.includes(who), `${place} of [${candidatesNow.join()}]`);
    assert.ok(bound.length >= minimum(each, this.#configurations.get(name)), place);
    if (each.cardinality.endsWith('n')) return;
    assert.ok(bound.length <= 1, place);
    if (each.dynamic) assert.equal(bound.length, Math.min(1, candidatesNow.length), place);
  }
}

let serial = 0;

/** Each time another configuration, if only by its serial number. */
function propertiesOf({ room: wanted, minimum: least }: ModelConfiguration): Record<string, unknown> {
  const properties: Record<string, unknown> = { serial: ++serial };
  for (const name of ['r0', 'r1']) {
    if (wanted !== undefined) properties[`${name}.target`] = `(room=${wanted})`;
    if (least !== undefined) properties[`${name}.cardinality.minimum`] = least;
  }
  return properties;
}

function described({ name, provides, room: place, ranking, references, slow, modified, ...rest }: Written): Described {
  const made = references.map(({ contract: n, cardinality, dynamic, greedy, room: wanted }, i) => {
    const options = { greedy, ...(wanted === undefined ? {} : { target: `(room=${wanted})` }) };
    const policy = dynamic ? { ...options, dynamic: true as const } : options;
    const of = CONTRACTS[n]!;
    const make = {
      '1..1': () => one(of, policy as typeof options),
      '0..1': () => optional(of, policy as typeof options),
      '0..n': () => many(of, policy as typeof options),
      '1..n': () => many(of, { ...(policy as typeof options), atLeastOne: true }),
    };
    return [`r${i}`, make[cardinality]() as ReferenceDescription] as const;
  });
  return {
    name,
    references: Object.fromEntries(made),
    properties: { who: name, room: place, 'service.ranking': ranking },
    ...(provides === undefined ? {} : { provides: CONTRACTS[provides]! as never }),
    ...(rest.requiresConfiguration ? { configuration: { policy: 'require' as const } } : {}),
    ...(modified ? { modified: () => undefined } : {}),
    activate: () => (slow ? new Promise((resolve) => setImmediate(resolve)) : undefined),
  };
}

test('any sequence of acts on services, bundles and configurations ends as the plain model says (property)', async (t) => {
  const two = (bundle: number) => fc.tuple(revision(bundle), revision(bundle));
  const revisions = fc.tuple(two(0), two(1), two(2));
  await fc.assert(
    fc.asyncProperty(revisions, fc.array(act, { minLength: 10, maxLength: 40, size: 'max' }), async (given, acts) => {
      const both = new Both(t, given);
      for (let bundle = 0; bundle < BUNDLES; bundle++) {
        await both.do({ act: 'install', bundle });
        await both.do({ act: 'start', bundle });
      }
      for (const one of acts) {
        await both.do(one);
        if (one.act === 'settle') await both.agree();
      }
      await both.agree();
    }),
    { numRuns: 40 },
  );
});
