import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { EventEmitter, once as onceOf } from 'node:events';
import { connect as tcp } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Broker, PacketLimit, isLoopback } from '@rackwatt/broker';
import fc from 'fast-check';
import { connectAsync } from 'mqtt';
import { needsPeer } from '../support/peers.js';

/** mqtt.js types its events too narrowly for `once`. */
const once = (emitter: unknown, event: string): Promise<unknown[]> => onceOf(emitter as EventEmitter, event);

const local = { host: '127.0.0.1', port: 0 };

function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    new Promise<T>((_, reject) => setTimeout(() => reject(new Error('too late')), milliseconds).unref()),
  ]);
}

test('a message published with QoS 1 reaches a subscriber whole', async (t) => {
  const broker = await Broker.open(local);
  t.after(() => broker.close());
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  t.after(() => client.endAsync(true));
  await client.subscribeAsync('rackwatt/v1/+/+/data/live', { qos: 1 });
  const arrived = once(client, 'message');
  const body = Buffer.alloc(100_000, 7);
  await client.publishAsync('rackwatt/v1/default/gw/data/live', body, { qos: 1 });
  const [topic, payload] = (await within(5000, arrived)) as [string, Buffer];
  assert.equal(topic, 'rackwatt/v1/default/gw/data/live');
  assert.ok(payload.equals(body));
  assert.equal(broker.clients, 1);
});

test("mosquitto's own clients are served", { skip: needsPeer('mosquitto_sub') }, async (t) => {
  const broker = await Broker.open(local);
  t.after(() => broker.close());
  const port = String(broker.port);
  const run = promisify(execFile);
  await run('mosquitto_pub', ['-p', port, '-t', 'a/b', '-q', '1', '-r', '-m', 'hello']);
  const { stdout } = await run('mosquitto_sub', ['-p', port, '-t', 'a/+', '-q', '1', '-C', '1', '-W', '5']);
  assert.equal(stdout, 'hello\n');
});

test('a taken port is told in one sentence, and nothing stays open', async (t) => {
  const first = await Broker.open(local);
  t.after(() => first.close());
  await assert.rejects(
    Broker.open({ host: '127.0.0.1', port: first.port }),
    (error: Error & { code: string; context: { port: number } }) => {
      assert.equal(error.code, 'BROKER_PORT_IN_USE');
      assert.equal(error.context.port, first.port);
      assert.match(error.message, new RegExp(`Port ${first.port} on 127\\.0\\.0\\.1 is taken.*"port"`));
      return true;
    },
  );
});

test('an address that other machines reach is refused unless it is allowed', async () => {
  await assert.rejects(Broker.open({ host: '0.0.0.0', port: 0 }), { code: 'BROKER_HOST_NOT_LOCAL' });
  const broker = await Broker.open({ host: '0.0.0.0', port: 0, allowRemote: true });
  await broker.close();
  assert.deepEqual(
    ['127.0.0.1', '127.3.2.1', '::1', 'localhost', '10.0.0.1', '127.evil.example', '::'].map(isLoopback),
    [true, true, true, true, false, false, false],
  );
});

test('closing ends every connection, also one that never spoke, and frees the port', async () => {
  const broker = await Broker.open(local);
  const { port } = broker;
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 });
  const silent = tcp(port, '127.0.0.1');
  await once(silent, 'connect');
  const gone = Promise.all([once(client, 'close'), once(silent, 'close')]);
  await within(5000, broker.close());
  await within(5000, gone);
  await client.endAsync(true);
  const again = await Broker.open({ host: '127.0.0.1', port });
  await again.close();
});

test('a packet over the limit ends its connection before it is collected, and others are served on', async (t) => {
  const troubles: string[] = [];
  const broker = await Broker.open({
    ...local,
    maxPacket: 10_000,
    onTrouble: (_client, error) => void troubles.push(error.message),
  });
  t.after(() => broker.close());
  const good = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  const bad = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  t.after(() => good.endAsync(true));
  bad.on('error', () => undefined);
  const closed = once(bad, 'close');
  bad.publish('a', Buffer.alloc(20_000), { qos: 1 });
  await within(5000, closed);
  await bad.endAsync(true);
  await good.publishAsync('a', Buffer.alloc(9000), { qos: 1 });
  assert.match(troubles.join(), /more than 10000 bytes/);
});

test('garbage ends its own connection alone', async (t) => {
  const broker = await Broker.open(local);
  t.after(() => broker.close());
  for (const bytes of [
    [0xff, 0xff, 0xff, 0xff, 0xff],
    [0x10, 0x02, 0x00, 0x00],
    [0x30, 0x80, 0x80, 0x80, 0x80, 0x01],
  ]) {
    const socket = tcp(broker.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Uint8Array.from(bytes));
    socket.resume();
    await within(5000, once(socket, 'close'));
  }
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  await client.endAsync();
});

test('a client that leaves keeps no session, so that nothing is kept for it', async (t) => {
  const broker = await Broker.open(local);
  t.after(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const first = await connectAsync(url, { clientId: 'one', clean: false, reconnectPeriod: 0 });
  await first.subscribeAsync('a', { qos: 1 });
  await first.endAsync();
  const sender = await connectAsync(url, { reconnectPeriod: 0 });
  t.after(() => sender.endAsync(true));
  await sender.publishAsync('a', 'while away', { qos: 1 });
  const again = await connectAsync(url, { clientId: 'one', clean: false, reconnectPeriod: 0 });
  t.after(() => again.endAsync(true));
  const arrived: string[] = [];
  again.on('message', (_topic, payload) => void arrived.push(payload.toString()));
  await again.subscribeAsync('b', { qos: 1 });
  await sender.publishAsync('b', 'now', { qos: 1 });
  while (arrived.length === 0) await within(5000, once(again, 'message'));
  assert.deepEqual(arrived, ['now']);
});

test('the limit sees packets however the bytes are cut', () => {
  const packet = (length: number): number[] => {
    const digits: number[] = [];
    let rest = length;
    do {
      digits.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
      rest = Math.floor(rest / 128);
    } while (rest > 0);
    return [0x30, ...digits, ...Array.from({ length }, () => 0xff)];
  };
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 50 }),
      (lengths, cut) => {
        const bytes = Uint8Array.from(lengths.flatMap(packet));
        const limit = new PacketLimit(300);
        let within = true;
        for (let at = 0; at < bytes.length && within; at += cut) within = limit.take(bytes.subarray(at, at + cut));
        assert.equal(
          within,
          lengths.every((length) => length <= 300),
        );
      },
    ),
  );
});
