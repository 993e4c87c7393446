import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
import mqtt, { type MqttClient } from 'mqtt';
import type { BatchClass, Sample, SchemaEntry } from '@rackwatt/telemetry';
import {
  decodeBatch,
  decodeBody,
  decodeSchema,
  encodeAck,
  parseTopic,
  RangeSet,
  topicFilter,
  topics,
  type BatchMessage,
} from '@rackwatt/telemetry/wire';
import { Publisher, type PublisherOptions } from '@rackwatt/publisher-mqtt';
import { temporaryFolder } from '../support/temporary.js';
import { logbook } from '../outbox/support.js';

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  milliseconds = 15_000,
): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain until ${what}`);
    await sleep(10);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A real broker that a test can stop and start at the same place. */
export interface TestBroker {
  url: string;
  port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch (refused) {
    void refused;
    return false;
  } finally {
    socket.destroy();
  }
}

export async function mosquitto(t: TestContext, lines: string[] = ['allow_anonymous true']): Promise<TestBroker> {
  const port = await freePort();
  const file = join(temporaryFolder(t), 'mosquitto.conf');
  writeFileSync(file, [`listener ${port} 127.0.0.1`, 'set_tcp_nodelay true', 'log_type none', ...lines, ''].join('\n'));
  let child: ChildProcess | undefined;
  const broker: TestBroker = {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    async start() {
      child = spawn('mosquitto', ['-c', file], {
        stdio: 'ignore',
        env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
      });
      await until('mosquitto listens', () => answers(port));
    },
    async stop() {
      if (!child) return;
      const ending = child;
      child = undefined;
      if (ending.exitCode !== null) return;
      ending.kill('SIGKILL');
      await once(ending, 'exit');
    },
  };
  t.after(() => broker.stop());
  await broker.start();
  return broker;
}

export async function aedes(t: TestContext, configure: (broker: Aedes) => void = () => undefined): Promise<TestBroker> {
  const port = await freePort();
  let running: { broker: Aedes; server: Server; sockets: Set<Socket> } | undefined;
  const broker: TestBroker = {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    async start() {
      const made = await Aedes.createBroker();
      configure(made);
      const sockets = new Set<Socket>();
      const server = createServer({ noDelay: true }, (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        made.handle(socket);
      }).listen(port, '127.0.0.1');
      await once(server, 'listening');
      running = { broker: made, server, sockets };
    },
    async stop() {
      if (!running) return;
      const { broker: made, server, sockets } = running;
      running = undefined;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => made.close(() => resolve()));
      await closed;
    },
  };
  t.after(() => broker.stop());
  await broker.start();
  return broker;
}

/** A line between a gateway and its broker that a test can cut. */
export async function cuttable(t: TestContext, port: number): Promise<{ url: string; cut(): void }> {
  const pairs = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      pairs.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of pairs) socket.destroy();
  };
  t.after(() => {
    server.close();
    cut();
  });
  return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, cut };
}

export interface Received {
  batch: BatchMessage;
  samples: Sample[];
  at: number;
}

/** What a concentrator must do, and the ways in which it may fail to. */
export class FakeConcentrator {
  readonly #url: string;
  #client: MqttClient | undefined;
  /** Batches in the order in which they were first held, after deduplication. */
  held: Received[] = [];
  ranges: Record<string, RangeSet> = {};
  entries: SchemaEntry[] = [];
  /** Batches that came though they were held. */
  repeats = 0;
  arrived = 0;
  asked = 0;
  /** What to do with an acknowledgement: how often it is sent. */
  acknowledge: (batch: BatchMessage) => number = () => 1;
  /** Time from arrival to fsync, ms. */
  delay = 2;

  constructor(url: string) {
    this.#url = url;
  }

  async start(): Promise<void> {
    const client = mqtt.connect(this.#url, {
      protocolVersion: 4,
      reconnectPeriod: 50,
      clientId: `concentrator-${Math.random().toString(36).slice(2)}`,
    });
    this.#client = client;
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => void this.#received(topic, payload));
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    (client.stream as unknown as Socket).setNoDelay(true);
    await client.subscribeAsync(
      [topicFilter('live'), topicFilter('replay'), topicFilter('event'), topicFilter('schema')],
      { qos: 1 },
    );
  }

  async stop(): Promise<void> {
    await this.#client?.endAsync(true);
    this.#client = undefined;
  }

  /** Loses what it knew of point numbers, as one that was rebuilt. */
  forgetSchema(): void {
    this.entries = [];
  }

  numbers(device: string): RangeSet {
    const set = new RangeSet();
    for (const { samples } of this.held) {
      for (const sample of samples) {
        if (sample.device !== device) continue;
        if (set.has(sample.number)) throw new Error(`${device} ${sample.number} is held twice`);
        set.add(sample.number);
      }
    }
    return set;
  }

  async #received(topic: string, payload: Uint8Array): Promise<void> {
    const parsed = parseTopic(topic);
    const client = this.#client;
    if (!parsed || !client) return;
    if (parsed.kind === 'schema') {
      const known = this.entries.at(-1)?.version ?? 0;
      this.entries.push(...decodeSchema(payload).entries.filter((entry) => entry.version > known));
      return;
    }
    const batch = decodeBatch(Uint8Array.from(payload));
    this.arrived++;
    const ackTopic = topics(parsed.tenant, parsed.gateway).ack;
    const { epoch, class: name, sequence } = batch;
    const version = this.entries.at(-1)?.version ?? 0;
    if (batch.schema > version) {
      this.asked++;
      client.publish(ackTopic, Buffer.from(encodeAck({ epoch, class: name, ranges: [], needSchemaAfter: version })), {
        qos: 1,
      });
      return;
    }
    await sleep(this.delay);
    const ranges = (this.ranges[`${epoch} ${name}`] ??= new RangeSet());
    if (ranges.has(sequence)) this.repeats++;
    else {
      ranges.add(sequence);
      this.held.push({ batch, samples: decodeBody(batch.body).samples, at: Date.now() });
    }
    const times = this.acknowledge(batch);
    for (let i = 0; i < times && this.#client === client; i++) {
      client.publish(ackTopic, Buffer.from(encodeAck({ epoch, class: name, ranges: [[sequence, sequence]] })), {
        qos: 1,
      });
    }
  }
}

export async function concentrator(t: TestContext, url: string): Promise<FakeConcentrator> {
  const made = new FakeConcentrator(url);
  t.after(() => made.stop());
  await made.start();
  return made;
}

export async function openPublisher(
  t: TestContext,
  options: Pick<PublisherOptions, 'url' | 'outbox'> & Partial<PublisherOptions>,
): Promise<{ publisher: Publisher; lines: string[] }> {
  const log = logbook();
  const publisher = await Publisher.open({
    tenant: 'default',
    gateway: 'gw-1',
    version: '0.1.0',
    keepalive: 15,
    window: 32,
    replayRate: 0,
    resend: 300,
    log,
    ...options,
  });
  t.after(() => publisher.close());
  return { publisher, lines: log.lines };
}

export const classes: readonly BatchClass[] = ['live', 'replay', 'event'];
