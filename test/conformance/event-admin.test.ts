import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { BundleContext, EventAdmin as Admin, EventHandler as Handler, Properties, TopicEvent } from 'rackwatt';
import { activated } from '../support/activated.js';
import { rackwatt, TestContainer } from '../support/container.js';
import { item } from './item.js';

const { EventAdmin, EventHandler, parseFilter } = rackwatt;
type Limits = NonNullable<NonNullable<ConstructorParameters<typeof TestContainer>[1]>['framework']>['events'];

/** A bundle that publishes and one that handles. */
async function pair(t: TestContext, events?: Limits) {
  const container = new TestContainer(t, events === undefined ? {} : { framework: { events } });
  const [publisher, consumer] = [await activated(container, 'publisher'), await activated(container, 'consumer')];
  const admin = adminOf(publisher.context);
  return { container, admin, publisher: publisher.bundle, consumer: consumer.context, bundle: consumer.bundle };
}

function adminOf(context: BundleContext): Admin {
  return context.get(context.reference(EventAdmin)!)!;
}

/** A handler that writes down what it hears. */
function recorder(context: BundleContext, properties: Properties, handleEvent?: Handler['handleEvent']) {
  const events: TopicEvent[] = [];
  const registration = context.register(
    EventHandler,
    {
      handleEvent: (event) => {
        events.push(event);
        return handleEvent?.(event);
      },
    },
    properties,
  );
  return { events, registration, topics: () => events.splice(0).map(({ topic }) => topic) };
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** Waits until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    assert.ok(i < 2_000, `${String(holds)} did not come true`);
    await sleep(5);
  }
}

item(283, async (t) => {
  const { admin, consumer } = await pair(t);
  const exact = recorder(consumer, { 'event.topics': 'acme/Outlet_1/on-OFF' });
  const all = recorder(consumer, { 'event.topics': '*' });
  for (const topic of ['a', 'acme/Outlet_1/on-OFF', 'acme/outlet_1/on-OFF', '0/-/_']) await admin.send(topic);
  assert.deepEqual(all.topics(), ['a', 'acme/Outlet_1/on-OFF', 'acme/outlet_1/on-OFF', '0/-/_']);
  assert.deepEqual(exact.topics(), ['acme/Outlet_1/on-OFF']);
  const bad = ['', '/', '/a', 'a/', 'a//b', 'a/*', '*', 'a b', 'a.b', 'ä', 'a\n', 'a'.repeat(1_001), 7, undefined];
  for (const topic of bad as string[]) {
    await assert.rejects(admin.send(topic), { code: 'EVENT_TOPIC' }, `${topic}`);
    await assert.rejects(admin.post(topic), { code: 'EVENT_TOPIC' }, `${topic}`);
  }
  await turn();
  assert.deepEqual(all.topics(), []);
});

item(284, async (t) => {
  const { admin, consumer } = await pair(t);
  const { events } = recorder(consumer, { 'event.topics': 'a/b' });
  const given = { outlet: 3, 'event.topics': 'other', nested: { list: [{ deep: 'x' }] }, none: null, big: 1n };
  await admin.send('a/b', given);
  await admin.send('a/b', given);
  given.outlet = 4;
  given.nested.list[0]!.deep = 'y';
  await admin.send('a/b', given);
  const [first, second, third] = events as [TopicEvent, TopicEvent, TopicEvent];
  assert.deepEqual(first, {
    topic: 'a/b',
    properties: { outlet: 3, nested: { list: [{ deep: 'x' }] }, none: null, big: 1n, 'event.topics': 'a/b' },
  });
  assert.deepEqual([isDeepStrictEqual(first, second), isDeepStrictEqual(first, third)], [true, false]);
  assert.deepEqual(
    [Object.hasOwn(first.properties, 'outlet'), Object.hasOwn(first.properties, 'inlet')],
    [true, false],
  );
  const accepts = (filter: string) => parseFilter(filter).matchesCase(first.properties);
  assert.deepEqual(
    ['(outlet>=3)', '(nested=*)', '(event.topics=a/b)', '(Outlet=3)', '(nested=x)', '(outlet=4)'].map(accepts),
    [true, true, true, false, false, false],
  );
  type Loose = { topic: string; properties: { outlet: number; nested: { list: { deep: string }[] } } };
  const loose = first as unknown as Loose;
  const changes = [
    () => (loose.topic = 'c'),
    () => (loose.properties.outlet = 9),
    () => loose.properties.nested.list.push({ deep: 'z' }),
    () => (loose.properties.nested.list[0]!.deep = 'z'),
  ];
  for (const change of changes) assert.throws(change, TypeError);
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  for (const bad of [{ at: new Date() }, { call: () => 1 }, { list: [new Map()] }, { mark: Symbol('x') }, circle, 7])
    await assert.rejects(admin.post('a/b', bad as object), { code: 'EVENT_PROPERTIES' });
  await admin.send('a/b', JSON.parse('{"__proto__": {"polluted": 1}}') as object);
  assert.equal((events[3]!.properties as { polluted?: number }).polluted, undefined);
});

item(285, async (t) => {
  const { container, admin, consumer } = await pair(t);
  const one = recorder(consumer, { 'event.topics': 'a/b' });
  const several = recorder(consumer, { 'event.topics': ['a/b', 'c'] });
  const none = recorder(consumer, {});
  const wrong = recorder(consumer, { 'event.topics': ['a//b', 'a/*/c', 'c'] });
  for (const topic of ['a/b', 'c', 'd']) await admin.send(topic);
  assert.deepEqual(
    [one, several, none, wrong].map(({ topics }) => topics()),
    [['a/b'], ['a/b', 'c'], [], ['c']],
  );
  const warnings = container.log.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warnings.map(({ bundle, message }) => [bundle, /"(.*)" in event.topics/.exec(message)?.[1]]),
    [
      ['consumer', 'a//b'],
      ['consumer', 'a/*/c'],
    ],
  );
});

item(286, async (t) => {
  const { admin, consumer } = await pair(t);
  const below = recorder(consumer, { 'event.topics': 'a/b/*' });
  const all = recorder(consumer, { 'event.topics': '*' });
  const topics = ['a', 'a/b', 'a/bc', 'a/b/c', 'a/b/c/d', 'x/a/b/c'];
  for (const topic of topics) await admin.send(topic);
  assert.deepEqual([below.topics(), all.topics()], [['a/b/c', 'a/b/c/d'], topics]);
});

item(287, async (t) => {
  const { container, admin, consumer } = await pair(t);
  const filtered = recorder(consumer, { 'event.topics': 'a/*', 'event.filter': '(&(outlet>=3)(!(rack=r2)))' });
  const broken = recorder(consumer, { 'event.topics': 'a/*', 'event.filter': '(outlet>=3' });
  assert.deepEqual(
    container.log.map(({ level, bundle, message }) => [level, bundle, message.includes('until its event.filter')]),
    [['warn', 'consumer', true]],
  );
  for (const [outlet, rack] of [
    [2, 'r1'],
    [3, 'r2'],
    [3, 'r1'],
    [4, 'r1'],
  ] as const)
    await admin.send(`a/${outlet}${rack}`, { outlet, rack });
  assert.deepEqual([filtered.topics(), broken.topics()], [['a/3r1', 'a/4r1'], []]);
  broken.registration.setProperties({ 'event.topics': 'a/*', 'event.filter': '(outlet>=3)' });
  await admin.send('a/b', { outlet: 3 });
  assert.deepEqual([filtered.topics(), broken.topics()], [['a/b'], ['a/b']]);
});

item(288, async (t) => {
  const { admin, consumer } = await pair(t);
  const steps: string[] = [];
  const slow = (name: string, ms: number) => async () => {
    steps.push(`${name} begins`);
    await sleep(ms);
    steps.push(`${name} ends`);
  };
  recorder(consumer, { 'event.topics': 'a' }, slow('slow', 50));
  recorder(consumer, { 'event.topics': 'a', 'service.ranking': 1 }, slow('quick', 1));
  await admin.send('a');
  steps.push('sent');
  assert.deepEqual(steps.splice(0), ['quick begins', 'slow begins', 'quick ends', 'slow ends', 'sent']);
  await admin.post('a');
  steps.push('posted');
  await until(() => steps.length === 5);
  assert.deepEqual(steps, ['posted', 'quick begins', 'slow begins', 'quick ends', 'slow ends']);
});

item(289, async (t) => {
  const { admin, consumer } = await pair(t);
  const numbers: number[] = [];
  let running = 0;
  let most = 0;
  recorder(consumer, { 'event.topics': 'n/*' }, async ({ properties }) => {
    most = Math.max(most, ++running);
    const number = properties['number'] as number;
    if (number % 100 === 0) await sleep(5);
    numbers.push(number);
    running--;
  });
  const count = 1_000;
  for (let number = 0; number < count; number++) void admin.post(`n/${number % 7}`, { number });
  await until(() => numbers.length === count);
  assert.deepEqual([numbers, most], [Array.from({ length: count }, (_, i) => i), 1]);

  const open: (() => void)[] = [];
  const wait = () => new Promise<void>((resolve) => open.push(resolve));
  const unordered = recorder(consumer, { 'event.topics': 'u', 'event.delivery': 'async.unordered' }, wait);
  const both = recorder(
    consumer,
    { 'event.topics': 'u', 'event.delivery': ['async.unordered', 'async.ordered'] },
    wait,
  );
  for (let i = 0; i < 3; i++) void admin.post('u', { i });
  await until(() => unordered.events.length === 3);
  assert.equal(both.events.length, 1);
  while (both.events.length < 3) {
    for (const end of open.splice(0)) end();
    await turn();
  }
  for (const { events } of [unordered, both])
    assert.deepEqual(
      events.map(({ properties }) => properties['i']),
      [0, 1, 2],
    );
  for (const end of open) end();
});

item(290, async (t) => {
  const { container, admin, consumer } = await pair(t);
  const early = recorder(consumer, { 'event.topics': 'a' });
  const leaving = recorder(consumer, { 'event.topics': 'a' });
  await admin.send('a', { by: 'warm' });
  const sent = admin.send('a', { by: 'send' });
  const posted = admin.post('a', { by: 'post' });
  const late = recorder(consumer, { 'event.topics': 'a' });
  leaving.registration.unregister();
  await Promise.all([sent, posted]);
  await until(() => early.events.length === 3);
  await turn();
  const by = () => [early, leaving, late].map(({ events }) => events.map(({ properties }) => properties['by']));
  assert.deepEqual(by(), [['warm', 'send', 'post'], ['warm'], []]);
  await admin.send('a', { by: 'again' });
  assert.deepEqual(by(), [['warm', 'send', 'post', 'again'], ['warm'], ['again']]);
  const latest = recorder(consumer, { 'event.topics': 'a' });
  await admin.send('a');
  assert.deepEqual([latest.events.length, container.log], [1, []]);
});

item(291, async (t) => {
  const { container, admin, consumer } = await pair(t);
  recorder(consumer, { 'event.topics': 'a', 'service.ranking': 2 }, () => {
    throw new RangeError('it threw');
  });
  recorder(consumer, { 'event.topics': 'a', 'service.ranking': 1 }, () =>
    Promise.reject(new RangeError('it rejected')),
  );
  recorder(consumer, { 'event.topics': 'a' }, () => {
    // oxlint-disable-next-line typescript/only-throw-error -- bundles do
    throw undefined;
  });
  const other = recorder(consumer, { 'event.topics': 'a' });
  await admin.send('a');
  await admin.post('a');
  await until(() => other.events.length === 2);
  const errors = () => container.log.filter(({ level }) => level === 'error');
  await until(() => errors().length === 6);
  const said = errors().map(({ bundle, message }) => `${bundle}: ${/failed on event a: (.*)/.exec(message)?.[1]}`);
  const once = ['consumer: it threw', 'consumer: undefined', 'consumer: it rejected'];
  assert.deepEqual(said.toSorted(byText), [...once, ...once].toSorted(byText));
  assert.deepEqual(container.framework.events!.denied(), []);
});

item(292, async (t) => {
  const { container, admin, consumer } = await pair(t, { answer: 100, block: 50, pause: 100 });
  const topics = { 'event.topics': 'a' };
  const ends: (() => void)[] = [];
  let stalls = true;
  const stalled = recorder(consumer, topics, () => {
    if (stalls) return new Promise<void>((resolve) => ends.push(resolve));
  });
  const well = recorder(consumer, topics);
  await admin.post('a', { n: 1 });
  await admin.post('a', { n: 2 });
  await admin.send('a', { n: 3 });
  assert.equal(well.events.length, 3);
  const errors = () => container.log.filter(({ level }) => level === 'error').map(({ message }) => message);
  assert.match(errors()[0]!, /gets no more events: it has not answered a for 0\.1 s$/);
  assert.equal(container.framework.events!.denied()[0]!.reason, 'it has not answered a for 0.1 s');
  const heard = stalled.events.length;
  await admin.send('a', { n: 4 });
  await admin.post('a', { n: 5 });
  await until(() => well.events.length === 5);
  await sleep(250);
  assert.deepEqual([stalled.events.length, errors().length], [heard, 1], 'nothing at all while it has not ended');
  // After a pause.
  stalls = false;
  for (const end of ends) end();
  await until(() => container.framework.events!.denied().length === 0);
  await admin.send('a', { n: 6 });
  assert.deepEqual(stalled.events.at(-1)?.properties['n'], 6);
  assert.ok(container.log.some(({ level, message }) => level === 'info' && message.includes('gets events again')));
  // By changed properties, and by a new registration.
  for (const renew of [
    () => stalled.registration.setProperties({ ...topics, changed: true }),
    () => {
      stalled.registration.unregister();
      return recorder(consumer, topics);
    },
  ]) {
    stalls = true;
    await admin.send('a');
    assert.equal(container.framework.events!.denied().length, 1);
    stalls = false;
    const { events } = renew() ?? stalled;
    const before = events.length;
    await admin.send('a');
    assert.deepEqual([events.length - before, container.framework.events!.denied()], [1, []]);
  }
  for (const end of ends) end();
  // One that holds the thread.
  recorder(consumer, { 'event.topics': 'b' }, () => {
    for (const until = performance.now() + 80; performance.now() < until; );
  });
  await admin.send('b');
  assert.match(container.framework.events!.denied()[0]!.reason, /^it held the thread for \d+ ms on b$/);
  await until(() => container.framework.events!.denied().length === 0);
});

item(293, async (t) => {
  const { admin, consumer } = await pair(t);
  const depth = 10_000;
  let deepest = 0;
  recorder(consumer, { 'event.topics': 'deep' }, async ({ properties }) => {
    const level = properties['level'] as number;
    deepest = Math.max(deepest, level);
    if (level < depth) await admin.send('deep', { level: level + 1 });
  });
  const order: string[] = [];
  recorder(consumer, { 'event.topics': 'outer' }, async () => {
    order.push('outer begins');
    await admin.send('inner');
    order.push('outer ends');
  });
  recorder(consumer, { 'event.topics': 'inner' }, () => void order.push('inner'));
  await admin.send('outer');
  assert.deepEqual(order, ['outer begins', 'inner', 'outer ends']);
  await admin.send('deep', { level: 1 });
  assert.equal(deepest, depth);
});

item(294, async (t) => {
  const { admin, consumer } = await pair(t);
  const { registration, topics } = recorder(consumer, { 'event.topics': 'a' });
  const round = async () => {
    for (const topic of ['a', 'b', 'c/d']) await admin.send(topic, { side: topic.length });
    return topics();
  };
  assert.deepEqual(await round(), ['a']);
  registration.setProperties({ 'event.topics': ['b', 'c/*'] });
  assert.deepEqual(await round(), ['b', 'c/d']);
  registration.setProperties({ 'event.topics': ['b', 'c/*'], 'event.filter': '(side=3)' });
  assert.deepEqual(await round(), ['c/d']);
  registration.setProperties({});
  assert.deepEqual(await round(), []);
});

item(295, async (t) => {
  const { container, consumer } = await pair(t);
  const { events, registration } = recorder(consumer, { 'event.topics': 'rackwatt/framework/*' });
  const other = await container.start('other', '', { version: '2.1.0' });
  container.framework.error(other, new RangeError('it broke'));
  const handler = recorder(consumer, { 'event.topics': 'x' });
  const { id } = handler.registration.reference;
  handler.registration.setProperties({ 'event.topics': 'y' });
  handler.registration.unregister();
  await container.framework.setStartLevel(2);
  await until(() => events.some(({ topic }) => topic.endsWith('STARTLEVEL_CHANGED')));
  const told = events.map(({ topic, properties }) => {
    const {
      exception,
      'event.topics': same,
      ...others
    } = properties as Record<string, unknown> & { exception?: { message: string } };
    assert.equal(same, topic);
    return [topic.replace('rackwatt/framework/', ''), others, ...(exception ? [exception.message] : [])];
  });
  const bundle = { 'bundle.id': other.id, 'bundle.name': 'other', 'bundle.version': '2.1.0' };
  const of = (kind: string) => told.filter(([topic]) => (topic as string).startsWith(kind));
  assert.deepEqual(
    of('BundleEvent'),
    ['INSTALLED', 'RESOLVED', 'STARTING', 'STARTED'].map((type) => [`BundleEvent/${type}`, bundle]),
  );
  const service = {
    'bundle.id': consumer.bundle.id,
    'bundle.name': 'consumer',
    'bundle.version': consumer.bundle.version,
    'service.id': id,
    'service.objectClass': [EventHandler.id],
  };
  assert.deepEqual(
    of('ServiceEvent').filter(([, properties]) => (properties as typeof service)['service.id'] === id),
    ['REGISTERED', 'MODIFIED', 'UNREGISTERING'].map((type) => [`ServiceEvent/${type}`, service]),
  );
  assert.deepEqual(of('FrameworkEvent/ERROR'), [['FrameworkEvent/ERROR', bundle, 'it broke']]);
  // Once nobody wants them, nobody makes them.
  registration.unregister();
  const some = recorder(consumer, { 'event.topics': 'rackwatt/framework/BundleEvent/STOPPED' });
  await other.stop();
  await until(() => some.events.length === 1);
  assert.deepEqual(some.topics(), ['rackwatt/framework/BundleEvent/STOPPED']);
});

item(297, async (t) => {
  const { container, admin, consumer } = await pair(t);
  const heard = recorder(consumer, { 'event.topics': 'a/*' });
  // Another one, of another bundle.
  const other = await activated(container, 'other');
  const handlers = other.context.tracker(EventHandler).open();
  other.context.register(EventAdmin, {
    post: async () => undefined,
    async send(topic) {
      for (const handler of handlers.services) await handler.handleEvent({ topic, properties: {} });
    },
  });
  const admins = consumer.references(EventAdmin).map((reference) => consumer.get(reference)!);
  assert.deepEqual([admins.length, admins[0] === admin], [2, true]);
  for (const [i, each] of admins.entries()) await each.send(`a/${i}`);
  assert.deepEqual(heard.topics(), ['a/0', 'a/1']);
});

item(298, async (t) => {
  const { admin, consumer } = await pair(t);
  const { topics } = recorder(consumer, { 'event.topics': ['*', 'a/*', 'a/b/*', 'a/b/c', 'a/b/c'] });
  await admin.send('a/b/c');
  await admin.post('a/b/c');
  await admin.send('a/b');
  await turn();
  assert.deepEqual(topics().toSorted(byText), ['a/b', 'a/b/c', 'a/b/c']);
});

test('events cross isolation: a bundle in a worker posts in order, and handles', async (t) => {
  const { container, admin, consumer } = await pair(t);
  const echo = recorder(consumer, { 'event.topics': 'echo/*' });
  await container.start(
    'isolated',
    `const { component, one, EventAdmin, EventHandler } = require('rackwatt');
     exports.echo = component({
       name: 'echo',
       provides: EventHandler,
       properties: { 'event.topics': ['call/*', 'echo/own'], 'event.filter': '(n>=2)' },
       references: { events: one(EventAdmin) },
       activate: ({ events }) => ({
         async handleEvent({ topic, properties }) {
           if (topic === 'echo/own') return;
           await events.send('echo/own', { n: properties.n });
           await events.post('echo/' + properties.n, { n: properties.n, nested: properties.nested });
         },
       }),
     });`,
    {},
    'worker',
  );
  await container.settled();
  await until(() => consumer.references(EventHandler).length === 2);
  for (let n = 1; n <= 20; n++) void admin.post('call/it', { n, nested: { n } });
  await until(() => echo.events.length === 2 * 19);
  const posted = echo.events.filter(({ topic }) => topic !== 'echo/own');
  assert.deepEqual(
    posted.map(({ topic, properties }) => [topic, properties['nested']]),
    Array.from({ length: 19 }, (_, i) => [`echo/${i + 2}`, { n: i + 2 }]),
  );
  await assert.rejects(admin.send('call it'), { code: 'EVENT_TOPIC' });
});

test('an activator in a worker finds the Event Admin as it starts', async (t) => {
  const { container, consumer } = await pair(t);
  const heard = recorder(consumer, { 'event.topics': 'started' });
  await container.start(
    'isolated',
    `const { EventAdmin } = require('rackwatt');
     exports.activator = {
       start: (context) => context.get(context.reference(EventAdmin)).send('started', { by: context.bundle.name }),
     };`,
    {},
    'worker',
  );
  assert.equal(heard.events[0]?.properties['by'], 'isolated');
});

test('while a bundle is updated, each event is handled once, by the old revision or the new', async (t) => {
  const { container, admin } = await pair(t);
  const heard: string[] = [];
  const HEARD = Symbol.for('rackwatt.test.heard');
  Object.defineProperty(globalThis, HEARD, { value: heard, configurable: true });
  t.after(() => Reflect.deleteProperty(globalThis, HEARD));
  const code = (version: string) => `
    const { component, EventHandler } = require('rackwatt');
    const hear = (name, topic) => component({
      name, provides: EventHandler, properties: { 'event.topics': topic },
      activate: () => ({ handleEvent: ({ properties }) => void globalThis[Symbol.for('rackwatt.test.heard')].push(name + properties.n + ' ${version}') }),
    });
    exports.a = hear('a', 'tick');
    exports.b = hear('b', 'tick');`;
  const bundle = await container.start('ticking', code('old'));
  await container.settled();
  let n = 0;
  // Also in the midst of the flip, whenever the registry tells of anything.
  const stop = container.framework.registry.listen({ id: 0, name: 'test' }, () => void admin.send('tick', { n: n++ }));
  await container.update(bundle, code('new'));
  await admin.send('tick', { n: n++ });
  void stop();
  const numbers = heard.map((text) => text.split(' ')[0]!);
  assert.deepEqual(
    numbers.toSorted(byText),
    Array.from({ length: n }, (_, i) => [`a${i}`, `b${i}`])
      .flat()
      .toSorted(),
  );
  assert.ok(heard.some((text) => text.endsWith('old')) || n < 6);
  assert.ok(heard.at(-1)!.endsWith('new'));
});

test('a handler that is slower than its publishers loses what is too much, and says so', async (t) => {
  const { container, admin, consumer } = await pair(t, { waiting: 10 });
  const slow = recorder(consumer, { 'event.topics': 'a' }, () => sleep(1));
  for (let n = 0; n < 30; n++) void admin.post('a', { n });
  const said = () => container.log.map(({ message }) => message);
  await until(() => said().length === 2);
  assert.deepEqual(
    slow.events.map(({ properties }) => properties['n']),
    Array.from({ length: 10 }, (_, i) => i),
  );
  assert.match(said()[0]!, /10 events wait for it; further ones are lost/);
  assert.match(said()[1]!, /has caught up; 20 events were lost$/);
});
