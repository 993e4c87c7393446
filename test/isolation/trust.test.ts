import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { rackwatt, TestContainer } from '../support/container.js';
import { until } from '../support/node.js';
import { messagePort, Peer, SharedServices } from './built.js';

interface Meter {
  read(): Promise<number>;
}
const Meter = rackwatt.contract<Meter>('test/Meter', { major: 1, methods: ['read'] });
const LocalMeter = rackwatt.contract<Meter>('test/LocalMeter', { major: 1, methods: ['read'], local: true });
const OWNER = { id: 700, name: 'meters' };

/** A service that has more than its contract says. */
const meter = () => ({ read: async () => 21, reset: async () => 'all is lost' });

/** What a child says that lies about a contract: more methods than it has, and that it crosses. */
const lied = (name: string) =>
  rackwatt.contract<Record<string, (...args: unknown[]) => Promise<unknown>>>(name, {
    major: 1,
    methods: ['read', 'reset', '__defineGetter__', 'constructor', 'toString'],
  });

/** The node's side of a port, as it shares services, and a child on the other side that says what it likes. */
function liar(t: TestContext, granted: readonly string[] = []) {
  const { registry } = new TestContainer(t).framework;
  const { port1, port2 } = new MessageChannel();
  const errors: unknown[] = [];
  const node = new Peer(messagePort(port1), { label: 'the liar', onError: (error) => void errors.push(error) });
  const child = new Peer(messagePort(port2), { label: 'the node' });
  const group = registry.group({ id: 800, name: 'liar' });
  const shared = new SharedServices(node, registry, group, granted);
  const came: { handle: number; contracts: unknown }[] = [];
  child.onTell('service.came', (body) => void came.push(body as (typeof came)[number]));
  t.after(() => {
    shared.close();
    node.close();
    group.close();
  });
  return { registry, node, child, came, errors };
}

test('a child calls what the provider declared and nothing else of the service, whatever contract it names', async (t) => {
  const { registry, child, came } = liar(t);
  registry.register(OWNER, Meter, meter());
  await child.request('ask', [Meter.id]);
  const { handle } = await until('the service', () => came[0]);
  const stub = child.stub(lied(Meter.name), handle);
  assert.equal(await stub['read']!(), 21);
  for (const method of ['reset', '__defineGetter__', 'constructor', 'toString'])
    await assert.rejects(stub[method]!('read', 'x'), { code: 'SERVICE_METHOD_ABSENT' }, method);
});

test('what a child says of a contract beside its id is no way to ask', async (t) => {
  const { registry, child, came, node } = liar(t);
  registry.register(OWNER, Meter, meter());
  const data = { name: Meter.name, major: 1, methods: ['reset'], streams: [], transfers: [], local: false };
  await assert.rejects(child.request('ask', [data]), { code: 'PEER_PROTOCOL' });
  assert.deepEqual([came, node.counts.exposed], [[], 0]);
});

test('a service whose provider declared it local crosses for nobody', async (t) => {
  const { registry, child, came, node } = liar(t);
  registry.register(OWNER, LocalMeter, meter());
  await assert.rejects(child.request('ask', [LocalMeter.id]), { code: 'CONTRACT_LOCAL' });
  assert.deepEqual([came, node.counts.exposed], [[], 0]);
});

test('nor does one that comes after it was asked for', async (t) => {
  const { registry, child, came, node } = liar(t);
  await child.request('ask', [LocalMeter.id]);
  registry.register(OWNER, LocalMeter, meter());
  await child.request('ask', []);
  assert.deepEqual([came, node.counts.exposed], [[], 0]);
});

test('a service that asks for a capability crosses only for a manifest that names it, whenever it comes', async (t) => {
  const Lock = rackwatt.contract<Meter>('test/Lock', { major: 1, methods: ['read'], capability: 'locks' });
  for (const [isBefore, granted, crossed] of [
    [true, [], 0],
    [false, ['network'], 0],
    [true, ['locks'], 1],
    [false, ['locks'], 1],
  ] as const) {
    const { registry, child, came, node } = liar(t, granted);
    if (isBefore) registry.register(OWNER, Lock, meter());
    const asked = child.request('ask', [Lock.id]);
    await (isBefore && crossed === 0 ? assert.rejects(asked, { code: 'CAPABILITY_MISSING' }) : asked);
    if (!isBefore) registry.register(OWNER, Lock, meter());
    await child.request('ask', []);
    assert.deepEqual([came.length, node.counts.exposed], [crossed, crossed]);
  }
});

const WIDE = `
  const { component, contract, one } = require('rackwatt');
  const Meter = contract('test/Meter', { major: 1, methods: ['read', 'reset'] });
  const LocalMeter = contract('test/LocalMeter', { major: 1, methods: ['read'] });
  const Told = contract('test/Told', { major: 1, methods: ['tell'] });
  const tried = (call) => call.then((value) => value, (error) => error.code);`;

for (const kind of ['worker', 'process'] as const) {
  test(`a bundle in a ${kind} with a wider contract than the provider's calls no more than that`, async (t) => {
    const c = new TestContainer(t);
    c.framework.registry.register(OWNER, Meter, meter());
    const code = `${WIDE} exports.wide = component({
      name: 'wide', provides: Told, references: { meter: one(Meter) },
      activate: ({ meter }) => ({ tell: () => Promise.all([tried(meter.read()), tried(meter.reset())]) }),
    });`;
    await c.start('wide', code, {}, kind);
    const Told = rackwatt.contract<{ tell(): Promise<unknown[]> }>('test/Told', { major: 1, methods: ['tell'] });
    const told = await until('it is up', () => c.framework.registry.reference(Told));
    const service = c.framework.registry.get({ id: 900, name: 'caller' }, told)!;
    assert.deepEqual(await service.tell(), [21, 'SERVICE_METHOD_ABSENT']);
  });

  test(`a bundle in a ${kind} that takes a local contract for another is told so when it starts`, async (t) => {
    const c = new TestContainer(t);
    c.framework.registry.register(OWNER, LocalMeter, meter());
    const code = `${WIDE} exports.wide = component({ name: 'wide', references: { meter: one(LocalMeter) }, activate() {} });`;
    await assert.rejects(c.start('wide', code, {}, kind), /test\/LocalMeter@1 cannot cross isolation/);
  });
}
