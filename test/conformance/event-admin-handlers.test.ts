import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { activated } from '../support/activated.js';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';
import { adminOf, byText, publisherAndConsumer, recorder, until } from '../support/events.js';
import { item } from './item.js';

const { EventAdmin, EventHandler } = rackwatt;

item(291, async (t) => {
  const { container, admin, consumer } = await publisherAndConsumer(t);
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
  const { container, admin, consumer } = await publisherAndConsumer(t, { answer: 100, block: 50, pause: 100 });
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
  const { admin, consumer } = await publisherAndConsumer(t);
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

item(295, async (t) => {
  const { container, consumer } = await publisherAndConsumer(t);
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
  const { container, admin, consumer } = await publisherAndConsumer(t);
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

test('events cross isolation: a bundle in a worker posts in order, and handles', async (t) => {
  const { container, admin, consumer } = await publisherAndConsumer(t);
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
  const { container, consumer } = await publisherAndConsumer(t);
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
  const { container, admin } = await publisherAndConsumer(t);
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
  const { container, admin, consumer } = await publisherAndConsumer(t, { waiting: 10 });
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

test('no revision stays in memory for events that it was told, failed on, or never answered', async (t) => {
  const container = new TestContainer(t, { drain: 20, framework: { events: { answer: 20 } } });
  const admin = adminOf((await activated(container, 'publisher')).context);
  const others = container.tokens.live().length;
  const code = `
    const { component, EventHandler } = require('rackwatt');
    const handler = (name, handleEvent) => component({
      name, provides: EventHandler, properties: { 'event.topics': 'tick' }, activate: () => ({ handleEvent }),
    });
    exports.well = handler('well', () => undefined);
    exports.failing = handler('failing', () => Promise.reject(new Error('again')));
    exports.stalling = handler('stalling', () => new Promise(() => undefined));`;
  const bundle = await container.start('ticking', code);
  for (let i = 0; i < 10; i++) {
    await admin.send('tick');
    await admin.post('tick');
    await container.update(bundle, code);
  }
  assert.equal(container.framework.events!.denied().length, 0);
  await collectGarbage(() => container.tokens.live().length <= others + 1, 50);
  assert.equal(container.tokens.live().length, others + 1);
});
