import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ErrorRecord, ServiceFactory } from 'rackwatt';
import { activated, Meter, meter } from '../support/activated.js';
import { TestContainer } from '../support/container.js';
import { item } from './item.js';

/** A bundle that registers, two that use, and what the container reports. */
async function three(t: TestContext) {
  const container = new TestContainer(t);
  const [provider, alice, bob] = [
    await activated(container, 'provider'),
    await activated(container, 'alice'),
    await activated(container, 'bob'),
  ];
  const reported: [bundle: string | undefined, code: string | undefined][] = [];
  container.framework.onFrameworkEvent(
    ({ type, bundle, error }) => {
      if (type === 'ERROR') reported.push([bundle.name, (error as ErrorRecord).code]);
    },
    { synchronous: true },
  );
  return { container, reported, bundles: { provider, alice, bob }, provider: provider.context, alice, bob };
}

/** Makes meters that read 1, 2, 3..., and writes down what it is asked for. */
function factory(scope: 'bundle' | 'prototype') {
  const calls: string[] = [];
  let made = 0;
  const value: ServiceFactory<Meter> = {
    scope,
    get(user) {
      calls.push(`get ${++made} for ${user.name}`);
      return meter(made);
    },
    release: (user, _registration, service) => void calls.push(`release ${service.read()} of ${user.name}`),
  };
  return { value, calls };
}

item(109, async (t) => {
  const { provider, alice, bob } = await three(t);
  const service = meter();
  provider.register(Meter, service);
  const reference = alice.context.reference(Meter)!;
  assert.equal(alice.context.get(reference), service);
  assert.equal(alice.context.get(reference), service);
  assert.equal(bob.context.get(reference), service);
  assert.equal(alice.context.release(reference), true);
  assert.deepEqual(
    reference
      .users()
      .map(({ name }) => name)
      .sort(),
    ['alice', 'bob'],
  );
  assert.equal(alice.context.release(reference), true);
  assert.deepEqual(
    reference.users().map(({ name }) => name),
    ['bob'],
  );
  assert.equal(alice.context.release(reference), false);
  assert.equal(bob.context.release(reference), true);
  assert.deepEqual(reference.users(), []);
});

item(110, async (t) => {
  const { provider, alice } = await three(t);
  const registration = provider.register(Meter, meter());
  const reference = alice.context.reference(Meter)!;
  assert.ok(alice.context.get(reference));
  registration.unregister();
  assert.equal(alice.context.get(reference), undefined);
  assert.equal(alice.context.release(reference), false);
  assert.equal(alice.context.serviceObjects(reference), undefined);
  const stopped = await activated(new TestContainer(t), 'elsewhere');
  const foreign = stopped.context.register(Meter, meter()).reference;
  assert.equal(alice.context.get(foreign), undefined, 'nor one of another container');
});

item(111, async (t) => {
  const { provider, alice, bob, bundles } = await three(t);
  const [one, two] = [provider.register(Meter, meter()).reference, provider.register(Meter, meter()).reference];
  const users = (reference: typeof one) => reference.users().map(({ name }) => name);
  assert.deepEqual(provider.registeredServices(), [one, two]);
  assert.deepEqual(alice.context.registeredServices(bundles.provider.bundle), [one, two]);
  assert.deepEqual([users(one), alice.context.servicesInUse()], [[], []]);
  alice.context.get(one);
  bob.context.get(one);
  bob.context.get(two);
  assert.deepEqual([users(one), users(two)], [['alice', 'bob'], ['bob']]);
  assert.deepEqual(alice.context.servicesInUse(), [one]);
  assert.deepEqual(provider.servicesInUse(bob.bundle), [one, two]);
  bob.context.release(one);
  assert.deepEqual([users(one), bob.context.servicesInUse()], [['alice'], [two]]);
  await alice.bundle.stop();
  assert.deepEqual([users(one), provider.servicesInUse(alice.bundle)], [[], []]);
  await bundles.provider.bundle.stop();
  assert.deepEqual([bob.context.servicesInUse(), bob.context.registeredServices(bundles.provider.bundle)], [[], []]);
});

item(119, async (t) => {
  const { provider, alice, bob } = await three(t);
  const { value, calls } = factory('bundle');
  const registration = provider.register(Meter, value);
  const reference = alice.context.reference(Meter)!;
  assert.equal(reference.property('service.scope'), 'bundle');
  assert.deepEqual(calls, [], 'not made before it is got');
  const own = alice.context.get(reference);
  assert.equal(alice.context.get(reference), own);
  assert.notEqual(bob.context.get(reference), own);
  assert.deepEqual(calls.splice(0), ['get 1 for alice', 'get 2 for bob']);
  alice.context.release(reference);
  assert.deepEqual(calls, [], 'given back with the last use only');
  alice.context.release(reference);
  assert.deepEqual(calls.splice(0), ['release 1 of alice']);
  assert.equal(alice.context.get(reference)?.read(), 3, 'made anew');
  calls.length = 0;
  registration.unregister();
  assert.deepEqual(new Set(calls), new Set(['release 2 of bob', 'release 3 of alice']));
});

item(120, async (t) => {
  const { provider, alice, bob } = await three(t);
  const { value, calls } = factory('prototype');
  const registration = provider.register(Meter, value);
  const objects = alice.context.serviceObjects(alice.context.reference(Meter)!)!;
  const [first, second] = [objects.get()!, objects.get()!];
  assert.equal(objects.reference, registration.reference);
  assert.notEqual(first, second);
  objects.release(first);
  assert.deepEqual(calls.splice(0), ['get 1 for alice', 'get 2 for alice', 'release 1 of alice']);
  assert.deepEqual(
    registration.reference.users().map(({ name }) => name),
    ['alice'],
  );
  registration.unregister();
  assert.deepEqual(calls.splice(0), ['release 2 of alice'], 'what was not given back is taken');
  assert.equal(objects.get(), undefined);

  const single = meter();
  const one = bob.context.serviceObjects(provider.register(Meter, single).reference)!;
  assert.deepEqual([one.get(), one.get()], [single, single]);
  one.release(single);
  assert.equal(one.reference.users().length, 1);
  one.release(single);
  assert.deepEqual(one.reference.users(), []);

  const shared = factory('bundle');
  const of = bob.context.serviceObjects(provider.register(Meter, shared.value).reference)!;
  const object = of.get()!;
  assert.equal(of.get(), object);
  assert.equal(bob.context.get(of.reference), object);
  of.release(object);
  of.release(object);
  bob.context.release(of.reference);
  assert.deepEqual(shared.calls, ['get 1 for bob', 'release 1 of bob']);
});

item(121, async (t) => {
  const { provider, alice, bob } = await three(t);
  const { value, calls } = factory('prototype');
  const { reference } = provider.register(Meter, value);
  assert.equal(reference.property('service.scope'), 'prototype');
  const own = alice.context.get(reference);
  assert.equal(alice.context.get(reference), own);
  const extra = alice.context.serviceObjects(reference)!.get();
  assert.notEqual(extra, own, 'apart from what is handed out one by one');
  assert.notEqual(bob.context.get(reference), own);
  alice.context.release(reference);
  alice.context.release(reference);
  assert.deepEqual(calls, ['get 1 for alice', 'get 2 for alice', 'get 3 for bob', 'release 1 of alice']);
});

item(122, async (t) => {
  const { provider, alice, bob } = await three(t);
  const registration = provider.register(Meter, factory('prototype').value);
  const objects = alice.context.serviceObjects(registration.reference)!;
  const object = objects.get()!;
  assert.throws(() => objects.release(meter()), { code: 'SERVICE_OBJECT_FOREIGN' });
  assert.throws(() => bob.context.serviceObjects(registration.reference)!.release(object), {
    code: 'SERVICE_OBJECT_FOREIGN',
  });
  objects.release(object);
  assert.throws(() => objects.release(object), { code: 'SERVICE_OBJECT_FOREIGN' });
  const kept = objects.get()!;
  registration.unregister();
  assert.throws(() => objects.release(kept), { code: 'SERVICE_UNREGISTERED' });
});

item(123, async (t) => {
  const { provider, alice, reported } = await three(t);
  const throwing: ServiceFactory<Meter> = {
    scope: 'bundle',
    get() {
      throw new RangeError('no meter here');
    },
    release() {},
  };
  // What a factory in JavaScript may do.
  const empty: ServiceFactory<Meter> = { scope: 'bundle', get: (): never => undefined as never, release() {} };
  const [first, second] = [provider.register(Meter, throwing).reference, provider.register(Meter, empty).reference];
  assert.equal(alice.context.get(first), undefined);
  assert.deepEqual(reported.splice(0), [['provider', 'SERVICE_FACTORY_EXCEPTION']]);
  assert.equal(alice.context.get(second), undefined);
  assert.deepEqual(reported.splice(0), [['provider', 'SERVICE_FACTORY_ERROR']]);
  assert.deepEqual([alice.context.servicesInUse(), first.users(), second.users()], [[], [], []]);
  let wrong = true;
  const late = provider.register(Meter, {
    scope: 'bundle',
    get() {
      if (wrong) throw new RangeError('not yet');
      return meter(7);
    },
    release() {
      throw new RangeError('mine no more');
    },
  }).reference;
  assert.equal(alice.context.get(late), undefined);
  wrong = false;
  assert.equal(alice.context.get(late)?.read(), 7, 'asked again the next time');
  assert.equal(alice.context.release(late), true);
  assert.deepEqual(
    reported.map(([, code]) => code),
    ['SERVICE_FACTORY_EXCEPTION', 'SERVICE_FACTORY_EXCEPTION'],
  );
  assert.deepEqual(late.users(), []);
});

item(124, async (t) => {
  const { provider, alice, bob, reported } = await three(t);
  let asked = 0;
  let inner: unknown = 'not asked';
  const { reference } = provider.register(Meter, {
    scope: 'bundle',
    get(user, registration) {
      asked++;
      inner = (user.name === 'alice' ? alice : bob).context.get(registration.reference);
      return meter(5);
    },
    release() {},
  });
  assert.equal(alice.context.get(reference)?.read(), 5);
  assert.deepEqual([asked, inner], [1, undefined]);
  assert.deepEqual(reported, [['provider', 'SERVICE_FACTORY_RECURSION']]);
  assert.equal(bob.context.get(reference)?.read(), 5, 'each bundle anew');
  assert.equal(reported.length, 2);
  assert.deepEqual([alice.context.release(reference), reference.users().length], [true, 1]);
});
