import assert from 'node:assert/strict';
import { ManagedService, ManagedServiceFactory } from 'rackwatt';
import { RunningNode, turns } from '../support/running-node.js';
import { item } from './item.js';

const PID = 'acme.meter';

/** Each form of the PID for a bundle, the most general first. */
function forms(location: string): string[] {
  return [PID, `${PID}|provider`, `${PID}|provider|1.2.0`, `${PID}|provider|1.2.0|${location}`];
}

item(264, async (t) => {
  const node = await RunningNode.start(t);
  const context = await node.context('provider', { version: '1.2.0' });
  const stranger = await node.context('stranger', { version: '1.2.0' });
  const location = node.node.framework.bundle('provider')!.location;
  const seen: unknown[] = [];
  const other: unknown[] = [];
  const note = (into: unknown[]) => ({
    updated: async (given: unknown) =>
      void into.push((given as { 'service.pid'?: string } | undefined)?.['service.pid']),
  });
  context.register(ManagedService, note(seen), { 'service.pid': PID });
  stranger.register(ManagedService, note(other), { 'service.pid': PID });
  for (const form of forms(location)) {
    await node.admin.update(form, { form });
    await node.admin.update(`${PID}|provider|9.9.9`, { form });
    await turns();
  }
  assert.deepEqual(seen, [undefined, ...forms(location)]);
  assert.deepEqual(other, [undefined, PID]);
});

item(264, async (t) => {
  const node = await RunningNode.start(t);
  const seen: unknown[] = [];
  await node.reader('provider', PID, { seen, manifest: { version: '1.2.0' } });
  const location = node.node.framework.bundle('provider')!.location;
  for (const form of forms(location)) await node.admin.update(form, { form });
  assert.deepEqual(
    seen.map((config) => (config as { form?: string }).form),
    [undefined, ...forms(location)],
  );
  const [component] = node.node.framework.components.instances();
  assert.equal(component?.configuration?.pid, forms(location).at(-1));
  assert.equal(component?.properties['service.pid'], forms(location).at(-1));
});

item(265, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { n: 1 } });
  const context = await node.context('provider');
  const seen: unknown[] = [];
  const service: ManagedService = { updated: async (given) => void seen.push(given?.['n']) };
  context.register(ManagedService, service, { 'service.pid': PID });
  const devices: unknown[] = [];
  const factory: ManagedServiceFactory = {
    updated: async (pid) => void devices.push(`+${pid}`),
    deleted: async (pid) => void devices.push(`-${pid}`),
  };
  context.register(ManagedServiceFactory, factory, { 'service.pid': 'acme.device' });
  await node.admin.update(`${PID}|provider`, { n: 2 });
  await node.admin.update(PID, { n: 3 });
  await node.admin.delete(`${PID}|provider`);
  await node.admin.delete(PID);
  await turns();
  assert.deepEqual(seen, [1, 2, 3, undefined]);
  await node.admin.update('acme.device~a', {});
  await node.admin.update('acme.device|provider~b', {});
  await node.admin.delete('acme.device|provider~b');
  await turns();
  assert.deepEqual(devices, [
    '+acme.device~a',
    '-acme.device~a',
    '+acme.device|provider~b',
    '-acme.device|provider~b',
    '+acme.device~a',
  ]);
});

item(266, async (t) => {
  const own = `${PID}|provider`;
  const node = await RunningNode.start(t, { [PID]: { n: 1 }, [`${own}|provider`]: { n: 3 } });
  const context = await node.context('provider');
  const seen: unknown[] = [];
  const service: ManagedService = { updated: async (given) => void seen.push(given?.['n']) };
  context.register(ManagedService, service, { 'service.pid': own });
  await turns();
  assert.deepEqual(seen, [undefined]);
  await node.admin.update(own, { n: 2 });
  await turns();
  assert.deepEqual(seen, [undefined, 2]);
});
