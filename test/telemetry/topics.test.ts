import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTopic, topicFilter, topics, type TopicKind } from '@rackwatt/telemetry/wire';

test('topics of a gateway', () => {
  assert.deepEqual(topics('default', 'gw-7'), {
    live: 'rackwatt/v1/default/gw-7/data/live',
    replay: 'rackwatt/v1/default/gw-7/data/replay',
    event: 'rackwatt/v1/default/gw-7/event',
    schema: 'rackwatt/v1/default/gw-7/schema',
    state: 'rackwatt/v1/default/gw-7/state',
    ack: 'rackwatt/v1/default/gw-7/ack',
  });
  assert.equal(topicFilter('live'), 'rackwatt/v1/+/+/data/live');
  assert.equal(topicFilter('ack', 'acme'), 'rackwatt/v1/acme/+/ack');
});

test('each topic is parsed back to what it was made of', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/);
  fc.assert(
    fc.property(name, name, (tenant, gateway) => {
      for (const [kind, topic] of Object.entries(topics(tenant, gateway))) {
        assert.deepEqual(parseTopic(topic), { tenant, gateway, kind: kind as TopicKind });
      }
    }),
  );
});

test('names that would widen a subscription or leave the tenant are refused', () => {
  for (const name of ['', '+', '#', 'a/b', 'a+', '$SYS', '.', '..', 'a b', 'ä', 'a\0', 'x'.repeat(65), 'a\n']) {
    assert.throws(() => topics('default', name), { code: 'WIRE_INVALID' });
    assert.throws(() => topics(name, 'gw'), { code: 'WIRE_INVALID' });
    assert.equal(parseTopic(`rackwatt/v1/default/${name}/data/live`), undefined);
    assert.equal(parseTopic(`rackwatt/v1/${name}/gw/data/live`), undefined);
  }
});

test('a topic that is none of ours is undefined, whatever it is', () => {
  for (const topic of [
    '',
    '/',
    'rackwatt/v1',
    'rackwatt/v2/t/g/ack',
    'rackwatt/v1/t/g',
    'rackwatt/v1/t/g/constructor',
    'rackwatt/v1/t/g/data/live/x',
    '/rackwatt/v1/t/g/ack',
    'x'.repeat(70_000),
  ]) {
    assert.equal(parseTopic(topic), undefined);
  }
  fc.assert(fc.property(fc.string(), (topic) => parseTopic(topic) === undefined));
});
