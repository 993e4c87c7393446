import assert from 'node:assert/strict';
import { test } from 'node:test';
import { administrationTopics, newGatewayId } from '@rackwatt/fleet';
import { topicFilter, topics } from '@rackwatt/telemetry/wire';
import { mosquittoFiles } from '@rackwatt/admin-center/dist/broker/index.js';
import { gatewayRole, granted } from '@rackwatt/admin-center/dist/broker/roles.js';
import { closed, delivered, drained, listening, skip, TENANT, TestBroker, until } from './support.js';

interface Listed {
  clients: { username: string; textname?: string; roles: { rolename: string }[] }[];
  roles: { rolename: string; acls: { acltype: string; topic: string; allow: boolean }[] }[];
}

async function listed(t: Parameters<TestBroker['administer']>[0], broker: TestBroker): Promise<Listed> {
  const [clients, roles] = await broker.administer(t, [
    { command: 'listClients', verbose: true },
    { command: 'listRoles', verbose: true },
  ]);
  return { ...(clients as Pick<Listed, 'clients'>), ...(roles as Pick<Listed, 'roles'>) };
}

test('a gateway has exactly its topics, each in its direction, without a wildcard', () => {
  const gateway = { tenant: TENANT, gateway: newGatewayId() };
  const root = `rackwatt/v1/acme/${gateway.gateway}`;
  const lines = (telemetry: boolean): string[] =>
    gatewayRole(gateway, telemetry).acls.map(({ acltype, topic }) => `${acltype} ${topic.replace(root, '')}`);
  const administration = [
    'publishClientReceive /admin/poke',
    'publishClientSend /admin/hello',
    'subscribeLiteral /admin/poke',
  ];
  assert.deepEqual(lines(false).sort(), administration);
  assert.deepEqual(
    lines(true).sort(),
    [
      ...administration,
      'publishClientReceive /ack',
      'subscribeLiteral /ack',
      ...['/data/live', '/data/replay', '/event', '/schema', '/state'].map((path) => `publishClientSend ${path}`),
    ].sort(),
  );
  for (const { topic } of gatewayRole(gateway, true).acls) assert.ok(topic.startsWith(`${root}/`), topic);
});

test('the broker gets the clients and roles of the gateways, read back, and only what lacks', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = broker.rights(t);
  await until('the center is connected', () => rights.health().state === 'ok');
  const gateways = Array.from({ length: 120 }, () => broker.gateway());
  await rights.setGateways(gateways);

  const has = await listed(t, broker);
  const ours = has.clients.filter(({ textname }) => textname === 'rackwatt-gateway');
  assert.deepEqual(ours.map(({ username }) => username).sort(), gateways.map(({ gateway }) => gateway).sort());
  for (const gateway of gateways) {
    const role = has.roles.find(({ rolename }) => rolename === `rackwatt-gateway-${gateway.gateway}`);
    assert.equal(granted(role!.acls), granted(gatewayRole(gateway, false).acls));
  }
  const changes = (): number => broker.log.match(/dynsec: .*(createClient|createRole|delete|modify)/g)?.length ?? 0;
  const before = changes();
  assert.ok(before >= 240, `${before} changes are in the log`);
  await rights.setGateways(gateways);
  assert.equal(changes(), before, 'a second time nothing is changed');
});

test('defaults deny, also where somebody opened them (L21)', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = broker.rights(t);
  await until('the center is connected', () => rights.health().state === 'ok');
  const acls = ['publishClientSend', 'publishClientReceive', 'subscribe'].map((acltype) => ({ acltype, allow: true }));
  await broker.administer(t, [{ command: 'setDefaultACLAccess', acls }]);
  await rights.setGateways([]);
  const [access] = await broker.administer(t, [{ command: 'getDefaultACLAccess' }]);
  const allowed = (access as { acls: { acltype: string; allow: boolean }[] }).acls.filter(({ allow }) => allow);
  assert.deepEqual(allowed, [{ acltype: 'unsubscribe', allow: true }]);
});

test("what others made at the broker stays, and a client of a gateway's name that others made gets nothing", {
  skip,
}, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = broker.rights(t);
  await until('the center is connected', () => rights.health().state === 'ok');
  const [taken, free] = [broker.gateway(), broker.gateway()];
  await broker.administer(t, [
    {
      command: 'createRole',
      rolename: 'plant',
      acls: [{ acltype: 'publishClientSend', topic: 'plant/#', allow: true }],
    },
    { command: 'createClient', username: 'plant', password: 'x', roles: [{ rolename: 'plant' }] },
    { command: 'createClient', username: taken.gateway, roles: [{ rolename: 'plant' }] },
  ]);
  await assert.rejects(rights.setGateways([taken, free]), { code: 'RIGHTS_FOREIGN' });
  assert.equal(rights.health().state, 'degraded');
  const has = await listed(t, broker);
  const rolesOf = (name: string): string[] | undefined =>
    has.clients.find(({ username }) => username === name)?.roles.map(({ rolename }) => rolename);
  assert.deepEqual(rolesOf('plant'), ['plant']);
  assert.deepEqual(rolesOf(taken.gateway), ['plant']);
  assert.deepEqual(rolesOf(free.gateway), [`rackwatt-gateway-${free.gateway}`], 'the others have theirs');

  await broker.administer(t, [{ command: 'deleteClient', username: taken.gateway }]);
  await rights.setGateways([taken, free]);
  await rights.setGateways([]);
  assert.deepEqual(
    (await listed(t, broker)).clients.filter(({ textname }) => textname === 'rackwatt-gateway'),
    [],
  );
  assert.ok((await listed(t, broker)).clients.some(({ username }) => username === 'plant'));
});

test('more rights than the center gave are taken back: another role, a group, another topic', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = broker.rights(t);
  await until('the center is connected', () => rights.health().state === 'ok');
  const gateways = [broker.gateway(), broker.gateway(), broker.gateway()];
  const [a, b, c] = gateways.map(({ gateway }) => gateway);
  await rights.setGateways(gateways);
  const everything = { acltype: 'publishClientSend', topic: '#', allow: true };
  await broker.administer(t, [
    { command: 'createRole', rolename: 'everything', acls: [everything] },
    { command: 'createGroup', groupname: 'all', roles: [{ rolename: 'everything' }] },
    { command: 'addClientRole', username: a, rolename: 'everything' },
    { command: 'addGroupClient', groupname: 'all', username: b },
    { command: 'addRoleACL', rolename: `rackwatt-gateway-${c}`, ...everything },
  ]);
  await rights.setGateways(gateways);
  const observer = await broker.observer(t);
  for (const [i, id] of [a, b, c].entries()) {
    const client = await broker.connect(t, await broker.authority.client(id!));
    await client.publishAsync('plant', `${i}`, { qos: 1 });
    await client.publishAsync(administrationTopics(TENANT, id!).hello, `hello ${i}`, { qos: 1 });
  }
  await delivered(observer, observer.client);
  const heard = observer.heard.map(({ payload }) => payload).filter((payload) => !payload.startsWith('mark'));
  assert.deepEqual(heard, ['hello 0', 'hello 1', 'hello 2']);
});

test('after a restart of the broker, and of the center, those have rights who should', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const [stays, goes, comes] = [broker.gateway(), broker.gateway(), broker.gateway()];
  const first = broker.rights(t);
  await until('the center is connected', () => first.health().state === 'ok');
  await first.setGateways([stays, goes]);
  await broker.stop();
  await until('the center knows', () => first.health().state === 'degraded');
  await assert.rejects(first.setGateways([stays]), { code: 'RIGHTS_AWAY' });
  await broker.start();
  const has = async (): Promise<string> => {
    const { clients } = await listed(t, broker);
    return clients
      .flatMap(({ username, textname }) => (textname ? [username] : []))
      .sort()
      .join();
  };
  await until('the one that went is gone', async () => !(await has()).includes(goes.gateway));
  await first.close();

  const second = broker.rights(t);
  await until('the new center is connected', () => second.health().state === 'ok');
  assert.ok((await has()).includes(stays.gateway), 'a center that does not know its gateways yet takes nobody away');
  await second.setGateways([stays, comes]);
  for (const [gateway, there] of [
    [stays, true],
    [comes, true],
    [goes, false],
  ] as const)
    assert.equal((await has()).includes(gateway.gateway), there);
});

test('a broker that was killed while it wrote gets the rights anew, from the file with which it began', {
  skip,
}, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = broker.rights(t);
  await until('the center is connected', () => rights.health().state === 'ok');
  const gateways = Array.from({ length: 300 }, () => broker.gateway());
  const setting = assert.rejects(rights.setGateways(gateways), { code: 'RIGHTS_AWAY' });
  await until('it has begun', () => broker.log.includes('createClient'));
  await broker.stop();
  await setting;
  const left = gateways.slice(0, 10);
  await assert.rejects(rights.setGateways(left), { code: 'RIGHTS_AWAY' });
  broker.restore();
  await broker.start();
  await until('the rights are as they should be', async () => {
    const { clients } = await listed(t, broker);
    const names = clients.flatMap(({ username, textname }) => (textname === 'rackwatt-gateway' ? [username] : []));
    return (
      names.sort().join() ===
      left
        .map(({ gateway }) => gateway)
        .sort()
        .join()
    );
  });
  await until('and the center knows', () => rights.health().state === 'ok');
});

test('a gateway of a broker for readings publishes them, hears their acknowledgements, and leaves a last will', {
  skip,
}, async (t) => {
  const broker = await TestBroker.start(t, true);
  const rights = broker.rights(t, { telemetry: true });
  await until('the center is connected', () => rights.health().state === 'ok');
  const gateway = broker.gateway();
  await rights.setGateways([gateway]);
  const { ack, ...sends } = topics(gateway.tenant, gateway.gateway);
  const concentrator = listening(await broker.asConcentrator(t));
  await concentrator.client.subscribeAsync(
    (['live', 'replay', 'event', 'schema', 'state'] as const).map((kind) => topicFilter(kind)),
    { qos: 1 },
  );
  const identity = await broker.authority.client(gateway.gateway);
  const will = { topic: sends.state, payload: Buffer.from('offline'), qos: 1, retain: true } as const;
  const client = await broker.connect(t, identity, { will });
  const own = listening(client);
  await client.subscribeAsync(ack, { qos: 1 });
  for (const topic of Object.values(sends))
    await client.publishAsync(topic, topic, { qos: 1, retain: topic === sends.state });
  await until('the readings came', () => concentrator.heard.length === 5);
  await concentrator.client.publishAsync(ack, 'held', { qos: 1 });
  await drained(client);
  assert.deepEqual(
    own.heard.map(({ topic, payload }) => [topic, payload]),
    [[ack, 'held']],
  );
  client.stream.destroy();
  await closed(client);
  await until('the will came', () => concentrator.heard.at(-1)?.payload === 'offline');
});

test('what cannot be part of a topic or of a configuration file is refused, and nothing changes', async () => {
  const good = { ca: '/a', certificate: '/b', key: '/c', securityFile: '/d' };
  assert.match(mosquittoFiles(good).configuration, /^require_certificate true$/m);
  for (const wrong of [
    { ca: '/a\nallow_anonymous true' },
    { key: '' },
    { host: ' ' },
    { port: 0 },
    { servicePort: 1.5 },
  ])
    assert.throws(() => mosquittoFiles({ ...good, ...wrong }), { code: 'RIGHTS_INPUT' });
  const { security, center } = mosquittoFiles(good);
  assert.ok(!security.includes(center.account.password));
});
