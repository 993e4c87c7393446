import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceEvent, ServiceRegistration } from 'rackwatt';
import { alice, bob, Meter, meter, newRegistry, recorder, Switch } from './support.js';

test('55 events are synchronous: all listeners have heard when the call returns', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  registry.listen(bob, listener);
  const registration = registry.register(alice, Meter, meter());
  const { id } = registration.reference;
  assert.deepEqual(events, [`REGISTERED ${id}`]);
  registration.setProperties({ a: 1 });
  assert.deepEqual(events.splice(0), [`REGISTERED ${id}`, `MODIFIED ${id}`]);
  registration.unregister();
  assert.deepEqual(events, [`UNREGISTERING ${id}`]);
});

test('56 a cascade of 100,000 services goes up and comes down without growing the stack', () => {
  const { registry, reported } = newRegistry();
  const depth = 100_000;
  const chain: ServiceRegistration<Meter>[] = [];
  let down = 0;
  registry.listen(bob, ({ type, reference }) => {
    const next = Number(reference.property('link')) + 1;
    if (type === 'REGISTERED' && next < depth) chain.push(registry.register(alice, Meter, meter(), { link: next }));
    else if (type === 'UNREGISTERING') {
      down++;
      chain[next]?.unregister();
    }
  });
  const first = registry.register(alice, Meter, meter(), { link: 0 });
  chain.unshift(first);
  assert.equal(registry.references(Meter).length, depth, 'all is up when the outermost call returns');
  first.unregister();
  assert.deepEqual([down, registry.size, reported.length], [depth, 0, 0]);
});

test('56 what a listener causes comes after what it heard, for every listener alike', () => {
  const { registry } = newRegistry();
  const [a, b] = [recorder(), recorder()];
  let second: ServiceRegistration<Meter> | undefined;
  registry.listen(alice, (event) => {
    a.listener(event);
    if (event.type !== 'REGISTERED' || second) return;
    second = registry.register(alice, Meter, meter());
    second.setProperties({ changed: true });
    second.unregister();
    assert.equal(registry.references(Meter).length, 1, 'looking shows the state now');
  });
  registry.listen(bob, b.listener);
  const { id } = registry.register(alice, Meter, meter()).reference;
  const next = second!.reference.id;
  assert.deepEqual(a.events, [`REGISTERED ${id}`, `REGISTERED ${next}`, `MODIFIED ${next}`, `UNREGISTERING ${next}`]);
  assert.deepEqual(b.events, a.events);
  assert.equal(second!.reference.owner, undefined);
});

test('57 a listener sees no half-made state', () => {
  const { registry } = newRegistry();
  const seen: unknown[] = [];
  registry.listen(bob, ({ type, reference }) => {
    seen.push([
      type,
      registry.reference(Meter, '(n=*)') === reference,
      reference.property('n'),
      registry.registeredBy(alice).length,
      registry.get(bob, reference) !== undefined,
    ]);
  });
  const registration = registry.register(alice, Meter, meter(), { n: 1 });
  registration.setProperties({ n: 2 });
  registration.unregister();
  assert.deepEqual(seen, [
    ['REGISTERED', true, 1, 1, true],
    ['MODIFIED', true, 2, 1, true],
    ['UNREGISTERING', false, 2, 0, true],
  ]);
});

test('50 the same listener of the same bundle replaces itself', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  const first = registry.listen(bob, listener);
  registry.listen(bob, listener, { filter: '(a=1)' });
  registry.listen(alice, listener, { filter: '(a=2)' });
  const { id } = registry.register(alice, Meter, meter(), { a: [1, 2] }).reference;
  registry.register(alice, Meter, meter());
  assert.deepEqual(events, [`REGISTERED ${id}`, `REGISTERED ${id}`]);
  void first();
  registry.register(alice, Meter, meter(), { a: 1 });
  assert.equal(events.length, 3, 'undoing what was replaced undoes nothing');
});

test('51 a listener that throws is reported and disturbs nobody', () => {
  const { registry, reported } = newRegistry();
  const { events, listener } = recorder();
  const broken = new RangeError('deaf');
  registry.listen(alice, () => {
    throw broken;
  });
  registry.listen(bob, listener);
  const { id } = registry.register(alice, Meter, meter()).reference;
  assert.deepEqual(events, [`REGISTERED ${id}`]);
  assert.deepEqual(
    reported.map(({ owner, error }) => [owner, error.code, error.cause]),
    [[alice, 'SERVICE_LISTENER', broken]],
  );
});

test('52 a listener removed while an event is under way hears it no more', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  registry.listen(alice, () => registry.releaseOwner(bob));
  registry.listen(bob, listener);
  registry.register(alice, Meter, meter());
  assert.deepEqual(events, []);
});

test('52 a listener added while an event is under way finds the service by looking, and hears of it once', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  let found = 0;
  registry.listen(alice, () => {
    if (found) return;
    registry.listen(bob, listener);
    found = registry.references(Meter).length;
  });
  registry.register(alice, Meter, meter());
  assert.deepEqual([found, events], [1, []]);
});

test('114 new properties replace all old ones and fire MODIFIED; not on a service that is gone', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  const registration = registry.register(alice, Meter, meter(), { a: 1, b: 2 });
  const { reference } = registration;
  registry.listen(bob, listener);
  registration.setProperties({ b: 3 });
  assert.deepEqual(
    [reference.property('a'), reference.property('b'), reference.property('service.id')],
    [undefined, 3, reference.id],
  );
  assert.deepEqual(events, [`MODIFIED ${reference.id}`]);
  assert.throws(() => registration.setProperties({ c: {} as unknown as string }), { code: 'SERVICE_PROPERTIES' });
  assert.equal(reference.property('b'), 3, 'a refused change changes nothing');
  registration.unregister();
  assert.throws(() => registration.setProperties({}), { code: 'SERVICE_UNREGISTERED' });
});

const INDEXED = '(state=on)';
for (const filter of [
  INDEXED,
  '(state>=on)',
  `(&(objectClass=${Meter.id})(state=on))`,
  '(|(state=on)(state=always))',
]) {
  test(`116 MODIFIED and MODIFIED_ENDMATCH of a listener with ${filter}`, () => {
    const { registry } = newRegistry();
    const events: string[] = [];
    registry.listen(bob, (event) => void events.push(event.type), { filter });
    const registration = registry.register(alice, Meter, meter(), { state: 'off' });
    const step = (state: string) => {
      events.length = 0;
      registration.setProperties({ state });
      return [...events];
    };
    assert.deepEqual(events, []);
    assert.deepEqual(step('idle'), []);
    assert.deepEqual(step('on'), ['MODIFIED']);
    assert.deepEqual(step('on'), ['MODIFIED']);
    assert.deepEqual(step('off'), ['MODIFIED_ENDMATCH']);
    assert.deepEqual(step('off'), []);
    events.length = 0;
    registration.unregister();
    assert.deepEqual(events, []);
  });
}

test('116 one change is MODIFIED for one listener and MODIFIED_ENDMATCH for another, in the order in which they came', () => {
  const { registry } = newRegistry();
  const heard: string[] = [];
  const hear = (name: string) => (event: ServiceEvent) => void heard.push(`${name} ${event.type}`);
  registry.listen(bob, hear('contract'), { contract: Meter });
  registry.listen(bob, hear('off'), { filter: '(state=off)' });
  registry.listen(bob, hear('on'), { contract: Meter, filter: '(state=on)' });
  registry.listen(bob, hear('plain'));
  registry.listen(bob, hear('switch'), { contract: Switch });
  const registration = registry.register(alice, Meter, meter(), { state: 'on' });
  heard.length = 0;
  registration.setProperties({ state: 'off' });
  assert.deepEqual(heard, ['contract MODIFIED', 'off MODIFIED', 'on MODIFIED_ENDMATCH', 'plain MODIFIED']);
});

test('107 a listener with a wrong filter is refused and leaves nothing', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  assert.throws(() => registry.listen(bob, listener, { filter: '(' }), { code: 'FILTER_SYNTAX' });
  registry.register(alice, Meter, meter());
  assert.deepEqual(events, []);
});

test('an unregistered service, its factory and its registrant can be collected while the reference is kept', async () => {
  const { registry } = newRegistry();
  const kept = (() => {
    const service = meter();
    const registration = registry.register({ id: 7, name: 'gone' }, Meter, service);
    registry.get(bob, registration.reference);
    registration.unregister();
    return { token: new WeakRef(service), reference: registration.reference };
  })();
  for (let i = 0; i < 10 && kept.token.deref(); i++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  assert.equal(kept.token.deref(), undefined);
  assert.equal(kept.reference.owner, undefined);
});
