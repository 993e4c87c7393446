import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Properties, PropertyValue, ServiceReference } from 'rackwatt';
import { activated, Meter, meter, Switch } from '../support/activated.js';
import { rackwatt, TestContainer } from '../support/container.js';
import { item } from './item.js';

const { compareReferences, Condition, contract, component, one } = rackwatt;

/** A bundle that registers and one that looks. */
async function pair(t: TestContext) {
  const container = new TestContainer(t);
  const provider = await activated(container, 'provider');
  const consumer = await activated(container, 'consumer');
  return { container, provider: provider.context, consumer: consumer.context };
}

const ids = (references: readonly ServiceReference[]): number[] => references.map(({ id }) => id);

item(97, async (t) => {
  const { provider, consumer } = await pair(t);
  const tags = ['a', 'b'];
  const given: Record<string, PropertyValue> = { site: 'FRA1', tags };
  const both = { ...meter(), on() {} };
  const { reference } = provider.register([Meter, Switch], both, given);
  given['site'] = 'changed';
  given['more'] = 1;
  tags.push('c');
  for (const found of [consumer.reference(Meter), consumer.reference(Switch), consumer.reference(Switch.id)]) {
    assert.equal(found, reference);
    assert.deepEqual(
      [found?.property('site'), found?.property('tags'), found?.property('more')],
      ['FRA1', ['a', 'b'], undefined],
    );
  }
  assert.equal(consumer.get(consumer.reference(Meter)!), both);
  assert.equal(provider.register(Meter, meter()).reference.property('site'), undefined);
});

item(98, async (t) => {
  const { container, provider, consumer } = await pair(t);
  const forged = {
    OBJECTCLASS: ['forged'],
    'service.id': 99_999,
    'Service.BundleId': 99_999,
    'service.scope': 'prototype',
    own: 1,
  };
  const registration = provider.register(Meter, meter(), forged);
  const owned: Properties = {
    objectClass: [Meter.id],
    'service.id': registration.reference.id,
    'service.bundleid': container.framework.bundle('provider')!.id,
    'service.scope': 'singleton',
    'service.ranking': 0,
  };
  assert.deepEqual(registration.reference.properties(), { ...owned, own: 1 });
  registration.setProperties({ ...forged, own: 2 });
  assert.deepEqual(registration.reference.properties(), { ...owned, own: 2 });
  assert.deepEqual(consumer.references(undefined, '(service.id=99999)'), []);
  assert.deepEqual(consumer.references(undefined, '(objectClass=forged)'), []);
  const filter = `(&(objectClass=${Meter.id})(service.bundleid=${provider.bundle.id})(service.scope=singleton))`;
  assert.deepEqual(consumer.references(undefined, filter), [registration.reference]);
});

item(99, async (t) => {
  const { provider, consumer } = await pair(t);
  const given: number[] = [];
  for (let i = 0; i < 50; i++) {
    const registration = (i % 2 === 0 ? provider : consumer).register(Meter, meter());
    given.push(registration.reference.id);
    assert.equal(registration.reference.property('service.id'), registration.reference.id);
    if (i % 3 === 0) registration.unregister();
  }
  assert.deepEqual(
    given,
    given.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(given).size, given.length);
});

item(100, async (t) => {
  const { provider, consumer } = await pair(t);
  assert.throws(() => provider.register(Meter, meter(), { site: 'a', Site: 'b' }), { code: 'SERVICE_PROPERTIES' });
  assert.deepEqual(consumer.references(Meter), [], 'what was refused is not there');
  const registration = provider.register(Meter, meter(), { rackUnit: 7 });
  for (const key of ['rackUnit', 'RACKUNIT', 'rackunit']) assert.equal(registration.reference.property(key), 7);
  assert.ok(Object.keys(registration.reference.properties()).includes('rackUnit'));
  assert.throws(() => registration.setProperties({ a: 1, A: 1 }), { code: 'SERVICE_PROPERTIES' });
  assert.equal(registration.reference.property('rackUnit'), 7, 'a refused change changes nothing');
  registration.setProperties({ RackUnit: 8 });
  assert.ok(Object.keys(registration.reference.properties()).includes('RackUnit'));
  assert.deepEqual(consumer.references(Meter, '(rackunit=8)'), [registration.reference]);
});

item(101, async (t) => {
  const { container, provider } = await pair(t);
  const before = container.framework.registry.size;
  // Authors in JavaScript have no compiler that would refuse these.
  for (const nothing of [undefined, null]) {
    assert.throws(() => Reflect.apply(provider.register, provider, [Meter, nothing]), { code: 'SERVICE_INVALID' });
    assert.throws(() => Reflect.apply(provider.register, provider, [[Meter], nothing]), { code: 'SERVICE_INVALID' });
  }
  assert.throws(() => provider.register([], meter()), { code: 'SERVICE_INVALID' });
  assert.equal(container.framework.registry.size, before);
});

item(102, async (t) => {
  const { provider, consumer } = await pair(t);
  let heard = 0;
  void consumer.listen(() => void heard++, { contract: Meter });
  const again = contract<Meter>('test/Meter', { major: 1 });
  const { reference } = provider.register([Meter, Meter, again], meter());
  assert.deepEqual(reference.contracts, [Meter.id]);
  assert.deepEqual(reference.property('objectClass'), [Meter.id]);
  assert.deepEqual(consumer.references(Meter), [reference]);
  assert.equal(heard, 1);
});

item(103, async (t) => {
  const { provider, consumer } = await pair(t);
  const registration = provider.register(Meter, meter());
  const reference = consumer.reference(Meter)!;
  assert.ok(!('unregister' in reference) && !('setProperties' in reference), 'a reference gives no power over it');
  const handedOn = { registration };
  handedOn.registration.unregister();
  assert.equal(consumer.reference(Meter), undefined);
  assert.throws(() => registration.unregister(), { code: 'SERVICE_UNREGISTERED' });
});

item(104, async (t) => {
  const { provider, consumer } = await pair(t);
  const register = (...ranking: PropertyValue[]) =>
    provider.register(Meter, meter(), ranking.length === 0 ? {} : { 'service.ranking': ranking[0]! }).reference;
  const [zero, low, text, none, fraction, high, alsoHigh, list] = [
    register(0),
    register(-1),
    register('9'),
    register(),
    register(9.5),
    register(3),
    register(3),
    register([9]),
  ];
  const expected = [high, alsoHigh, zero, text, none, fraction, list, low];
  assert.deepEqual(ids(consumer.references(Meter)), ids(expected as ServiceReference[]));
  assert.deepEqual([text!.ranking, fraction!.ranking, list!.ranking, low!.ranking], [0, 0, 0, -1]);
  assert.deepEqual(
    ids(consumer.references(undefined, `(objectClass=${Meter.id})`)),
    ids(expected as ServiceReference[]),
  );
});

item(105, async (t) => {
  const { provider, consumer } = await pair(t);
  const [a, b, c] = [1, 2, 3].map((value) => provider.register(Meter, meter(value), { n: value }));
  const tracker = consumer.tracker(Meter).open();
  const values = () => consumer.references(Meter).map((reference) => reference.property('n'));
  assert.deepEqual(values(), [1, 2, 3]);
  c!.setProperties({ n: 3, 'service.ranking': 1 });
  assert.deepEqual(values(), [3, 1, 2]);
  assert.equal(tracker.service?.read(), 3);
  a!.setProperties({ n: 1, 'service.ranking': 2 });
  c!.setProperties({ n: 3 });
  assert.deepEqual(values(), [1, 2, 3]);
  b!.setProperties({ n: 2, 'service.ranking': 3 });
  assert.deepEqual(values(), [2, 1, 3]);
  assert.equal(tracker.service?.read(), 2);
});

item(106, async (t) => {
  const { provider, consumer } = await pair(t);
  assert.equal(consumer.reference(Meter), undefined);
  const low = provider.register(Meter, meter(), { 'service.ranking': -5 });
  assert.equal(consumer.reference(Meter), low.reference);
  const high = provider.register(Meter, meter(), { 'service.ranking': 5 });
  provider.register(Switch, { on() {} }, { 'service.ranking': 50 });
  assert.equal(consumer.reference(Meter), high.reference);
  assert.equal(consumer.reference(Meter), consumer.references(Meter)[0]);
  assert.equal(consumer.reference(Meter, '(service.ranking<=0)'), low.reference);
  high.unregister();
  low.unregister();
  assert.equal(consumer.reference(Meter), undefined);
});

item(107, async (t) => {
  const { provider, consumer } = await pair(t);
  const a = provider.register(Meter, meter(), { rack: 'R1' }).reference;
  const b = provider.register(Switch, { on() {} }, { rack: 'R1' }).reference;
  const c = provider.register(Meter, meter(), { rack: 'R2' }).reference;
  assert.deepEqual(ids(consumer.references(Meter)), ids([a, c]));
  assert.deepEqual(ids(consumer.references(undefined, '(rack=R1)')), ids([a, b]));
  assert.deepEqual(ids(consumer.references(Switch, '(rack=R1)')), ids([b]));
  const all = ids(consumer.references(undefined));
  for (const { id } of [a, b, c]) assert.ok(all.includes(id));
  assert.deepEqual(consumer.references(Switch, '(rack=R2)'), []);
  for (const wrong of ['(rack', 'rack=R1', '']) {
    assert.throws(() => consumer.references(Meter, wrong), { code: 'FILTER_SYNTAX' });
    assert.throws(() => consumer.reference(undefined, wrong), { code: 'FILTER_SYNTAX' });
  }
});

item(108, async (t) => {
  const { provider, consumer } = await pair(t);
  const next = contract<{ readAll(): number[] }>(Meter.name, { major: 2 });
  const one = provider.register(Meter, meter()).reference;
  const two = provider.register(next, { readAll: () => [1] }).reference;
  assert.deepEqual(ids(consumer.references(Meter)), [one.id]);
  assert.deepEqual(ids(consumer.references(next)), [two.id]);
  const all = consumer.references(undefined, `(|(objectClass=${Meter.id})(objectClass=${next.id}))`);
  assert.deepEqual(ids(all), [one.id, two.id]);
  assert.deepEqual(
    all.map((reference) => [reference.isAssignableTo(Meter), reference.isAssignableTo(next)]),
    [
      [true, false],
      [false, true],
    ],
  );
});

item(112, async (t) => {
  const { provider, consumer } = await pair(t);
  const registration = provider.register(Meter, meter(), { site: 'a' });
  const reference = consumer.reference(Meter)!;
  assert.equal(reference.owner?.name, 'provider');
  registration.setProperties({ site: 'b', 'service.ranking': 4 });
  registration.unregister();
  assert.deepEqual(
    [reference.property('SITE'), reference.ranking, reference.contracts, reference.property('service.id')],
    ['b', 4, [Meter.id], reference.id],
  );
  assert.equal(reference.properties()['site'], 'b');
  assert.deepEqual([reference.owner, reference.users()], [undefined, []]);
});

item(113, async (t) => {
  const { provider, consumer } = await pair(t);
  const made = Array.from({ length: 20 }, (_, i) =>
    provider.register(Meter, meter(), { 'service.ranking': (i * 7) % 3, i }),
  );
  for (const { reference } of made) {
    const i = Number(reference.property('i'));
    assert.equal(consumer.reference(Meter, `(i=${i})`), reference, 'one registration is one reference, for everybody');
    assert.equal(compareReferences(reference, reference), 0);
  }
  const kept = new Set(consumer.references(Meter));
  for (const reference of provider.references(Meter)) assert.ok(kept.has(reference));
  const sorted = ids(consumer.references(Meter));
  for (const order of [made, made.toReversed()]) {
    const references: ServiceReference[] = order.map(({ reference }) => reference);
    assert.deepEqual(ids(references.sort(compareReferences)), sorted);
  }
  for (const { reference: a } of made) {
    for (const { reference: b } of made) {
      assert.equal(Math.sign(compareReferences(a, b)) + Math.sign(compareReferences(b, a)), 0);
      assert.equal(compareReferences(a, b) === 0, a === b);
    }
  }
  for (const registration of made) registration.unregister();
  assert.deepEqual(ids([...kept].sort(compareReferences)), sorted, 'also of services that are gone');
});

item(126, async (t) => {
  const { provider, consumer } = await pair(t);
  const { reference } = provider.register(Meter, meter(), { tags: ['a'], Site: 'x' });
  const copy: Record<string, unknown> = { ...reference.properties() };
  copy['Site'] = 'y';
  const handedOut = reference.properties();
  assert.notEqual(handedOut, reference.properties());
  Object.assign(handedOut, { Site: 'z', own: 1 });
  assert.throws(() => (handedOut['tags'] as string[]).push('b'), TypeError);
  assert.throws(() => (reference.property('tags') as string[]).push('b'), TypeError);
  assert.deepEqual([reference.property('site'), reference.property('tags')], ['x', ['a']]);
  assert.equal(reference.property('own'), undefined);
  assert.equal(consumer.reference(Meter, '(tags=b)'), undefined);
});

item(129, async (t) => {
  const container = new TestContainer(t);
  const [reference, ...others] = container.framework.registry.references(Condition);
  assert.deepEqual([container.framework.startLevel, others], [0, []], 'before any bundle starts');
  assert.equal(reference?.owner?.id, 0);
  const { context } = await activated(container, 'consumer');
  assert.equal(context.reference(Condition, '(condition.id=true)'), reference);
  assert.match((await context.get(reference!)?.describe()) ?? '', /always/);
  container.components(
    'waiting',
    component({
      name: 'always',
      references: { holds: one(Condition, { target: '(condition.id=true)' }) },
      activate() {},
    }),
    component({
      name: 'later',
      references: { holds: one(Condition, { target: '(condition.id=warm)' }) },
      activate() {},
    }),
  );
  await container.settled();
  assert.deepEqual([container.state('always'), container.state('later')], ['active', 'unsatisfied']);
  const warm = context.register(Condition, { describe: async () => 'The room is warm.' }, { 'condition.id': 'warm' });
  await container.settled();
  assert.equal(container.state('later'), 'active');
  warm.unregister();
  await container.settled();
  assert.deepEqual([container.state('always'), container.state('later')], ['active', 'unsatisfied']);
});
