import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ErrorRecord, ListenerInfo, ServiceEvent, ServiceReference } from 'rackwatt';
import { activated, Meter, meter } from '../support/activated.js';
import { rackwatt, TestContainer } from '../support/container.js';
import { item } from './item.js';

const { component, EventListenerHook, FindHook, ListenerHook, optional } = rackwatt;

async function three(t: TestContext) {
  const container = new TestContainer(t);
  const [hooks, provider, consumer] = [
    await activated(container, 'hooks'),
    await activated(container, 'provider'),
    await activated(container, 'consumer'),
  ];
  return {
    container,
    hooks: hooks.context,
    provider: provider.context,
    consumer: consumer.context,
    bundle: consumer.bundle,
  };
}

const ids = (references: readonly ServiceReference[]) => references.map(({ id }) => id);

item(118, async (t) => {
  const { hooks, provider, consumer } = await three(t);
  const heard: string[] = [];
  const told: ListenerInfo[] = [];
  hooks.register(ListenerHook, { added: (listeners) => void told.push(...listeners), removed: () => undefined });
  void consumer.listen(({ type }) => void heard.push(type), {
    contract: Meter,
    filter: '( rack=R1)',
    unfiltered: true,
  });
  const registration = provider.register(Meter, meter(), { rack: 'R2' });
  registration.setProperties({ rack: 'R1' });
  registration.setProperties({ rack: 'R3' });
  registration.unregister();
  assert.deepEqual(heard, ['REGISTERED', 'MODIFIED', 'MODIFIED', 'UNREGISTERING']);
  const mine = told.filter(({ bundle }) => bundle.name === 'consumer');
  assert.deepEqual(
    mine.map(({ contract, filter }) => [contract, filter]),
    [[Meter.id, '(rack=R1)']],
  );
  assert.throws(() => consumer.listen(() => undefined, { filter: '(rack', unfiltered: true }), {
    code: 'FILTER_SYNTAX',
  });
});

item(127, async (t) => {
  const { container, hooks, provider, consumer, bundle } = await three(t);
  const [open, secret] = [
    provider.register(Meter, meter(1)),
    provider.register(Meter, meter(2), { secret: true, 'service.ranking': 9 }),
  ];

  // Found by nobody but its own bundle and the container.
  const asked: unknown[] = [];
  const hiding = hooks.register(FindHook, {
    find(looking, contract, filter, references) {
      asked.push([looking.name, contract, filter, references.size]);
      if (looking.name === 'provider') return;
      for (const reference of references) if (reference.property('secret') === true) references.delete(reference);
    },
  });
  assert.deepEqual(ids(consumer.references(Meter)), [open.reference.id]);
  assert.equal(consumer.reference(Meter, '( secret=*)'), undefined);
  assert.equal(consumer.reference(Meter), open.reference);
  assert.deepEqual(asked.slice(0, 2), [
    ['consumer', Meter.id, undefined, 2],
    ['consumer', Meter.id, '(secret=*)', 1],
  ]);
  assert.equal(consumer.tracker(Meter).open().service?.read(), 1);
  assert.equal(provider.reference(Meter), secret.reference);
  const itself = container.framework.registry.group({ id: 0, name: 'rackwatt' });
  assert.deepEqual(
    ids(itself.references(Meter)),
    ids([secret.reference, open.reference]),
    'the container finds everything',
  );
  container.components(
    'seeing',
    component({
      name: 'seeing',
      references: { meter: optional(Meter) },
      activate: ({ meter: found }) => void asked.push(found?.read()),
    }),
  );
  await container.settled();
  assert.equal(asked.at(-1), 1, 'components look as bundles do');
  hiding.unregister();
  assert.equal(consumer.reference(Meter), secret.reference);

  // Events kept from the listeners of one bundle.
  const heard: string[] = [];
  const hear = (name: string) => (event: ServiceEvent) => void heard.push(`${name} ${event.type}`);
  void consumer.listen(hear('consumer'), { contract: Meter });
  void provider.listen(hear('provider'), { contract: Meter });
  const inside: string[] = [];
  void itself.listen(({ type }) => void inside.push(type), { contract: Meter });
  const silencing = hooks.register(EventListenerHook, {
    event({ reference }, listeners) {
      if (reference.property('secret') !== true) return;
      for (const listener of listeners) {
        assert.notEqual(listener.bundle.id, 0);
        if (listener.bundle.name === 'consumer') listeners.delete(listener);
      }
    },
  });
  secret.setProperties({ secret: true, n: 1 });
  open.setProperties({ n: 1 });
  assert.deepEqual(heard.splice(0), ['provider MODIFIED', 'consumer MODIFIED', 'provider MODIFIED']);
  assert.deepEqual(inside, ['MODIFIED', 'MODIFIED']);
  silencing.unregister();
  secret.setProperties({ secret: true, n: 2 });
  assert.deepEqual(heard, ['consumer MODIFIED', 'provider MODIFIED']);

  // Who listens to what: those who did already, and those who come and go.
  const listeners = new Set<ListenerInfo>();
  const gone: ListenerInfo[] = [];
  hooks.register(ListenerHook, {
    added: (come) => come.forEach((listener) => listeners.add(listener)),
    removed(left) {
      for (const listener of left) assert.ok(listeners.delete(listener), 'the same object as was added');
      gone.push(...left);
    },
  });
  const of = (name: string) => [...listeners].filter((listener) => listener.bundle.name === name);
  assert.deepEqual(
    of('provider').map(({ contract, filter }) => [contract, filter]),
    [[Meter.id, undefined]],
  );
  const before = of('consumer').length;
  const stop = consumer.listen(hear('late'), { filter: '(rack=R1)' });
  const late = of('consumer').at(-1)!;
  assert.deepEqual([of('consumer').length, late.filter, late.removed], [before + 1, '(rack=R1)', false]);
  void stop();
  assert.deepEqual([gone, late.removed], [[late], true]);
  await bundle.stop();
  assert.deepEqual([of('consumer'), gone.length], [[], before + 1]);
});

item(128, async (t) => {
  const { container, hooks, provider, consumer } = await three(t);
  const reported: [string | undefined, string | undefined][] = [];
  container.framework.onFrameworkEvent(
    ({ type, bundle, error }) => {
      if (type === 'ERROR') reported.push([bundle.name, (error as ErrorRecord).code]);
    },
    { synchronous: true },
  );
  const [one, two] = [provider.register(Meter, meter()).reference, provider.register(Meter, meter()).reference];
  const order: string[] = [];
  const register = (
    name: string,
    ranking: number,
    act: (references: { delete(one: ServiceReference): boolean }) => void,
  ) =>
    hooks.register(
      FindHook,
      {
        find(_looking, _contract, _filter, references) {
          order.push(`${name} ${references.size}`);
          act(references);
        },
      },
      { 'service.ranking': ranking },
    );
  register('last', -1, () => undefined);
  register('first', 5, (references) => references.delete(one));
  register('adds', 4, (references) => Reflect.apply(Reflect.get(references, 'add') as () => void, references, [one]));
  register('throws', 3, () => {
    throw new RangeError('not today');
  });
  assert.deepEqual(ids(consumer.references(Meter)), [two.id]);
  assert.deepEqual(order, ['first 2', 'adds 1', 'throws 1', 'last 1']);
  assert.deepEqual(reported.splice(0), [
    ['hooks', 'SERVICE_HOOK'],
    ['hooks', 'SERVICE_HOOK'],
  ]);
  const fail = (): never => {
    throw new RangeError('not today');
  };
  hooks.register(EventListenerHook, { event: fail });
  hooks.register(ListenerHook, { added: fail, removed: fail });
  reported.length = 0;
  let heard = 0;
  const stop = consumer.listen(() => void heard++, { contract: Meter });
  provider.register(Meter, meter());
  void stop();
  assert.equal(heard, 1);
  assert.deepEqual(
    reported,
    Array.from({ length: 3 }, () => ['hooks', 'SERVICE_HOOK']),
  );
});
