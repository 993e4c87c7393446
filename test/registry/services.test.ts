import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract, type Properties, type PropertyValue } from 'rackwatt';
import { compareReferences } from '../support/registry.js';
import { alice, bob, Meter, meter, newRegistry, recorder, Switch } from './support.js';

test('97 registered under one or several contracts, with a copy of the properties', () => {
  const { registry } = newRegistry();
  const tags = ['a', 'b'];
  const properties: Record<string, PropertyValue> = { site: 'FRA1', tags };
  const { reference } = registry.register(alice, [Meter, Switch], meter(), properties);
  properties['site'] = 'changed';
  tags.push('c');
  assert.equal(reference.property('site'), 'FRA1');
  assert.deepEqual(reference.property('tags'), ['a', 'b']);
  assert.equal(registry.reference(Meter), reference);
  assert.equal(registry.reference(Switch), reference);
  assert.equal(registry.reference(Switch.id), reference, 'a contract is known by its id');
  assert.deepEqual(reference.contracts, [Meter.id, Switch.id]);
});

test('97 126 a copy that is handed out does not reach the service', () => {
  const { registry } = newRegistry();
  const { reference } = registry.register(alice, Meter, meter(), { tags: ['a'], Site: 'x' });
  const copy = reference.properties() as Record<string, unknown>;
  copy['Site'] = 'y';
  assert.throws(() => (copy['tags'] as string[]).push('b'), TypeError);
  assert.deepEqual([reference.property('site'), reference.property('tags')], ['x', ['a']]);
});

test('98 the framework sets its own properties, whatever the caller says', () => {
  const { registry } = newRegistry();
  const forged = {
    OBJECTCLASS: ['forged'],
    'service.id': 99,
    'Service.BundleId': 99,
    'service.scope': 'prototype',
    own: 1,
  };
  const registration = registry.register(bob, Meter, meter(), forged);
  const expected: Properties = {
    objectClass: [Meter.id],
    'service.id': registration.reference.id,
    'service.bundleid': 2,
    'service.scope': 'singleton',
    'service.ranking': 0,
  };
  assert.deepEqual(registration.reference.properties(), { ...expected, own: 1 });
  registration.setProperties({ ...forged, own: 2 });
  assert.deepEqual(registration.reference.properties(), { ...expected, own: 2 });
  assert.equal(
    registry.reference(undefined, `(&(objectClass=${Meter.id})(service.bundleid=2))`),
    registration.reference,
  );
});

test('99 service.id rises and is never reused', () => {
  const { registry } = newRegistry();
  const first = registry.register(alice, Meter, meter());
  first.unregister();
  const second = registry.register(alice, Meter, meter());
  assert.ok(second.reference.id > first.reference.id);
  assert.equal(second.reference.property('SERVICE.ID'), second.reference.id);
});

test('100 keys compare without case, and their case is kept', () => {
  const { registry } = newRegistry();
  const { reference } = registry.register(alice, Meter, meter(), { rackUnit: 7 });
  assert.equal(reference.property('RACKUNIT'), 7);
  assert.ok(Object.keys(reference.properties()).includes('rackUnit'));
  assert.throws(() => registry.register(alice, Meter, meter(), { site: 'a', Site: 'b' }), {
    code: 'SERVICE_PROPERTIES',
  });
  assert.equal(registry.references(Meter).length, 1, 'what was refused left nothing behind');
});

test('100 keys that objects inherit are keys like any other', () => {
  const { registry } = newRegistry();
  const hostile = JSON.parse('{"__proto__": "p", "constructor": "c"}') as Properties;
  const { reference } = registry.register(alice, Meter, meter(), hostile);
  assert.equal(reference.property('__proto__'), 'p');
  assert.equal(reference.property('toString'), undefined);
  assert.ok(Object.hasOwn(reference.properties(), '__proto__'));
  assert.equal(registry.reference(Meter, '(__proto__=p)'), reference);
});

test('100 a value that is no property is refused by its key', () => {
  const { registry } = newRegistry();
  for (const value of [{}, () => 1, Symbol('s'), [[1]], [{}], [undefined]]) {
    assert.throws(() => registry.register(alice, Meter, meter(), { wrong: value as unknown as PropertyValue }), {
      code: 'SERVICE_PROPERTIES',
      context: { key: 'wrong' },
    });
  }
});

test('101 nothing to register, or no contract, is refused', () => {
  const { registry } = newRegistry();
  assert.throws(() => registry.register(alice, Meter, undefined as unknown as Meter), { code: 'SERVICE_INVALID' });
  assert.throws(() => registry.register(alice, [Meter], null), { code: 'SERVICE_INVALID' });
  assert.throws(() => registry.register(alice, [], meter()), { code: 'SERVICE_INVALID' });
  assert.equal(registry.size, 0);
});

test('102 a contract named twice counts once', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  registry.listen(bob, listener, { contract: Meter });
  const { reference } = registry.register(alice, [Meter, Meter, contract<Meter>('test/Meter', { major: 1 })], meter());
  assert.deepEqual(reference.contracts, [Meter.id]);
  assert.deepEqual(registry.references(Meter), [reference]);
  assert.deepEqual(events, [`REGISTERED ${reference.id}`]);
});

test('103 a registration unregisters once', () => {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Meter, meter());
  registration.unregister();
  assert.throws(() => registration.unregister(), { code: 'SERVICE_UNREGISTERED' });
  assert.equal(registry.reference(Meter), undefined);
});

test('104 order: ranking, then lowest id; a ranking that is no integer counts as 0', () => {
  const { registry } = newRegistry();
  const register = (ranking: PropertyValue) =>
    registry.register(alice, Meter, meter(), { 'service.ranking': ranking }).reference;
  const [zero, low, text, fraction, high, highToo] = [
    register(0),
    register(-1),
    register('9'),
    register(9.5),
    register(3),
    register(3),
  ] as const;
  assert.deepEqual(registry.references(Meter), [high, highToo, zero, text, fraction, low]);
  assert.equal(registry.reference(Meter), high);
  assert.deepEqual(
    [zero, text, high].map((reference) => reference.ranking),
    [0, 0, 3],
  );
});

test('105 a new ranking reorders at once', () => {
  const { registry } = newRegistry();
  const [a, b] = [registry.register(alice, Meter, meter()), registry.register(alice, Meter, meter())];
  b.setProperties({ 'Service.Ranking': 1 });
  assert.deepEqual(registry.references(Meter), [b.reference, a.reference]);
  b.setProperties({ 'service.ranking': -1 });
  assert.deepEqual(registry.references(Meter), [a.reference, b.reference]);
});

test('105 among very many, too', () => {
  const { registry } = newRegistry();
  const registrations = Array.from({ length: 5000 }, (_, i) =>
    registry.register(alice, Meter, meter(), { 'service.ranking': (i * 7919) % 101, i }),
  );
  const expected = () => registrations.map(({ reference }) => reference).sort(compareReferences);
  assert.deepEqual(registry.references(Meter), expected());
  registrations.forEach(
    (registration, i) => i % 3 === 0 && registration.setProperties({ 'service.ranking': (i * 104_729) % 97, i }),
  );
  assert.deepEqual(registry.references(Meter), expected());
  for (const registration of registrations.splice(1000, 3500)) registration.unregister();
  assert.deepEqual(registry.references(Meter), expected());
  assert.equal(registry.reference(Meter), expected()[0]);
});

test('106 the reference of a contract is the first in that order, or undefined', () => {
  const { registry } = newRegistry();
  assert.equal(registry.reference(Meter), undefined);
  const registration = registry.register(alice, Meter, meter());
  assert.equal(registry.reference(Meter), registration.reference);
  registration.unregister();
  assert.equal(registry.reference(Meter), undefined);
});

test('107 contract and filter are both optional; a wrong filter throws; none is an empty list', () => {
  const { registry } = newRegistry();
  const a = registry.register(alice, Meter, meter(), { rack: 'R1' }).reference;
  const b = registry.register(alice, Switch, { on() {} }, { rack: 'R1' }).reference;
  assert.deepEqual(registry.references(undefined), [a, b]);
  assert.deepEqual(registry.references(Meter), [a]);
  assert.deepEqual(registry.references(undefined, '(rack=R1)'), [a, b]);
  assert.deepEqual(registry.references(Switch, '(rack=R1)'), [b]);
  assert.deepEqual(registry.references(Switch, '(rack=R2)'), []);
  assert.throws(() => registry.references(Meter, '(rack'), { code: 'FILTER_SYNTAX' });
});

test('108 117 another major version is another contract', () => {
  const { registry } = newRegistry();
  const next = contract<Meter>(Meter.name, { major: 2 });
  const { events, listener } = recorder();
  registry.listen(bob, listener, { contract: next });
  registry.register(alice, Meter, meter());
  assert.equal(registry.reference(next), undefined);
  assert.deepEqual(events, []);
});

test('113 one registration is one reference, in a stable order', () => {
  const { registry } = newRegistry();
  const { reference } = registry.register(alice, Meter, meter(), { 'service.ranking': 1 });
  const other = registry.register(alice, Meter, meter()).reference;
  assert.equal(registry.reference(Meter), reference);
  assert.equal(registry.references(undefined, '(service.ranking=1)')[0], reference);
  assert.deepEqual([other, reference].sort(compareReferences), [reference, other]);
  assert.equal(compareReferences(reference, reference), 0);
});

test('41 a reference of another registry means nothing here', () => {
  const [here, there] = [newRegistry().registry, newRegistry().registry];
  here.register(alice, Meter, meter());
  const { reference } = there.register(alice, Meter, meter());
  assert.equal(here.get(alice, reference), undefined);
  assert.equal(here.release(alice, reference), false);
  assert.equal(here.serviceObjects(alice, reference), undefined);
});
