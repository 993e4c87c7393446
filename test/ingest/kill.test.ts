import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Broker } from '@rackwatt/broker';
import { RangeSet } from '@rackwatt/telemetry/wire';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';
import { entry, openIngest, openStore, POINTS, sample, TestGateway, until } from './support.js';

const concentrator = join(dirname(fileURLToPath(import.meta.url)), 'concentrator.js');

async function aedes(t: TestContext): Promise<number> {
  const broker = await Broker.open({ host: '127.0.0.1', port: 0 });
  t.after(() => broker.close());
  return broker.port;
}

async function mosquitto(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  const file = join(temporaryFolder(t), 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`);
  const broker = spawn('mosquitto', ['-c', file], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  t.after(() => broker.kill());
  await until('mosquitto listens', async () => {
    const socket = connect(port, '127.0.0.1');
    return await new Promise<boolean>((resolve) => {
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  });
  return port;
}

/** Sends batches 1 to `last` of both lanes again and again until all are acknowledged. */
async function sendAll(gateway: TestGateway, last: number): Promise<void> {
  await gateway.describe([entry(1, 'pdu')]);
  const bodies = { live: (i: number) => sample('pdu', 2 * i), replay: (i: number) => sample('pdu', 2 * i - 1) };
  for (;;) {
    let missing = 0;
    for (const lane of ['live', 'replay'] as const) {
      for (const [from, to] of gateway.acked[lane].complement(last)) {
        for (let i = from; i <= to && missing < 60; i++, missing++)
          await gateway.send(i, { samples: [bodies[lane](i)] }, { class: lane });
      }
    }
    if (missing === 0) return;
    if (gateway.acks.some(({ needSchemaAfter }) => needSchemaAfter !== undefined)) {
      gateway.acks.length = 0;
      await gateway.describe([entry(1, 'pdu')]);
    }
    await delay(20);
  }
}

for (const [name, open, skip] of [
  ['aedes', aedes, false],
  ['mosquitto', mosquitto, needsPeer('mosquitto')],
] as const) {
  test(`killing ingest and store again and again loses and doubles nothing that was acknowledged, over ${name}`, {
    skip,
    timeout: 150_000,
  }, async (t) => {
    const folder = temporaryFolder(t);
    const port = await open(t);
    const gateway = await TestGateway.open(port);
    t.after(() => gateway.close());
    const LAST = 2000;
    let finished = false;
    const sending = sendAll(gateway, LAST).then(() => (finished = true));
    let kills = 0;
    for (; !finished && kills < 12; kills++) {
      const child = spawn(process.execPath, [concentrator, folder, String(port)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(child, 'close');
      const [first] = (await Promise.race([once(child.stdout, 'data'), closed])) as [Buffer | number];
      assert.ok(first instanceof Buffer, 'the concentrator starts');
      await Promise.race([sending, delay(150 + kills * 23)]);
      child.kill('SIGKILL');
      await closed;
    }
    assert.ok(kills >= 5, `${kills} kills`);
    const acknowledged = {
      live: new RangeSet().union(gateway.acked.live),
      replay: new RangeSet().union(gateway.acked.replay),
    };
    assert.ok(acknowledged.live.count > 50, `${acknowledged.live.count} batches were acknowledged meanwhile`);
    // The last run applies what is in the journal, and takes the rest.
    const store = await openStore(folder);
    const ingest = await openIngest(folder, port, store);
    t.after(async () => {
      await ingest.close();
      await store.close();
    });
    await sending;
    await until('all is in the store', async () => (await store.status()).readings >= 2 * LAST * POINTS);
    assert.deepEqual(await store.numbers('gw1/pdu'), { ranges: [[1, 2 * LAST]], doubled: 0 });
    assert.equal((await store.status()).readings, 2 * LAST * POINTS);
  });
}

test('what was acknowledged when the kill came is stored without being sent again', { timeout: 60_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const port = await aedes(t);
  const gateway = await TestGateway.open(port);
  t.after(() => gateway.close());
  const child = spawn(process.execPath, [concentrator, folder, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let state = '';
  child.stdout.on('data', (chunk: Buffer) => (state = chunk.toString()));
  await until('it is connected', () => state.includes('+'));
  await gateway.describe([entry(1, 'pdu')]);
  let next = 1;
  while (gateway.acked.live.count < 100) await gateway.send(next, { samples: [sample('pdu', next++)] });
  child.kill('SIGKILL');
  await closed;
  const acknowledged = gateway.acked.live.toArray();
  const store = await openStore(folder);
  const ingest = await openIngest(folder, port, store);
  t.after(async () => {
    await ingest.close();
    await store.close();
  });
  const missing = async (): Promise<number> => {
    const { ranges } = await store.numbers('gw1/pdu').catch(() => ({ ranges: [] as [number, number][] }));
    const stored = RangeSet.fromArray(ranges);
    return acknowledged.reduce((sum, [from, to]) => sum + stored.complement(to, from).length, 0);
  };
  await until('every acknowledged batch is stored', async () => (await missing()) === 0);
});
