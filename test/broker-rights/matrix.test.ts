import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { administrationTopics } from '@rackwatt/fleet';
import { topics } from '@rackwatt/telemetry/wire';
import type { BrokerGateway, GatewayBroker } from '@rackwatt/admin-center/dist/broker/index.js';
import { Attacker, raw, targets } from './attack.js';
import { Authority, type Identity } from './authority.js';
import { closed, delivered, drained, listening, skip, TestBroker, until, type Listener } from './support.js';

/** What the center says. */
const SAID = 'look';

interface Site {
  broker: TestBroker;
  rights: GatewayBroker;
  observer: Listener;
  own: BrokerGateway;
  victim: BrokerGateway;
  /** What the victim was delivered, which listens to all that is its own. */
  victimHeard: Listener;
  /** Ids of gateways whose hello came to the center. */
  hellos: string[];
}

async function site(t: TestContext): Promise<Site> {
  const broker = await TestBroker.start(t);
  const hellos: string[] = [];
  const rights = broker.rights(t, { hello: ({ gateway }) => hellos.push(gateway) });
  await until('the center is connected', () => rights.health().state === 'ok');
  const [own, victim] = [broker.gateway(), broker.gateway()];
  await rights.setGateways([own, victim]);
  const identity = await broker.authority.client(victim.gateway);
  const victimHeard = listening(await broker.connect(t, identity, { clientId: victim.gateway }));
  await victimHeard.client.subscribeAsync(administrationTopics(victim.tenant, victim.gateway).poke, { qos: 1 });
  return { broker, rights, observer: await broker.observer(t), own, victim, victimHeard, hellos };
}

/** The victim is still there, hears what the center says, and heard nothing else. */
async function unharmed({ observer, victim, victimHeard }: Site): Promise<void> {
  const { poke } = administrationTopics(victim.tenant, victim.gateway);
  const before = victimHeard.heard.length;
  await observer.client.publishAsync(poke, SAID, { qos: 1 });
  await until('the victim heard the center', () => victimHeard.heard.length > before);
  assert.ok(victimHeard.client.connected);
  for (const { topic, payload } of victimHeard.heard) assert.deepEqual([topic, payload], [poke, SAID]);
}

const attacker = (t: TestContext, { broker, observer }: Site, identity?: Identity): Attacker =>
  new Attacker(t, broker, identity, observer);

/** All kinds of what may be said and heard, tried as somebody who is connected. Only what is allowed may be delivered. */
async function tryAll(
  t: TestContext,
  at: Site,
  identity: Identity,
  may: { say: string[]; hear: string[] },
): Promise<void> {
  const mallory = attacker(t, at, identity);
  const { own, victim, observer } = at;
  const all = Object.entries(targets(own, victim));
  const allowed = (list: string[], topic: string): string[] => (list.includes(topic) ? [topic] : []);
  for (const [kind, { say }] of all) {
    for (const topic of say) {
      assert.deepEqual(await mallory.publish(topic), allowed(may.say, topic), `publish, ${kind}: ${topic}`);
      assert.deepEqual(await mallory.publish(topic, { retain: true }), [], `retained, ${kind}: ${topic}`);
      assert.deepEqual(await mallory.will(topic), allowed(may.say, topic), `will, ${kind}: ${topic}`);
      for (const carrier of [administrationTopics(own.tenant, own.gateway).hello]) {
        const got = await mallory.respond(topic, carrier);
        assert.ok(
          got.every((heard) => may.say.includes(heard)),
          `response topic, ${kind}: ${topic}`,
        );
      }
    }
  }
  assert.deepEqual(new Set(at.hellos), new Set(may.say.length > 0 ? [own.gateway] : []), 'whom the center heard');
  const said = spoken(own, victim);
  const others = async (): Promise<void> => {
    for (const topic of said.slice(1)) observer.client.publish(topic, SAID);
    await observer.client.publishAsync(said[0]!, SAID, { qos: 1 });
  };
  observer.heard.length = 0;
  await others();
  await delivered(observer, observer.client);
  assert.deepEqual(
    new Set(observer.heard.map(({ topic }) => topic)),
    new Set([...said, 'test/mark']),
    'it is there to hear',
  );
  for (const [kind, { hear }] of all) {
    for (const filter of hear) {
      assert.deepEqual(
        await mallory.subscribe(filter, others),
        allowed(may.hear, filter),
        `subscribe, ${kind}: ${filter}`,
      );
      for (const topic of await mallory.subscribe(`$share/group/${filter}`, others))
        assert.ok(may.hear.includes(topic), `shared, ${kind}: ${filter}`);
    }
  }
}

/** What is said while somebody listens. */
function spoken(own: BrokerGateway, victim: BrokerGateway): string[] {
  const ofBoth = [own, victim].flatMap(({ tenant, gateway }) => [
    ...Object.values(administrationTopics(tenant, gateway)),
    ...Object.values(topics(tenant, gateway)),
  ]);
  const sayable = Object.values(targets(own, victim))
    .flatMap(({ say }) => say)
    .filter((topic) => !/[+#\0$]/.test(topic) && topic.split('/').length <= 200);
  return [...new Set([...ofBoth, ...sayable])];
}

test('15 a valid gateway says and hears what is its own, and nothing else is delivered', { skip }, async (t) => {
  const at = await site(t);
  const { poke, hello } = administrationTopics(at.own.tenant, at.own.gateway);
  const identity = await at.broker.authority.client(at.own.gateway);
  await tryAll(t, at, identity, { say: [hello], hear: [poke] });
  await unharmed(at);
});

test("15 a certificate with the center's name, or with one that is a wildcard, has no rights", { skip }, async (t) => {
  const at = await site(t);
  await tryAll(t, at, await at.broker.authority.client('rackwatt-center'), { say: [], hear: [] });
  const { hello, poke } = administrationTopics(at.victim.tenant, at.victim.gateway);
  const others = async (): Promise<void> => void (await at.observer.client.publishAsync(poke, SAID, { qos: 1 }));
  for (const name of [
    'center',
    'admin',
    '+',
    '#',
    `+/${at.victim.gateway}`,
    'a/b',
    `${at.victim.gateway}#`,
    at.victim.gateway.toUpperCase(),
  ]) {
    const mallory = attacker(t, at, await at.broker.authority.client(name));
    assert.deepEqual(await mallory.publish(hello), [], name);
    assert.deepEqual(await mallory.will(hello), [], name);
    for (const filter of [poke, '#', `$share/group/${poke}`])
      assert.deepEqual(await mallory.subscribe(filter, others), [], `${name}: ${filter}`);
  }
  await unharmed(at);
});

test('15 another authority, an expired, a revoked or no certificate: there is no connection', { skip }, async (t) => {
  const at = await site(t);
  const { authority } = at.broker;
  const revoked = await authority.client(at.own.gateway);
  await at.broker.revoke(await authority.revoked(revoked));
  const nobody: Record<string, Identity | undefined> = {
    'other authority': await (await Authority.create('Rackwatt gateways')).client(at.own.gateway),
    expired: await authority.client(at.own.gateway, -1),
    revoked,
    none: undefined,
  };
  const { hello } = administrationTopics(at.own.tenant, at.own.gateway);
  for (const [name, identity] of Object.entries(nobody)) {
    const mallory = attacker(t, at, identity);
    const will = { topic: hello, payload: Buffer.from('attempt'), qos: 1, retain: false } as const;
    for (const options of [
      {},
      { will },
      { protocolVersion: 5 as const },
      { clean: false },
      { clientId: at.victim.gateway },
    ])
      await assert.rejects(mallory.connect(options), `${name} was let in`);
  }
  const services = at.broker.center.url;
  for (const who of [
    {},
    { username: at.own.gateway },
    { username: at.own.gateway, password: '' },
    { username: at.broker.center.account.username },
  ])
    await assert.rejects(
      at.broker.connect(t, undefined, { ...who, ...address(services) }),
      'let in without a password',
    );
  await delivered(at.observer, at.observer.client);
  assert.deepEqual(
    at.observer.heard.filter(({ topic }) => topic !== 'test/mark'),
    [],
  );
  await at.broker.connect(t, await authority.client(at.own.gateway));
  await unharmed(at);
});

test('15 a command to the broker itself, from a gateway, does nothing', { skip }, async (t) => {
  const at = await site(t);
  const mallory = attacker(t, at, await at.broker.authority.client(at.own.gateway));
  const rolename = `rackwatt-gateway-${at.own.gateway}`;
  const commands = [
    { command: 'addRoleACL', rolename, acltype: 'publishClientSend', topic: '#', allow: true },
    { command: 'createClient', username: 'mallory', password: 'x', roles: [{ rolename: 'rackwatt-center' }] },
    { command: 'deleteClient', username: at.victim.gateway },
  ];
  const content = JSON.stringify({ commands });
  assert.deepEqual(await mallory.publish('$CONTROL/dynamic-security/v1', { content }), []);
  const [clients, role] = await at.broker.administer(t, [{ command: 'listClients' }, { command: 'getRole', rolename }]);
  const names = (clients as { clients: string[] }).clients;
  assert.ok(names.includes(at.victim.gateway) && !names.includes('mallory'));
  assert.ok(!JSON.stringify(role).includes('"#"'));
  await unharmed(at);
});

test('16 the client id of another gateway: it stays connected, and nothing of its session is taken', {
  skip,
}, async (t) => {
  const at = await site(t);
  const identity = await at.broker.authority.client(at.own.gateway);
  const { poke } = administrationTopics(at.victim.tenant, at.victim.gateway);
  for (const clean of [true, false]) {
    const client = await at.broker.connect(t, identity, { clientId: at.victim.gateway, clean });
    const own = listening(client);
    await at.observer.client.publishAsync(poke, SAID, { qos: 1 });
    await drained(client);
    assert.deepEqual(own.heard, []);
    await unharmed(at);
    await client.endAsync(true);
  }
});

test('17 a last will or a retained message on a foreign topic is never delivered; nothing is kept on an own one', {
  skip,
}, async (t) => {
  const at = await site(t);
  const mallory = attacker(t, at, await at.broker.authority.client(at.own.gateway));
  const foreign = administrationTopics(at.victim.tenant, at.victim.gateway);
  const own = administrationTopics(at.own.tenant, at.own.gateway);
  for (const topic of [foreign.poke, foreign.hello]) {
    assert.deepEqual(await mallory.will(topic), []);
    assert.deepEqual(await mallory.publish(topic, { retain: true }), []);
  }
  assert.deepEqual(await mallory.will(own.hello), [own.hello], 'a will of its own is delivered');
  assert.deepEqual(await mallory.publish(own.hello, { retain: true }), []);
  const late = await at.broker.observer(t);
  await delivered(late, late.client);
  assert.deepEqual(
    late.heard.filter(({ retain }) => retain),
    [],
  );
  await unharmed(at);
});

test('18 a response topic of another gateway: nobody answers there', { skip }, async (t) => {
  const at = await site(t);
  const mallory = attacker(t, at, await at.broker.authority.client(at.own.gateway));
  const { hello } = administrationTopics(at.own.tenant, at.own.gateway);
  const { poke } = administrationTopics(at.victim.tenant, at.victim.gateway);
  assert.deepEqual(await mallory.respond(poke, hello), [hello]);
  await until('the center heard it', () => at.hellos.length === 1);
  await delivered(at.observer, at.observer.client);
  assert.ok(!at.observer.heard.some(({ topic }) => topic === poke));
  await unharmed(at);
});

test('11 rights that are taken away are gone at once: session closed, no way back, nothing in or out', {
  skip,
}, async (t) => {
  const at = await site(t);
  const { authority } = at.broker;
  const { hello, poke } = administrationTopics(at.own.tenant, at.own.gateway);
  const identity = await authority.client(at.own.gateway);
  const kept = { clean: false, clientId: at.own.gateway };
  const will = { topic: hello, payload: Buffer.from('a will'), qos: 1, retain: false } as const;
  const session = listening(await at.broker.connect(t, identity, { will, ...kept }));
  await session.client.subscribeAsync(poke, { qos: 1 });

  await at.rights.setGateways([at.victim]);
  await closed(session.client);
  const mallory = attacker(t, at, identity);
  const others = async (): Promise<void> => void (await at.observer.client.publishAsync(poke, 'too late', { qos: 1 }));
  assert.deepEqual(await mallory.publish(hello), []);
  assert.deepEqual(await mallory.subscribe(poke, others), []);
  const again = listening(await at.broker.connect(t, identity, kept));
  await others();
  await drained(again.client);
  assert.deepEqual([...session.heard, ...again.heard], []);

  await at.broker.revoke(await authority.revoked(identity));
  await assert.rejects(mallory.connect(), 'the certificate is still taken');
  await delivered(at.observer, at.observer.client);
  assert.ok(!at.observer.heard.some(({ topic }) => topic === hello));
  await unharmed(at);
});

test('26 a topic of 200 levels, and a packet that is too large, end the connection of the sender and of nobody else', {
  skip,
}, async (t) => {
  const at = await site(t);
  const identity = await at.broker.authority.client(at.own.gateway);
  const { hello } = administrationTopics(at.own.tenant, at.own.gateway);
  const tooMuch = [
    ['a/'.repeat(210), 1],
    [hello, 262_144],
    [hello, 2 ** 22],
  ] as const;
  for (const [topic, bytes] of tooMuch) {
    const client = await at.broker.connect(t, identity);
    await raw(client, {
      cmd: 'publish',
      topic,
      payload: Buffer.alloc(bytes),
      qos: 1,
      dup: false,
      retain: false,
      messageId: 7,
    });
    await closed(client);
    await unharmed(at);
  }
  const longest = 'b'.repeat(65_535);
  assert.deepEqual(await attacker(t, at, identity).publish(longest), []);
  await delivered(at.observer, at.observer.client);
  assert.ok(at.observer.heard.every(({ payload }) => payload.length < 1000));
  await unharmed(at);
});

function address(url: string): { protocol: 'mqtt'; host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { protocol: 'mqtt', host: hostname, port: Number(port) };
}
