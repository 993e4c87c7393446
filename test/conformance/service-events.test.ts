import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ServiceEvent, ServiceFactory } from 'rackwatt';
import { activated, Meter, meter, Switch } from '../support/activated.js';
import { rackwatt, TestContainer } from '../support/container.js';
import { item } from './item.js';

const { contract } = rackwatt;

async function pair(t: TestContext) {
  const container = new TestContainer(t);
  const [provider, consumer] = [await activated(container, 'provider'), await activated(container, 'consumer')];
  return { container, bundles: { provider: provider.bundle }, provider: provider.context, consumer: consumer.context };
}

/** A listener that writes down `TYPE id` of every event. */
function recorder() {
  const events: string[] = [];
  return {
    events,
    listener: ({ type, reference }: ServiceEvent) => void events.push(`${type} ${reference.id}`),
    taken: () => events.splice(0),
  };
}

item(114, async (t) => {
  const { provider, consumer } = await pair(t);
  const registration = provider.register(Meter, meter(), { a: 1, b: 2, 'service.ranking': 3 });
  const { reference } = registration;
  const { listener, taken } = recorder();
  void consumer.listen(listener);
  registration.setProperties({ b: 3 });
  assert.deepEqual(taken(), [`MODIFIED ${reference.id}`]);
  assert.deepEqual(reference.properties(), {
    objectClass: [Meter.id],
    'service.id': reference.id,
    'service.bundleid': provider.bundle.id,
    'service.scope': 'singleton',
    'service.ranking': 0,
    b: 3,
  });
  registration.unregister();
  taken();
  assert.throws(() => registration.setProperties({ b: 4 }), { code: 'SERVICE_UNREGISTERED' });
  assert.deepEqual([reference.property('b'), taken()], [3, []]);
});

item(115, async (t) => {
  const { provider, consumer } = await pair(t);
  const steps: string[] = [];
  const made: ServiceFactory<Meter> = {
    scope: 'bundle',
    get: () => meter(1),
    release: (user) => void steps.push(`taken back from ${user.name}`),
  };
  const registration = provider.register(Meter, made);
  const { reference } = registration;
  const held = consumer.get(reference);
  const hear = (name: string) => (event: ServiceEvent) => {
    assert.equal(event.reference, reference);
    steps.push(
      `${name} ${event.type}: can be got ${consumer.get(reference) === held}, ${reference.users().length} users`,
    );
    consumer.release(reference);
  };
  void consumer.listen(hear('first'), { contract: Meter });
  void provider.listen(hear('second'), { contract: Meter });
  registration.unregister();
  assert.deepEqual(steps, [
    'first UNREGISTERING: can be got true, 1 users',
    'second UNREGISTERING: can be got true, 1 users',
    'taken back from consumer',
  ]);
  assert.deepEqual(
    [consumer.reference(Meter), consumer.get(reference), reference.users(), consumer.servicesInUse()],
    [undefined, undefined, [], []],
  );
});

item(116, async (t) => {
  const { provider, consumer } = await pair(t);
  // Those that an index finds, and those that are asked one by one.
  const filters = [
    '(state=on)',
    '(state>=on)',
    `(&(objectClass=${Meter.id})(state=on))`,
    '(|(state=on)(state=always))',
    '(&(!(state<=off))(!(state=idle)))',
  ];
  const heard = filters.map((filter) => {
    const events: string[] = [];
    void consumer.listen(({ type }) => void events.push(type), { contract: Meter, filter });
    return events;
  });
  const registration = provider.register(Meter, meter(), { state: 'off' });
  const step = (state: string) => {
    registration.setProperties({ state });
    return heard.map((events) => events.splice(0).join(' '));
  };
  const all = (type: string) => filters.map(() => type);
  assert.deepEqual(heard.flat(), [], 'registered without matching');
  assert.deepEqual(step('idle'), all(''));
  assert.deepEqual(step('on'), all('MODIFIED'));
  assert.deepEqual(step('on'), all('MODIFIED'));
  assert.deepEqual(step('off'), all('MODIFIED_ENDMATCH'));
  assert.deepEqual(step('off'), all(''));
  step('on');
  registration.unregister();
  assert.deepEqual(
    heard.map((events) => events.join(' ')),
    all('UNREGISTERING'),
  );
});

item(117, async (t) => {
  const { provider, consumer } = await pair(t);
  const next = contract<{ readAll(): number[] }>(Meter.name, { major: 2 });
  const [mine, all] = [recorder(), recorder()];
  void consumer.listen(mine.listener, { contract: next });
  void consumer.listen(all.listener);
  const registration = provider.register(Meter, meter());
  provider.register(Switch, { on() {} });
  registration.setProperties({ a: 1 });
  registration.unregister();
  assert.deepEqual([mine.events.length, all.events.length], [0, 4]);
  const { id } = provider.register([Meter, next], { ...meter(), readAll: () => [1] }).reference;
  assert.deepEqual(mine.events, [`REGISTERED ${id}`]);
});

item(125, async (t) => {
  const { bundles, provider, consumer } = await pair(t);
  const { listener, taken } = recorder();
  const [a, b, c] = [1, 2, 3].map((value) => provider.register(Meter, meter(value)).reference);
  const held = consumer.get(b!);
  void consumer.listen(listener);
  const removed: string[] = [];
  const tracker = consumer.tracker(Meter, {
    adding: (reference) => consumer.get(reference),
    removed(reference, service) {
      removed.push(`${reference.id} ${service.read()} ${consumer.get(reference) === service}`);
    },
  });
  tracker.open();
  assert.equal(tracker.size, 3);
  await bundles.provider.stop();
  assert.deepEqual(taken(), [`UNREGISTERING ${c!.id}`, `UNREGISTERING ${b!.id}`, `UNREGISTERING ${a!.id}`]);
  assert.deepEqual(removed, [`${c!.id} 3 true`, `${b!.id} 2 true`, `${a!.id} 1 true`]);
  assert.equal(tracker.size, 0);
  assert.deepEqual([held?.read(), consumer.get(b!), consumer.servicesInUse()], [2, undefined, []]);
});
