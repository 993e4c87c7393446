import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { describe, test, type TestContext } from 'node:test';
import { generatedAgent, type Notification, type NotificationTarget, Notifier, Tag } from '@rackwatt/simulator';

/** The library's receiver is the peer: what it cannot read, another receiver could not either. */
interface Received {
  pdu: {
    type: number;
    enterprise?: string;
    generic?: number;
    specific?: number;
    upTime?: number;
    varbinds: { oid: string; value: unknown }[];
  };
}
interface Receiver {
  getAuthorizer(): { addCommunity(name: string): void; addUser(user: object): void };
  close(): void;
}
const net = createRequire(import.meta.url)('net-snmp') as {
  createReceiver(options: object, told: (error: Error | null, received: Received) => void): Receiver;
  SecurityLevel: Record<string, number>;
  AuthProtocols: Record<string, string>;
  PrivProtocols: Record<string, string>;
};

const OID = '1.3.6.1.4.1.318.0.268';
const NOTIFICATION: Notification = {
  oid: OID,
  upTime: 4711,
  varbinds: [
    { oid: '1.3.6.1.4.1.318.1.1.26.9.2.3.1.4.3', value: { type: Tag.Integer, value: 3 } },
    { oid: '1.3.6.1.4.1.318.2.3.3.0', value: { type: Tag.OctetString, value: 'Outlet 3 was switched on.' } },
  ],
};

interface Listening {
  target: NotificationTarget;
  received: Received[];
  next(count: number): Promise<Received>;
}

const USER = {
  user: 'sealed',
  authProtocol: 'sha256',
  authKey: 'authsecret',
  privProtocol: 'aes',
  privKey: 'privsecret',
} as const;

async function receiver(t: TestContext): Promise<Listening> {
  const received: Received[] = [];
  const waiting: (() => void)[] = [];
  const socket = createSocket('udp4');
  const bind = socket.bind.bind(socket);
  // The library takes 162 for 0.
  socket.bind = () => bind(0, '127.0.0.1');
  const up = once(socket, 'listening');
  const listening = net.createReceiver({ dgramModule: { createSocket: () => socket } }, (error, told) => {
    if (error) return;
    received.push(told);
    for (const go of waiting.splice(0)) go();
  });
  t.after(() => listening.close());
  const authorizer = listening.getAuthorizer();
  authorizer.addCommunity('traps');
  authorizer.addUser({
    name: USER.user,
    level: net.SecurityLevel['authPriv'],
    authProtocol: net.AuthProtocols['sha256'],
    authKey: USER.authKey,
    privProtocol: net.PrivProtocols['aes'],
    privKey: USER.privKey,
  });
  await up;
  const { port } = socket.address();
  return {
    target: { host: '127.0.0.1', port, community: 'traps', user: USER },
    received,
    async next(count) {
      while (received.length < count) await new Promise<void>((go) => waiting.push(go));
      return received[count - 1]!;
    },
  };
}

const plain = (value: unknown): unknown => (Buffer.isBuffer(value) ? value.toString() : value);

for (const [version, inform] of [
  ['2c', false],
  ['2c', true],
  ['3', false],
  ['3', true],
] as const)
  test(`${inform ? 'an inform' : 'a trap'} of v${version} is read by another implementation`, async (t) => {
    const { target, next } = await receiver(t);
    await using notifier = new Notifier();
    await notifier.send({ ...target, version, inform }, NOTIFICATION);
    const { pdu } = await next(1);
    assert.equal(pdu.type, inform ? 0xa6 : 0xa7);
    assert.deepEqual(
      pdu.varbinds.map(({ oid, value }) => [oid, plain(value)]),
      [
        ['1.3.6.1.2.1.1.3.0', 4711],
        ['1.3.6.1.6.3.1.1.4.1.0', OID],
        ['1.3.6.1.4.1.318.1.1.26.9.2.3.1.4.3', 3],
        ['1.3.6.1.4.1.318.2.3.3.0', 'Outlet 3 was switched on.'],
      ],
    );
  });

describe('a trap of v1', () => {
  for (const [oid, enterprise, generic, specific] of [
    [OID, '1.3.6.1.4.1.318', 6, 268],
    ['1.3.6.1.4.1.28507.43.3.1', '1.3.6.1.4.1.28507.43.3', 6, 1],
    ['1.3.6.1.6.3.1.1.5.1', '1.3.6.1.6.3.1.1', 0, 0],
  ] as const)
    test(`${oid} is ${enterprise}, ${generic}, ${specific}`, async (t) => {
      const { target, next } = await receiver(t);
      await using notifier = new Notifier();
      await notifier.send({ ...target, version: '1' }, { ...NOTIFICATION, oid });
      const { pdu } = await next(1);
      assert.deepEqual(
        [pdu.enterprise, pdu.generic, pdu.specific, pdu.upTime, pdu.varbinds.length],
        [enterprise, generic, specific, 4711, 2],
      );
    });
});

test('an inform that nobody acknowledges is one clear sentence', async (t) => {
  const { target, received } = await receiver(t);
  await using notifier = new Notifier();
  const impatient = { ...target, inform: true, timeout: 100, retries: 1 };
  await assert.rejects(notifier.send({ ...impatient, community: 'wrong' }, NOTIFICATION), {
    code: 'SNMP_NOT_ACKNOWLEDGED',
    message: /did not acknowledge the inform: it does not answer/,
  });
  assert.deepEqual(received, []);
});

test('a generated device sends the notifications of its profile, of its parts', async (t) => {
  const { target, next } = await receiver(t);
  const { device } = generatedAgent({ family: 'apc-rpdu2', seed: 'n', outlets: 4, phases: 1, load: 'light' });
  await using notifier = new Notifier();
  await notifier.send(target, device.notification('outletOn', 'outlet/3'));
  const { pdu } = await next(1);
  assert.equal(plain(pdu.varbinds[1]!.value), '1.3.6.1.4.1.318.0.41');
  assert.match(pdu.varbinds[2]!.oid, /\.3$/);
  assert.equal(plain(pdu.varbinds[3]!.value), 'outletOn of outlet/3');
  assert.throws(() => device.notification('noSuch'), {
    code: 'SIMULATOR_OPTION_INVALID',
    message: /no notification "noSuch"/,
  });
  assert.throws(() => device.notification('outletOn'), {
    message: /sent of a part such as outlet\/\{outlet\}, not of none/,
  });
});
