import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { administrationTopics, newGatewayId } from '@rackwatt/fleet';
import { GatewayBroker } from '@rackwatt/admin-center/dist/broker/index.js';
import { Broker } from '@rackwatt/broker';
import { Doorbell, type DoorbellOptions } from '@rackwatt/remote-admin/dist/doorbell.js';
import { logbook } from '../outbox/support.js';
import { Authority, type Identity } from './authority.js';
import { delivered, skip, TENANT, TestBroker, until } from './support.js';

const QUICK = { first: 20, longest: 100, refused: 3_600_000, ring: 1 };

interface Hung {
  bell: Doorbell;
  rings: () => number;
  /** How often it asked for its identity, which it does at each try. */
  tries: () => number;
}

function hang(
  t: TestContext,
  { authority, url }: { authority: Authority; url: string },
  identity: Identity,
  options: Partial<DoorbellOptions> & { gateway: string },
  signal?: AbortSignal,
): Hung {
  let [rings, tries] = [0, 0];
  const bell = new Doorbell(
    {
      url,
      tenant: TENANT,
      identity: async () => {
        tries++;
        return { root: authority.pem, certificate: identity.cert, key: identity.key };
      },
      ring: () => void rings++,
      log: logbook(),
      pauses: QUICK,
      ...options,
    },
    signal,
  );
  t.after(() => bell.close());
  return { bell, rings: () => rings, tries: () => tries };
}

async function center(t: TestContext, broker: TestBroker, hello?: (id: string) => void): Promise<GatewayBroker> {
  const rights = broker.rights(t, { hello: ({ gateway }) => hello?.(gateway) });
  await until('the center is connected', () => rights.health().state === 'ok');
  return rights;
}

test('the center rings, and the gateway rings when it comes, each time', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const said: string[] = [];
  const rights = await center(t, broker, (id) => said.push(id));
  const [own, other] = [broker.gateway(), broker.gateway()];
  await rights.setGateways([own, other]);
  const identity = await broker.authority.client(own.gateway);
  const { bell, rings } = hang(t, broker, identity, own);
  const neighbour = hang(t, broker, await broker.authority.client(other.gateway), other);
  await until('both are there', () => bell.trouble === undefined && neighbour.bell.trouble === undefined);
  await until('they said so', () => said.length === 2);
  assert.deepEqual(said.toSorted(), [own.gateway, other.gateway].toSorted());
  await until('they look, as they may have missed a ring', () => rings() === 1 && neighbour.rings() === 1);
  rights.ring(own);
  await until('it rings', () => rings() === 2);
  assert.equal(neighbour.rings(), 1, 'only there');
});

test('28 a ring that was lost is harmless: whoever comes back looks, whatever the broker kept', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = await center(t, broker);
  const gateway = broker.gateway();
  await rights.setGateways([gateway]);
  const identity = await broker.authority.client(gateway.gateway);
  const first = hang(t, broker, identity, gateway);
  await until('it is there', () => first.rings() === 1);
  first.bell.close();
  const observer = await broker.observer(t);
  for (let i = 0; i < 300; i++) rights.ring(gateway);
  const { poke } = administrationTopics(gateway.tenant, gateway.gateway);
  await until('all rings were taken', () => observer.heard.filter(({ topic }) => topic === poke).length === 300);
  await delivered(observer, observer.client);
  const second = hang(t, broker, identity, gateway);
  await until('it looks', () => second.rings() === 1);
  rights.ring(gateway);
  await until('and hears the next', () => second.rings() === 2);
});

test('a broker that is away is tried again, with no ring lost', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = await center(t, broker);
  const gateway = broker.gateway();
  await rights.setGateways([gateway]);
  const { bell, rings, tries } = hang(t, broker, await broker.authority.client(gateway.gateway), gateway);
  await until('it is there', () => rings() === 1);
  await broker.stop();
  await until('it tried some times', () => bell.trouble !== undefined && tries() > 4);
  await broker.start();
  await until('it is back and looks', () => rings() === 2);
});

test('a refusal is not tried again soon: revoked, unknown authority, expired, or without rights', {
  skip,
}, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = await center(t, broker);
  const gateway = broker.gateway();
  await rights.setGateways([gateway]);
  const revoked = await broker.authority.client(gateway.gateway);
  await broker.revoke(await broker.authority.revoked(revoked));
  const stranger = broker.gateway();
  const other = await Authority.create('another');
  const refusals: Record<string, Hung> = {
    revoked: hang(t, broker, revoked, gateway),
    'other authority': hang(t, broker, await other.client(gateway.gateway), gateway),
    expired: hang(t, broker, await broker.authority.client(gateway.gateway, -1), gateway),
    'no rights': hang(t, broker, await broker.authority.client(stranger.gateway), stranger),
    'not the pinned root': hang(t, { url: broker.url, authority: other }, revoked, gateway),
  };
  for (const [name, { bell }] of Object.entries(refusals))
    await until(`${name} is refused`, () => bell.trouble !== 'it is not connected yet');
  await sleep(500);
  for (const [name, { tries, rings, bell }] of Object.entries(refusals))
    assert.deepEqual([name, tries(), rings()], [name, 1, 0], bell.trouble);
});

test('what ends remote administration ends the doorbell at once, connected or on its way', { skip }, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = await center(t, broker);
  const gateway = broker.gateway();
  await rights.setGateways([gateway]);
  const identity = await broker.authority.client(gateway.gateway);
  const off = new AbortController();
  const { rings, tries } = hang(t, broker, identity, gateway, off.signal);
  await until('it is there', () => rings() === 1);
  const observer = await broker.observer(t);
  off.abort();
  rights.ring(gateway);
  await until('the broker knows', () => broker.log.includes(`Client ${gateway.gateway} `));
  await delivered(observer, observer.client);
  assert.deepEqual([rings(), tries()], [1, 1]);

  // A server that takes the connection and says nothing: the handshake is under way.
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const mute = { authority: broker.authority, url: `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const second = new AbortController();
  hang(t, mute, identity, gateway, second.signal);
  await until('it is on its way', () => sockets.length === 1);
  const ended = once(sockets[0]!.resume(), 'close');
  second.abort();
  await ended;

  const never = hang(t, broker, identity, gateway, AbortSignal.abort());
  assert.equal(never.tries(), 0);
});

test('a broker that rings without end is heard once in a while, and one that sends without end is left', {
  skip,
}, async (t) => {
  const broker = await TestBroker.start(t);
  const rights = await center(t, broker);
  const gateway = broker.gateway();
  await rights.setGateways([gateway]);
  const identity = await broker.authority.client(gateway.gateway);
  const { rings } = hang(t, broker, identity, { ...gateway, pauses: { ...QUICK, ring: 3_600_000 } });
  await until('it is there', () => rings() === 1);
  const observer = await broker.observer(t);
  for (let i = 0; i < 50; i++) rights.ring(gateway);
  await until(
    'all rings were taken',
    () => observer.heard.filter(({ topic }) => topic.endsWith('/poke')).length === 50,
  );
  await sleep(100);
  assert.equal(rings(), 1);

  const { cert, key } = await broker.authority.server();
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('error', () => undefined);
    // CONNACK, then a PUBLISH of 256 MB which never ends.
    socket.write(Buffer.from([0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f]));
    const more = (): void => void (socket.writable && socket.write(Buffer.alloc(1 << 16), more));
    more();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const endless = { authority: broker.authority, url: `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const flooded = hang(t, endless, identity, gateway);
  await until('it left', () => /packets of more than/.test(flooded.bell.trouble ?? ''));
});

test('over the embedded broker, on one machine, the center rings as well; it has no rights to give there', async (t) => {
  const embedded = await Broker.open({ host: '127.0.0.1', port: 0 });
  t.after(() => embedded.close());
  const url = `mqtt://127.0.0.1:${embedded.port}`;
  const gateway = { tenant: TENANT, gateway: newGatewayId() };
  const said: string[] = [];
  const rights = new GatewayBroker({ url, hello: ({ gateway: id }) => said.push(id), log: logbook() });
  t.after(() => rights.close());
  await until('the center is connected', () => rights.health().state === 'ok');
  await rights.setGateways([gateway]);
  const authority = await Authority.create('Rackwatt gateways');
  const { rings } = hang(t, { authority, url }, await authority.client(gateway.gateway), gateway);
  await until('it is there', () => rings() === 1 && said.length === 1);
  rights.ring(gateway);
  await until('it rings', () => rings() === 2);
});

test('a doorbell without TLS is refused beyond the machine: nobody would know whose it is', () => {
  const identity = async () => ({ root: '', certificate: '', key: '' });
  const options = { tenant: TENANT, gateway: 'x', identity, ring: () => undefined, log: logbook() };
  for (const url of [
    'mqtt://center.example',
    'mqtt://127.0.0.1.example',
    'ws://127.0.0.1',
    'center.example',
    'mqtts://',
    '',
  ])
    assert.throws(() => new Doorbell({ ...options, url }), { code: 'DOORBELL_URL' });
});
