import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TopicEvent } from 'rackwatt';
import { rackwatt } from '../support/container.js';
import { byText, publisherAndConsumer, recorder, until } from '../support/events.js';
import { item } from './item.js';

const { parseFilter } = rackwatt;

item(283, async (t) => {
  const { admin, consumer } = await publisherAndConsumer(t);
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
  const { admin, consumer } = await publisherAndConsumer(t);
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
  const { container, admin, consumer } = await publisherAndConsumer(t);
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
  const { admin, consumer } = await publisherAndConsumer(t);
  const below = recorder(consumer, { 'event.topics': 'a/b/*' });
  const all = recorder(consumer, { 'event.topics': '*' });
  const topics = ['a', 'a/b', 'a/bc', 'a/b/c', 'a/b/c/d', 'x/a/b/c'];
  for (const topic of topics) await admin.send(topic);
  assert.deepEqual([below.topics(), all.topics()], [['a/b/c', 'a/b/c/d'], topics]);
});

item(287, async (t) => {
  const { container, admin, consumer } = await publisherAndConsumer(t);
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
  const { admin, consumer } = await publisherAndConsumer(t);
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
  const { admin, consumer } = await publisherAndConsumer(t);
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
  const { container, admin, consumer } = await publisherAndConsumer(t);
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

item(294, async (t) => {
  const { admin, consumer } = await publisherAndConsumer(t);
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

item(298, async (t) => {
  const { admin, consumer } = await publisherAndConsumer(t);
  const { topics } = recorder(consumer, { 'event.topics': ['*', 'a/*', 'a/b/*', 'a/b/c', 'a/b/c'] });
  await admin.send('a/b/c');
  await admin.post('a/b/c');
  await admin.send('a/b');
  await turn();
  assert.deepEqual(topics().toSorted(byText), ['a/b', 'a/b/c', 'a/b/c']);
});
