import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { ErrorRecord, ServiceReference } from 'rackwatt';
import { activated, Meter, meter, Switch } from '../support/activated.js';
import { rackwatt, TestContainer } from '../support/container.js';
import { item } from './item.js';

const { contract } = rackwatt;

async function pair(t: TestContext) {
  const container = new TestContainer(t);
  const [provider, consumer] = [await activated(container, 'provider'), await activated(container, 'consumer')];
  return { container, provider: provider.context, consumer: consumer.context, bundle: consumer.bundle };
}
type Context = Awaited<ReturnType<typeof pair>>['consumer'];

/** A tracker that keeps `kept ID` for each service and writes down what it is told. */
function recording(context: Context, filter?: string) {
  const calls: string[] = [];
  const tracker = context.tracker<Meter, string>(filter === undefined ? Meter : { contract: Meter, filter }, {
    adding(reference) {
      calls.push(`adding ${reference.id}`);
      return reference.property('ignored') === true ? undefined : `kept ${reference.id}`;
    },
    modified: (reference, kept) => void calls.push(`modified ${reference.id} ${kept}`),
    removed: (reference, kept) => void calls.push(`removed ${reference.id} ${kept}`),
  });
  return { tracker, taken: () => calls.splice(0) };
}

item(155, async (t) => {
  const { provider, consumer } = await pair(t);
  const one = provider.register(Meter, meter()).reference;
  provider.register(Switch, { on() {} });
  const { tracker, taken } = recording(consumer);
  assert.deepEqual(taken(), [], 'nothing before it is open');
  tracker.open();
  const two = provider.register(Meter, meter()).reference;
  assert.deepEqual(taken(), [`adding ${one.id}`, `adding ${two.id}`]);
  assert.equal(tracker.open(), tracker, 'opening it again does nothing');
  assert.deepEqual(taken(), []);

  // Opened in the middle of an event, and while it opens a service goes and another comes.
  const late = recording(consumer);
  let opened = false;
  const stop = consumer.listen(() => {
    if (!opened) late.tracker.open();
    opened = true;
  });
  const last = provider.register(Meter, meter());
  const three = last.reference;
  void stop();
  assert.deepEqual(
    late.taken(),
    [one, two, three].map(({ id }) => `adding ${id}`),
  );

  const added: number[] = [];
  const removed: number[] = [];
  let coming: ServiceReference | undefined;
  let first = true;
  const doomed = provider.register(Meter, meter(), { 'service.ranking': -1 });
  const busy = consumer.tracker<Meter, number>(Meter, {
    adding({ id }) {
      added.push(id);
      if (first) {
        first = false;
        coming = provider.register(Meter, meter()).reference;
        doomed.unregister();
        last.setProperties({ changed: 'before its turn' });
      }
      return id;
    },
    removed: ({ id }) => void removed.push(id),
  });
  busy.open();
  const there = [one, two, three, coming!].map(({ id }) => id);
  assert.deepEqual(
    added.toSorted((a, b) => a - b),
    there,
    'each once, and not the one that went before its turn',
  );
  assert.deepEqual([removed, busy.services], [[], there]);
});

item(156, async (t) => {
  const { provider, consumer } = await pair(t);
  const { tracker, taken } = recording(consumer);
  tracker.open();
  const registration = provider.register(Meter, meter(), { ignored: true });
  const { id } = registration.reference;
  assert.deepEqual([tracker.size, tracker.service, tracker.get(registration.reference)], [0, undefined, undefined]);
  registration.setProperties({ ignored: true, again: 1 });
  assert.deepEqual(taken(), [`adding ${id}`, `adding ${id}`]);
  registration.setProperties({});
  assert.deepEqual([taken(), tracker.service], [[`adding ${id}`], `kept ${id}`]);
  provider.register(Meter, meter(), { ignored: true }).unregister();
  assert.deepEqual(taken().length, 1, 'what was not tracked is not removed');
  const nothing = consumer.tracker<Meter, string>(Meter, { adding: () => null }).open();
  assert.equal(nothing.size, 0);
});

item(157, async (t) => {
  const { provider, consumer } = await pair(t);
  const { tracker, taken } = recording(consumer, '(state=on)');
  tracker.open();
  const registration = provider.register(Meter, meter(), { state: 'on' });
  const { id } = registration.reference;
  registration.setProperties({ state: 'on', n: 1 });
  registration.setProperties({ state: 'off' });
  registration.setProperties({ state: 'off', n: 2 });
  assert.deepEqual(taken(), [`adding ${id}`, `modified ${id} kept ${id}`, `removed ${id} kept ${id}`]);
  registration.setProperties({ state: 'on' });
  registration.unregister();
  assert.deepEqual(taken(), [`adding ${id}`, `removed ${id} kept ${id}`]);
});

item(158, async (t) => {
  const { provider, consumer } = await pair(t);
  const { tracker } = recording(consumer);
  tracker.open();
  assert.deepEqual([tracker.service, tracker.reference, tracker.services], [undefined, undefined, []]);
  const [a, b, c] = [0, 5, 5].map((ranking) => provider.register(Meter, meter(), { 'service.ranking': ranking }));
  const order = (...registrations: (typeof a)[]) => registrations.map((each) => each!.reference);
  const kept = (references: ServiceReference[]) => references.map(({ id }) => `kept ${id}`);
  const sees = (expected: ServiceReference<Meter>[]) => {
    assert.deepEqual(tracker.references, expected);
    assert.deepEqual(tracker.services, kept(expected));
    assert.deepEqual(
      [...tracker.tracked],
      expected.map((reference) => [reference, `kept ${reference.id}`]),
    );
    assert.deepEqual([tracker.reference, tracker.service], [expected[0], kept(expected)[0]]);
  };
  sees(order(b, c, a));
  a!.setProperties({ 'service.ranking': 9 });
  sees(order(a, b, c));
  b!.unregister();
  sees(order(a, c));
  tracker.close();
  sees([]);

  const holding = consumer.tracker(Meter).open();
  assert.equal(holding.service?.read(), 1);
  assert.deepEqual(
    a!.reference.users(),
    [consumer.bundle].map(({ id, name }) => ({ id, name })),
  );
  holding.close();
  assert.deepEqual(a!.reference.users(), []);
});

item(159, async (t) => {
  const { provider, consumer } = await pair(t);
  const tracker = consumer.tracker(Meter).open();
  await assert.rejects(tracker.waitForService(-1), { code: 'TRACKER_TIMEOUT' });
  await assert.rejects(tracker.waitForService(Number.NaN), { code: 'TRACKER_TIMEOUT' });
  assert.equal(await tracker.waitForService(20), undefined);
  const waiting = [tracker.waitForService(), tracker.waitForService(0), tracker.waitForService(60_000)];
  const service = meter(4);
  provider.register(Meter, service);
  assert.deepEqual(await Promise.all(waiting), [service, service, service]);
  assert.equal(await tracker.waitForService(1), service, 'at once when one is there');
  const never = consumer.tracker(Switch).open();
  const forEver = never.waitForService(0);
  never.close();
  assert.equal(await forEver, undefined, 'closing ends the waiting');
});

item(160, async (t) => {
  const { provider, consumer, bundle } = await pair(t);
  const { tracker, taken } = recording(consumer);
  tracker.open();
  const [one, two] = [provider.register(Meter, meter()), provider.register(Meter, meter())];
  taken();
  tracker.close();
  const gone = [one, two].map(({ reference: { id } }) => `removed ${id} kept ${id}`);
  assert.deepEqual(new Set(taken()), new Set(gone));
  one.setProperties({ n: 1 });
  one.unregister();
  const three = provider.register(Meter, meter());
  tracker.close();
  assert.deepEqual([taken(), tracker.size, tracker.service, tracker.services], [[], 0, undefined, []]);
  tracker.open();
  assert.deepEqual(
    taken(),
    [two, three].map(({ reference }) => `adding ${reference.id}`),
  );
  await bundle.stop();
  assert.equal(taken().length, 2, 'what the bundle left open is closed when it stops');
  assert.equal(tracker.trackingCount, -1);
});

item(161, async (t) => {
  const { provider, consumer } = await pair(t);
  provider.register(Meter, meter());
  const { tracker } = recording(consumer, '(!(state=off))');
  const counts = [tracker.trackingCount];
  const step = (act: () => void) => {
    act();
    counts.push(tracker.trackingCount);
  };
  step(() => tracker.open());
  const registration = provider.register(Meter, meter());
  step(() => undefined);
  step(() => registration.setProperties({ n: 1 }));
  step(() => registration.setProperties({ state: 'off' }));
  step(() => registration.setProperties({ state: 'off', n: 2 }));
  step(() => registration.setProperties({}));
  step(() => registration.unregister());
  step(() => void provider.register(Switch, { on() {} }));
  step(() => tracker.close());
  assert.deepEqual(counts, [-1, 1, 2, 3, 4, 4, 5, 6, 6, -1]);
});

item(162, async (t) => {
  const { provider, consumer } = await pair(t);
  const next = contract<{ readAll(): number[] }>(Meter.name, { major: 2 });
  const one = provider.register(Meter, meter(), { rack: 'R1' });
  const two = provider.register(Meter, meter(), { rack: 'R2' });
  const other = provider.register(next, { readAll: () => [1] }, { rack: 'R1' });
  const [a, b, c] = [one, two, other].map(({ reference }) => reference.id);
  const seen = (tracker: { open(): unknown; references: ServiceReference[] }) => {
    tracker.open();
    return () => tracker.references.map(({ id }) => id);
  };
  const by = {
    contract: seen(consumer.tracker(Meter)),
    id: seen(consumer.tracker({ contract: Meter.id })),
    filter: seen(consumer.tracker({ filter: '(rack=R1)' })),
    both: seen(consumer.tracker({ contract: Meter, filter: '(rack=R2)' })),
    reference: seen(consumer.tracker({ reference: one.reference })),
    name: seen(consumer.tracker({ filter: `(objectClass=${Meter.name}@*)` })),
  };
  const all = () => Object.fromEntries(Object.entries(by).map(([key, ids]) => [key, ids()]));
  assert.deepEqual(all(), { contract: [a, b], id: [a, b], filter: [a, c], both: [b], reference: [a], name: [a, b, c] });
  const late = provider.register(Meter, meter(), { rack: 'R1' }).reference.id;
  assert.deepEqual(all(), {
    contract: [a, b, late],
    id: [a, b, late],
    filter: [a, c, late],
    both: [b],
    reference: [a],
    name: [a, b, c, late],
  });
  one.unregister();
  assert.deepEqual(by.reference(), []);
  assert.throws(() => consumer.tracker({ filter: '(rack' }).open(), { code: 'FILTER_SYNTAX' });
});

item(163, async (t) => {
  const { container, provider, consumer } = await pair(t);
  const reported: [bundle: string | undefined, code: string | undefined][] = [];
  container.framework.onFrameworkEvent(
    ({ type, bundle, error }) => {
      if (type === 'ERROR') reported.push([bundle.name, (error as ErrorRecord).code]);
    },
    { synchronous: true },
  );
  const good = provider.register(Meter, meter()).reference;
  const bad = provider.register(Meter, meter(), { bad: true, 'service.ranking': 1 });
  const broken = new RangeError('not this one');
  const fail = (reference: ServiceReference): void => {
    if (reference.property('bad') === true) throw broken;
  };
  const tracker = consumer.tracker<Meter, string>(Meter, {
    adding(reference) {
      fail(reference);
      return `kept ${reference.id}`;
    },
    modified: (reference) => fail(reference),
    removed: (reference) => fail(reference),
  });
  assert.throws(() => tracker.open(), broken);
  assert.deepEqual([tracker.services, reported], [[`kept ${good.id}`], []], 'the others had their turn');

  const LISTENER = ['consumer', 'SERVICE_LISTENER'];
  const late = provider.register(Meter, meter(), { bad: true });
  assert.deepEqual([reported.splice(0), tracker.size], [[LISTENER], 1]);
  late.setProperties({});
  assert.deepEqual([reported.splice(0), tracker.size], [[], 2], 'it is asked again');
  late.setProperties({ bad: true });
  late.unregister();
  assert.deepEqual([reported.splice(0), tracker.services], [[LISTENER, LISTENER], [`kept ${good.id}`]]);
  bad.unregister();
  assert.deepEqual(reported, []);
  tracker.close();
});
