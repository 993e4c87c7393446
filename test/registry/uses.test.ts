import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceFactory } from 'rackwatt';
import { alice, bob, Meter, meter, newRegistry } from './support.js';

/** A factory that numbers its objects and writes down what happens. */
function factory(scope: 'bundle' | 'prototype') {
  const calls: string[] = [];
  let made = 0;
  const value: ServiceFactory<Meter> = {
    scope,
    get(user) {
      const number = ++made;
      calls.push(`get ${number} for ${user.name}`);
      return meter(number);
    },
    release: (user, _registration, service) => void calls.push(`release ${service.read()} of ${user.name}`),
  };
  return { value, calls };
}

test('109 get and release count for each bundle; the same bundle gets the same object', () => {
  const { registry } = newRegistry();
  const service = meter();
  const { reference } = registry.register(alice, Meter, service);
  assert.equal(registry.get(bob, reference), service);
  assert.equal(registry.get(bob, reference), service);
  assert.equal(registry.release(bob, reference), true);
  assert.deepEqual(reference.users(), [bob]);
  assert.equal(registry.release(bob, reference), true);
  assert.deepEqual(reference.users(), []);
  assert.equal(registry.release(bob, reference), false);
});

test('110 a service that is gone gives undefined', () => {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Meter, meter());
  registration.unregister();
  assert.equal(registry.get(bob, registration.reference), undefined);
  assert.equal(registry.release(bob, registration.reference), false);
  assert.equal(registry.serviceObjects(bob, registration.reference), undefined);
});

test('111 users, services in use and registered services agree', () => {
  const { registry } = newRegistry();
  const a = registry.register(alice, Meter, meter()).reference;
  const b = registry.register(alice, Meter, factory('prototype').value).reference;
  registry.get(bob, a);
  registry.get(alice, a);
  const objects = registry.serviceObjects(bob, b);
  const one = objects?.get();
  assert.deepEqual(a.users(), [bob, alice]);
  assert.deepEqual(registry.usedBy(bob), [a, b]);
  assert.deepEqual(registry.registeredBy(alice), [a, b]);
  assert.deepEqual(registry.registeredBy(bob), []);
  objects?.release(one!);
  registry.release(bob, a);
  assert.deepEqual(registry.usedBy(bob), []);
});

test('112 a reference still answers when its service is gone', () => {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Meter, meter(), { site: 'FRA1' });
  assert.equal(registration.reference.owner, alice);
  registration.unregister();
  assert.equal(registration.reference.property('Site'), 'FRA1');
  assert.equal(registration.reference.owner, undefined);
  assert.deepEqual(registration.reference.users(), []);
});

test('115 unregistering: told while it can be got, then taken from its users', () => {
  const { registry } = newRegistry();
  const { value, calls } = factory('bundle');
  const registration = registry.register(alice, Meter, value);
  registry.get(bob, registration.reference);
  registry.listen(bob, ({ type, reference }) => {
    calls.push(
      `${type}, got ${(registry.get(bob, reference) as Meter | undefined)?.read()}, found ${String(registry.reference(Meter)?.id)}, owner ${reference.owner?.name}`,
    );
  });
  registration.unregister();
  assert.deepEqual(calls, ['get 1 for bob', 'UNREGISTERING, got 1, found undefined, owner alice', 'release 1 of bob']);
  assert.deepEqual(registry.usedBy(bob), []);
});

test('119 121 bundle scope: one object a bundle, also of a prototype', () => {
  for (const scope of ['bundle', 'prototype'] as const) {
    const { registry } = newRegistry();
    const { value, calls } = factory(scope);
    const { reference } = registry.register(alice, Meter, value);
    assert.equal(reference.property('service.scope'), scope);
    assert.deepEqual(calls, [], 'not made before it is got');
    const first = registry.get(bob, reference);
    assert.equal(registry.get(bob, reference), first);
    assert.notEqual(registry.get(alice, reference), first);
    registry.release(bob, reference);
    assert.equal(calls.length, 2);
    registry.release(bob, reference);
    assert.deepEqual(calls, ['get 1 for bob', 'get 2 for alice', 'release 1 of bob']);
    assert.equal(registry.get(bob, reference)?.read(), 3);
  }
});

test('120 prototype scope: a new object each time', () => {
  const { registry } = newRegistry();
  const { value, calls } = factory('prototype');
  const registration = registry.register(alice, Meter, value);
  const objects = registry.serviceObjects(bob, registration.reference)!;
  const [first, second] = [objects.get()!, objects.get()!];
  assert.notEqual(first, second);
  objects.release(first);
  assert.deepEqual(calls, ['get 1 for bob', 'get 2 for bob', 'release 1 of bob']);
  registration.unregister();
  assert.deepEqual(calls.slice(3), ['release 2 of bob'], 'what was not given back is taken');
  assert.equal(objects.get(), undefined);
});

test('120 objects of other scopes are the one object', () => {
  const { registry } = newRegistry();
  const service = meter();
  const single = registry.serviceObjects(bob, registry.register(alice, Meter, service).reference)!;
  assert.equal(single.get(), service);
  assert.equal(single.get(), service);
  single.release(service);
  assert.deepEqual(single.reference.users(), [bob]);
  single.release(service);
  assert.deepEqual(single.reference.users(), []);
  const { value, calls } = factory('bundle');
  const shared = registry.serviceObjects(bob, registry.register(alice, Meter, value).reference)!;
  const object = shared.get()!;
  assert.equal(shared.get(), object);
  assert.equal(registry.get(bob, shared.reference), object);
  shared.release(object);
  shared.release(object);
  registry.release(bob, shared.reference);
  assert.deepEqual(calls, ['get 1 for bob', 'release 1 of bob']);
});

test('122 a foreign object is refused, and any object of a service that is gone', () => {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Meter, factory('prototype').value);
  const objects = registry.serviceObjects(bob, registration.reference)!;
  const object = objects.get()!;
  assert.throws(() => objects.release(meter()), { code: 'SERVICE_OBJECT_FOREIGN' });
  assert.throws(() => registry.serviceObjects(alice, registration.reference)!.release(object), {
    code: 'SERVICE_OBJECT_FOREIGN',
  });
  objects.release(object);
  assert.throws(() => objects.release(object), { code: 'SERVICE_OBJECT_FOREIGN' });
  const kept = objects.get()!;
  registration.unregister();
  assert.throws(() => objects.release(kept), { code: 'SERVICE_UNREGISTERED' });
});

test('123 a factory that fails or gives nothing: undefined, and its bundle is told of', () => {
  const { registry, reported } = newRegistry();
  const broken = new RangeError('no meter here');
  const throwing: ServiceFactory<Meter> = {
    scope: 'bundle',
    get() {
      throw broken;
    },
    release() {},
  };
  const empty = { scope: 'prototype', get: () => undefined, release() {} } as unknown as ServiceFactory<Meter>;
  const [first, second] = [
    registry.register(alice, Meter, throwing).reference,
    registry.register(alice, Meter, empty).reference,
  ];
  assert.equal(registry.get(bob, first), undefined);
  assert.equal(registry.get(bob, second), undefined);
  assert.equal(registry.serviceObjects(bob, second)?.get(), undefined);
  assert.deepEqual(
    reported.map(({ owner, error }) => [owner, error.code]),
    [
      [alice, 'SERVICE_FACTORY_EXCEPTION'],
      [alice, 'SERVICE_FACTORY_ERROR'],
      [alice, 'SERVICE_FACTORY_ERROR'],
    ],
  );
  assert.equal(reported[0]?.error.cause, broken);
  assert.deepEqual(registry.usedBy(bob), []);
  assert.deepEqual(first.users(), []);
});

test('123 a factory that fails to take its object back is told of; the release counts', () => {
  const { registry, reported } = newRegistry();
  const { reference } = registry.register(alice, Meter, {
    scope: 'bundle',
    get: () => meter(),
    release() {
      throw new RangeError('mine no more');
    },
  });
  registry.get(bob, reference);
  assert.equal(registry.release(bob, reference), true);
  assert.deepEqual(
    reported.map(({ owner, error }) => [owner, error.code]),
    [[alice, 'SERVICE_FACTORY_EXCEPTION']],
  );
  assert.deepEqual(reference.users(), []);
});

test('124 a factory that asks for its own service gets undefined, once', () => {
  const { registry, reported } = newRegistry();
  let inner: unknown = 'not asked';
  const { reference } = registry.register(alice, Meter, {
    scope: 'bundle',
    get(user, registration) {
      inner = registry.get(user, registration.reference);
      return meter(5);
    },
    release() {},
  });
  assert.equal(registry.get(bob, reference)?.read(), 5);
  assert.equal(inner, undefined);
  assert.deepEqual(
    reported.map(({ owner, error }) => [owner, error.code]),
    [[alice, 'SERVICE_FACTORY_RECURSION']],
  );
  assert.equal(registry.release(bob, reference), true);
});

test('124 a factory that unregisters its service while making it gets the object back', () => {
  const { registry } = newRegistry();
  const released: unknown[] = [];
  const made = meter();
  const { reference } = registry.register(alice, Meter, {
    scope: 'bundle',
    get(_user, registration) {
      registration.unregister();
      return made;
    },
    release: (_user, _registration, service) => void released.push(service),
  });
  assert.equal(registry.get(bob, reference), undefined);
  assert.deepEqual(released, [made]);
  assert.deepEqual(registry.usedBy(bob), []);
});

test('119 a factory may get other services and register more', () => {
  const { registry } = newRegistry();
  const inner = registry.register(alice, Meter, meter(1), { inner: true }).reference;
  const { reference } = registry.register(alice, Meter, {
    scope: 'bundle',
    get: () => meter(1 + registry.get(alice, inner)!.read()),
    release: () => void registry.release(alice, inner),
  });
  assert.equal(registry.get(bob, reference)?.read(), 2);
  registry.release(bob, reference);
  assert.deepEqual(inner.users(), []);
});

test('19 125 what a bundle leaves is undone: services unregistered, services given back, listeners removed', () => {
  const { registry } = newRegistry();
  const { value, calls } = factory('bundle');
  const used = registry.register(bob, Meter, value).reference;
  const own = [1, 2, 3].map(() => registry.register(alice, Meter, meter()).reference);
  registry.get(alice, used);
  for (const reference of own) registry.get(bob, reference);
  const seen: unknown[] = [];
  let heard = 0;
  registry.listen(
    bob,
    ({ type, reference }) => void seen.push([type, reference, registry.get(bob, reference) !== undefined]),
  );
  registry.listen(alice, () => void heard++);
  registry.releaseOwner(alice);
  assert.deepEqual(
    seen,
    own.toReversed().map((reference) => ['UNREGISTERING', reference, true]),
  );
  assert.equal(heard, 3);
  assert.deepEqual([registry.registeredBy(alice), registry.usedBy(alice), registry.usedBy(bob)], [[], [], []]);
  assert.deepEqual(calls, ['get 1 for alice', 'release 1 of alice']);
  registry.register(bob, Meter, meter());
  assert.equal(heard, 3, 'no late event');
});
