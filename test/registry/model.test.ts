import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Contract, Properties, ServiceFactory, ServiceRegistration } from 'rackwatt';
import { parseFilter, ServiceTracker, type ServiceOwner } from '../support/registry.js';
import { RegistryModel, type Scope } from './registry-model.js';
import { Meter, meter, newRegistry, Switch } from './support.js';

const bundles: Readonly<Record<number, ServiceOwner>> = {
  1: { id: 1, name: 'one' },
  2: { id: 2, name: 'two' },
  3: { id: 3, name: 'three' },
};
const CONTRACTS: readonly (readonly Contract<unknown>[])[] = [[Meter], [Switch], [Meter, Switch]];
const ASKED: readonly (Contract<unknown> | undefined)[] = [Meter, Switch, undefined];

const bundle = fc.integer({ min: 1, max: 3 });
const which = fc.nat({ max: 30 });
const properties = fc.record(
  {
    a: fc.constantFrom(1, 2, '1', true, [1, 2]),
    b: fc.constantFrom('x', 'y'),
    'service.ranking': fc.constantFrom(-1, 0, 1, 1.5, 'high'),
  },
  { requiredKeys: [], noNullPrototype: true },
) as fc.Arbitrary<Properties>;
const filter = fc.constantFrom(
  '(a=1)',
  '(A=2)',
  '(a=*)',
  '(!(a=*))',
  '(&(a=1)(b=x))',
  '(|(b=x)(a>=2))',
  '(&(b=y)(!(a=2)))',
  '(b=*)',
);
const contract = fc.nat({ max: 2 });
const step = fc.oneof(
  fc.record({
    act: fc.constant('register'),
    bundle,
    contract,
    scope: fc.constantFrom<Scope>('singleton', 'bundle', 'prototype'),
    properties,
  }),
  fc.record({ act: fc.constant('modify'), which, properties }),
  fc.record({ act: fc.constantFrom('unregister', 'stopListening'), which }),
  fc.record({ act: fc.constantFrom('get', 'get', 'release', 'getObject', 'releaseObject'), bundle, which }),
  fc.record({ act: fc.constantFrom('listen', 'track'), bundle, contract, filter }),
  { weight: 1, arbitrary: fc.record({ act: fc.constant('stop'), bundle }) },
);
interface Step {
  act: string;
  bundle: number;
  which: number;
  contract: number;
  scope: Scope;
  properties: Properties;
  filter: string;
}

/** The real registry and the model, doing the same. */
class Both {
  readonly real = newRegistry();
  readonly model = new RegistryModel();
  readonly factory: string[] = [];
  #lastId = 0;
  #registrations: ServiceRegistration<Meter>[] = [];
  #objects: { bundle: number; id: number; release: () => void }[] = [];
  #listening: { bundle: number; heard: string[]; expected: string[]; stop: () => void }[] = [];
  /** Also those that are to hear no more. */
  readonly #heard: { heard: string[]; expected: string[] }[] = [];
  #tracked: { bundle: number; tracker: { references: { id: number }[] }; expected: () => number[] }[] = [];

  do(given: Step): void {
    const registration = this.#registrations[given.which % Math.max(1, this.#registrations.length)];
    switch (given.act) {
      case 'register':
        return this.#register(given);
      case 'listen':
        return this.#listen(given);
      case 'track':
        return this.#track(given);
      case 'stopListening':
        return this.#stopListening(given.which);
      case 'stop':
        return this.#stop(given.bundle);
      case 'releaseObject':
        return this.#releaseObject(given.which);
      default:
        if (registration) this.#use(given, registration);
    }
  }

  #register({ bundle: owner, contract: contracts, scope, properties: given }: Step): void {
    const service = scope === 'singleton' ? meter() : this.#factoryOf(scope);
    const { registry } = this.real;
    // The registry numbers its services; the model is told the number before, for listeners hear of it at once.
    const id = this.#lastId + 1;
    this.model.register(
      id,
      owner,
      CONTRACTS[contracts]!.map((one) => one.id),
      scope,
      given,
    );
    const registration = registry.register<Meter>(bundles[owner]!, CONTRACTS[contracts]!, service, given);
    assert.equal(registration.reference.id, id);
    this.#lastId = id;
    this.#registrations.push(registration);
  }

  #factoryOf(scope: 'bundle' | 'prototype'): ServiceFactory<Meter> {
    return {
      scope,
      get: (user, { reference }) => {
        this.factory.push(`get ${user.id} ${reference.id}`);
        return meter();
      },
      release: (user, { reference }) => void this.factory.push(`release ${user.id} ${reference.id}`),
    };
  }

  #use({ act, bundle: user, properties: given }: Step, registration: ServiceRegistration<Meter>): void {
    const { registry } = this.real;
    const { reference } = registration;
    const owner = bundles[user]!;
    if (act === 'modify') {
      this.model.modify(reference.id, given);
      registration.setProperties(given);
    } else if (act === 'unregister') {
      this.model.unregister(reference.id);
      registration.unregister();
      this.#gone(({ id }) => id === reference.id);
    } else if (act === 'get') {
      this.model.get(user, reference.id);
      assert.ok(registry.get(owner, reference));
    } else if (act === 'release') {
      assert.equal(registry.release(owner, reference), this.model.release(user, reference.id));
    } else if (reference.property('service.scope') === 'prototype') {
      const objects = registry.serviceObjects(owner, reference)!;
      this.model.getObject(user, reference.id);
      const object = objects.get()!;
      this.#objects.push({ bundle: user, id: reference.id, release: () => objects.release(object) });
    }
  }

  #releaseObject(chosen: number): void {
    const [object] = this.#objects.splice(chosen % Math.max(1, this.#objects.length), 1);
    if (!object) return;
    this.model.releaseObject(object.bundle, object.id);
    object.release();
  }

  #listen({ bundle: owner, contract: asked, filter: text }: Step): void {
    const [heard, expected]: [string[], string[]] = [[], []];
    const wanted = ASKED[asked];
    const stop = this.real.registry.listen(
      bundles[owner]!,
      ({ type, reference }) => void heard.push(`${type} ${reference.id}`),
      { filter: text, ...(wanted ? { contract: wanted } : {}) },
    );
    this.model.listen({ owner, contract: wanted?.id, wants: this.#wants(text), heard: expected });
    this.#heard.push({ heard, expected });
    this.#listening.push({ bundle: owner, heard, expected, stop: () => void stop() });
  }

  #stopListening(chosen: number): void {
    const [listening] = this.#listening.splice(chosen % Math.max(1, this.#listening.length), 1);
    if (!listening) return;
    listening.stop();
    this.model.listeners = this.model.listeners.filter(({ heard }) => heard !== listening.expected);
  }

  #track({ bundle: owner, contract: asked, filter: text }: Step): void {
    const wanted = ASKED[asked];
    const tracker = new ServiceTracker<unknown, number>(
      this.real.registry.group(bundles[owner]!),
      { filter: text, ...(wanted ? { contract: wanted } : {}) },
      { adding: ({ id }) => id },
    ).open();
    this.#tracked.push({ bundle: owner, tracker, expected: () => this.model.find(wanted?.id, this.#wants(text)) });
  }

  #wants(text: string): (given: Properties) => boolean {
    const parsed = parseFilter(text);
    return (given) => parsed.matches(given);
  }

  #stop(stopped: number): void {
    this.model.stop(stopped);
    this.real.registry.releaseOwner(bundles[stopped]!);
    const ids = new Set(this.model.services.map(({ id }) => id));
    this.#gone(({ id }) => !ids.has(id));
    this.#objects = this.#objects.filter((object) => object.bundle !== stopped);
    this.#listening = this.#listening.filter((listening) => listening.bundle !== stopped);
    this.#tracked = this.#tracked.filter((tracked) => tracked.bundle !== stopped);
  }

  #gone(isGone: (service: { id: number }) => boolean): void {
    this.#registrations = this.#registrations.filter(({ reference }) => !isGone(reference));
    this.#objects = this.#objects.filter((object) => !isGone(object));
  }

  agree(): void {
    const { registry, reported } = this.real;
    const { model } = this;
    assert.deepEqual(reported, []);
    for (const asked of ASKED) {
      const expected = model.find(asked?.id, () => true);
      assert.deepEqual(
        registry.references(asked).map(({ id }) => id),
        expected,
      );
      assert.equal(registry.reference(asked)?.id, expected[0]);
    }
    for (const { reference } of this.#registrations) {
      const users = reference.users().map(({ id }) => id);
      assert.deepEqual(
        users.sort((a, b) => a - b),
        model.users(reference.id),
      );
    }
    for (const owner of Object.values(bundles)) {
      const used = model.services.filter(({ id }) => model.users(id).includes(owner.id)).map(({ id }) => id);
      assert.deepEqual(new Set(registry.usedBy(owner).map(({ id }) => id)), new Set(used));
      const own = model.services.filter((service) => service.owner === owner.id).map(({ id }) => id);
      assert.deepEqual(
        registry.registeredBy(owner).map(({ id }) => id),
        own,
      );
    }
    for (const { heard, expected } of this.#heard) assert.deepEqual(heard, expected);
    for (const { tracker, expected } of this.#tracked)
      assert.deepEqual(
        tracker.references.map(({ id }) => id),
        expected(),
      );
    assert.deepEqual(this.factory.toSorted(), model.factory.toSorted());
  }
}

test('any sequence of acts leaves the registry as the plain model of it (property)', () => {
  fc.assert(
    fc.property(fc.array(step as fc.Arbitrary<Step>, { maxLength: 120, size: 'max' }), (steps) => {
      const both = new Both();
      for (const one of steps) {
        both.do(one);
        both.agree();
      }
    }),
    { numRuns: 300 },
  );
});
