import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceStage } from '../support/registry.js';
import { alice, bob, Meter, meter, newRegistry, recorder } from './support.js';

test('a group on a stage shows its services to that stage only, and a flip shows them to all, at once, in the place of the old', () => {
  const { registry } = newRegistry();
  const old = registry.group(alice);
  registry.flip([old], []);
  old.register(Meter, meter(1), { name: 'old' });
  const everybody = recorder();
  registry.listen(bob, everybody.listener);

  const stage = new ServiceStage();
  const next = registry.group(alice, stage);
  const beside = registry.group(bob, stage);
  const own = recorder();
  next.listen(own.listener);
  next.register(Meter, meter(2), { name: 'next' });
  assert.deepEqual(everybody.events, []);
  assert.deepEqual(own.events, ['REGISTERED 2']);
  const seenBy = (view: { references(contract: typeof Meter, filter?: string): { id: number }[] }, filter?: string) =>
    view.references(Meter, filter).map(({ id }) => id);
  assert.deepEqual(seenBy(registry), [1]);
  assert.deepEqual(seenBy(old), [1]);
  assert.deepEqual(seenBy(next), [2], 'it does not see what it replaces');
  assert.deepEqual(seenBy(beside), [2], 'nor do those that come up with it');
  assert.deepEqual(seenBy(next, '(name=old)'), []);

  const found: number[][] = [];
  registry.listen(bob, () => void found.push(seenBy(registry)));
  registry.flip([next], [old]);
  assert.deepEqual(everybody.events, ['REGISTERED 2']);
  assert.deepEqual(own.events, ['REGISTERED 2'], 'it knows already');
  assert.deepEqual(seenBy(registry), [2]);
  registry.withdraw(old);
  assert.deepEqual(everybody.events, ['REGISTERED 2', 'UNREGISTERING 1']);
  assert.deepEqual(found, [[2], [2]], 'nobody ever found none, or both');
  old.close();
});

test('a held service changes and goes unseen', () => {
  const { registry } = newRegistry();
  const everybody = recorder();
  registry.listen(bob, everybody.listener);
  const next = registry.group(alice, new ServiceStage());
  const own = recorder();
  next.listen(own.listener);
  const registration = next.register(Meter, meter(1), { 'service.ranking': 3 });
  registration.setProperties({ 'service.ranking': 5 });
  assert.equal(registration.reference.ranking, 5);
  registration.unregister();
  assert.deepEqual(own.events, ['REGISTERED 1', 'MODIFIED 1', 'UNREGISTERING 1']);
  assert.deepEqual(everybody.events, []);
  assert.deepEqual(next.own(), []);
  next.close();
  assert.equal(registry.size, 0);
});

test('what is closed has unregistered everything, newest first', () => {
  const { registry } = newRegistry();
  const { events, listener } = recorder();
  const group = registry.group(alice);
  group.register(Meter, meter(1));
  group.register(Meter, meter(2));
  registry.listen(bob, listener);
  group.close();
  group.close();
  assert.deepEqual(events, ['UNREGISTERING 2', 'UNREGISTERING 1']);
  assert.deepEqual(registry.registeredBy(alice), []);
});
