import assert from 'node:assert/strict';
import {
  ConfigurationListener,
  ManagedService,
  ManagedServiceFactory,
  RackwattError,
  SynchronousConfigurationListener,
} from 'rackwatt';
import { RunningNode, turns } from '../support/running-node.js';
import { until } from '../support/node.js';
import { item } from './item.js';

const PID = 'acme.meter';

/** A managed service that writes down what it is told. */
function told() {
  const calls: unknown[] = [];
  return { calls, service: { updated: async (properties: unknown) => void calls.push(properties) } };
}

item(256, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { a: 1, pass: { $secret: 's' } } });
  await node.admin.setSecret('s', 'geheim');
  const one = told();
  const none = told();
  node.register(ManagedService, one.service, { 'service.pid': PID });
  node.register(ManagedService, none.service, { 'service.pid': 'acme.none' });
  assert.deepEqual([one.calls, none.calls], [[], []], 'not within register');
  await turns();
  assert.deepEqual(one.calls, [{ a: 1, pass: 'geheim', 'service.pid': PID }]);
  assert.deepEqual(none.calls, [undefined]);
  const warnings = (await node.admin.validate([])).warnings!.map(({ message }) => message);
  assert.deepEqual(warnings, [], 'somebody reads what stands in the file');
  await node.admin.update('acme.none', { b: 2 });
  await turns();
  assert.deepEqual(none.calls, [undefined, { b: 2, 'service.pid': 'acme.none' }]);
  assert.equal(one.calls.length, 1, 'the other one is not concerned');
});

item(256, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { a: 1 } });
  const context = await node.context('of-a-bundle');
  const { calls, service } = told();
  context.register(ManagedService, service, { 'service.pid': PID });
  await turns();
  assert.deepEqual(calls, [{ a: 1, 'service.pid': PID }]);
  node.write({ ...node.document, configurations: { [PID]: { a: 2 } } });
  await until('the saved file is told', () => calls.length === 2);
  assert.deepEqual(calls[1], { a: 2, 'service.pid': PID });
});

item(257, async (t) => {
  const node = await RunningNode.start(t, { one: { a: 1 }, two: { b: 1 } });
  const [first, second] = [told(), told()];
  node.register(ManagedService, first.service, { 'service.pid': ['one', 'two', 'three'] });
  node.register(ManagedService, second.service, { 'service.pid': 'one' });
  await turns();
  assert.deepEqual(first.calls, [{ a: 1, 'service.pid': 'one' }, { b: 1, 'service.pid': 'two' }, undefined]);
  assert.deepEqual(second.calls, [{ a: 1, 'service.pid': 'one' }]);
  await node.admin.update('one', { a: 2 });
  await turns();
  for (const { calls } of [first, second]) assert.deepEqual(calls.at(-1), { a: 2, 'service.pid': 'one' });
  assert.deepEqual([first.calls.length, second.calls.length], [4, 2]);
});

item(258, async (t) => {
  const node = await RunningNode.start(t, { one: { a: 1 }, two: { b: 1 } });
  const { calls, service } = told();
  const registration = node.register(ManagedService, service, { 'service.pid': 'one' });
  await turns();
  registration.setProperties({ 'service.pid': 'one', more: 'x' });
  await turns();
  assert.equal(calls.length, 1, 'other properties are no news');
  registration.setProperties({ 'service.pid': 'two' });
  await turns();
  assert.deepEqual(calls, [
    { a: 1, 'service.pid': 'one' },
    { b: 1, 'service.pid': 'two' },
  ]);
  await node.admin.update('one', { a: 2 });
  await turns();
  assert.equal(calls.length, 2, 'the PID before is nothing to it');
  registration.setProperties({ 'service.pid': ['one', 'two'] });
  await turns();
  assert.deepEqual(calls.slice(2), [{ a: 2, 'service.pid': 'one' }]);
  registration.unregister();
  await node.admin.update('two', { b: 2 });
  await turns();
  assert.equal(calls.length, 3);
});

item(259, async (t) => {
  const node = await RunningNode.start(t, {
    'acme.device~a': { n: 1 },
    'acme.device~b': { n: 2 },
    'acme.devices~x': {},
  });
  const calls: unknown[][] = [];
  const service: ManagedServiceFactory = {
    updated: async (pid, properties) => void calls.push([pid, properties['n'], properties['service.factoryPid']]),
    deleted: async (pid) => void calls.push([pid, 'deleted']),
  };
  node.register(ManagedServiceFactory, service, { 'service.pid': 'acme.device' });
  assert.deepEqual(calls, []);
  await turns();
  assert.deepEqual(calls.splice(0), [
    ['acme.device~a', 1, 'acme.device'],
    ['acme.device~b', 2, 'acme.device'],
  ]);
  await node.admin.update('acme.device~b', { n: 3 });
  await node.admin.update('acme.device~c', { n: 4 });
  await node.admin.delete('acme.device~a');
  await turns();
  assert.deepEqual(calls, [
    ['acme.device~b', 3, 'acme.device'],
    ['acme.device~c', 4, 'acme.device'],
    ['acme.device~a', 'deleted'],
  ]);
});

item(260, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { n: 0 } });
  const numbers: unknown[] = [];
  let [now, most] = [0, 0];
  const slow: ManagedService = {
    async updated(properties) {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 15));
      numbers.push(properties?.['n']);
      now--;
    },
  };
  node.register(ManagedService, slow, { 'service.pid': PID });
  const other = told();
  node.register(ManagedService, other.service, { 'service.pid': PID });
  for (let n = 1; n < 5; n++) await node.admin.update(PID, { n });
  await node.admin.delete(PID);
  await turns();
  assert.equal(other.calls.length, 6, 'one that is slow holds nobody else up');
  await until('all are told', () => numbers.length === 6);
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, undefined]);
  assert.equal(most, 1);
});

item(260, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { n: 0 } });
  const numbers: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const service: ManagedService = {
    async updated(properties) {
      numbers.push(properties?.['n']);
      await promise;
    },
  };
  const registration = node.register(ManagedService, service, { 'service.pid': PID });
  await node.admin.update(PID, { n: 1 });
  await until('the first call is made', () => numbers.length === 1);
  registration.unregister();
  resolve();
  await turns();
  assert.deepEqual(numbers, [0], 'what waited for its turn is not called on a service that is gone');
});

item(261, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { n: 0 } });
  const order: unknown[] = [];
  const service: ManagedService = {
    async updated(properties) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(properties ? 'updated' : 'none');
    },
  };
  node.register(ManagedService, service, { 'service.pid': PID });
  node.register(ConfigurationListener, { configurationChanged: async (event) => void order.push(event) });
  await until('it is told', () => order.length === 1);
  await node.admin.delete(PID);
  await until('the event comes', () => order.length === 3);
  assert.deepEqual(order, ['updated', 'none', { type: 'DELETED', pid: PID }]);
});

item(262, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { interval: 0 } });
  const failing: ManagedService = {
    async updated() {
      throw new RackwattError('ACME_INTERVAL', 'shorter than a second', { context: { property: 'interval' } });
    },
  };
  const other = told();
  node.register(ManagedService, failing, { 'service.pid': PID });
  node.register(ManagedService, other.service, { 'service.pid': PID });
  // A service in plain JavaScript may throw before it gives a promise, and anything.
  const rude = () => {
    throw new TypeError('no');
  };
  node.register(ManagedService, { updated: rude } as ManagedService, { 'service.pid': PID });
  await turns();
  const lines = (): string => node.lines.join('\n');
  assert.match(lines(), /outside did not take configuration acme\.meter, property interval: shorter than a second/);
  assert.match(lines(), /did not take configuration acme\.meter: no/);
  await node.admin.update(PID, { interval: 1 });
  await turns();
  assert.deepEqual(node.document.configurations[PID], { interval: 1 });
  assert.equal(lines().match(/shorter than a second/g)?.length, 2);
  assert.deepEqual(other.calls.at(-1), { interval: 1, 'service.pid': PID });
});

item(263, async (t) => {
  const node = await RunningNode.start(t);
  const heard: string[] = [];
  const note = (who: string) => (event: { type: string; pid: string; factoryPid?: string }) =>
    void heard.push(`${who} ${event.type} ${event.pid} ${event.factoryPid ?? '-'}`);
  const later = node.register(ConfigurationListener, {
    configurationChanged: async (event) => note('later')(event),
  });
  node.register(ConfigurationListener, {
    configurationChanged: () => Promise.reject(new RackwattError('TEST', 'a listener that fails')),
  });
  const atOnce = node.register(SynchronousConfigurationListener, { configurationChanged: note('now') });
  node.register(SynchronousConfigurationListener, {
    configurationChanged() {
      throw new RackwattError('TEST', 'one more');
    },
  });
  const update = node.admin.update('acme.device~a', { n: 1 }).then(() => void heard.push('answered'));
  await update;
  assert.deepEqual(heard, ['now UPDATED acme.device~a acme.device', 'answered']);
  heard.splice(0);
  await node.admin.update(PID, { n: 1 });
  await node.admin.delete('acme.device~a');
  await until('all is heard', () => heard.length === 5);
  assert.deepEqual(
    heard.filter((line) => line.startsWith('later')),
    ['later UPDATED acme.device~a acme.device', `later UPDATED ${PID} -`, 'later DELETED acme.device~a acme.device'],
  );
  assert.match(node.lines.join('\n'), /a listener that fails/);
  heard.splice(0);
  later.unregister();
  atOnce.unregister();
  await node.admin.delete(PID);
  await turns();
  assert.deepEqual(heard, []);
});

item(263, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { n: 1 } });
  const heard: unknown[] = [];
  node.register(SynchronousConfigurationListener, { configurationChanged: (event) => void heard.push(event) });
  await assert.rejects(node.admin.update(PID, { n: { $secret: 'not there' } }), { code: 'CONFIG_INVALID' });
  await turns();
  assert.deepEqual(heard, [], 'of what does not hold nobody hears');
});
