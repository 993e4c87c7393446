/** Broker, concentrator and generator of the ingest bench, each a process of its own so that their CPU is told apart. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Broker } from '@rackwatt/broker';
import { Ingest } from '@rackwatt/ingest';
import { WorkerStore } from '@rackwatt/store-sqlite';
import type { MetricName, Sample } from '@rackwatt/telemetry';
import {
  type Anchor,
  decodeAck,
  encodeBatch,
  encodeBody,
  encodeSchema,
  parseTopic,
  topics,
} from '@rackwatt/telemetry/wire';
import { connectAsync, type MqttClient } from 'mqtt';

export interface Load {
  gateways: number;
  /** Samples of a batch, and points of a sample. */
  samples: number;
  points: number;
  /** Batches of a gateway that may wait for their acknowledgement. */
  window: number;
  /** Batches a second of all gateways; 0: as many as are acknowledged. */
  rate: number;
  milliseconds: number;
}

const CONNECTIONS = 4;
const METRICS: readonly { metric: MetricName; unit: string }[] = [
  { metric: 'power.active', unit: 'W' },
  { metric: 'current.rms', unit: 'A' },
  { metric: 'voltage.rms', unit: 'V' },
  { metric: 'energy.active', unit: 'W.h' },
  { metric: 'temperature', unit: 'Cel' },
];
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let state = 1;
function random(): number {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
}

/** Whole watts, amperes with two decimals, volts with one, rising watt-hours, degrees with one. */
function values(points: number, number: number): Float64Array {
  return Float64Array.from({ length: points }, (_, i) => {
    if (i % 5 === 0) return 120 + Math.floor(random() * 40);
    if (i % 5 === 1) return Math.round(50 + random() * 100) / 100;
    if (i % 5 === 2) return (2300 + Math.floor(random() * 20)) / 10;
    if (i % 5 === 3) return 1_000_000 + i * 5000 + number * 3;
    return (200 + Math.floor(random() * 10)) / 10;
  });
}

interface Gateway {
  name: string;
  client: MqttClient;
  sequence: number;
  open: Set<number>;
}

class Generator {
  readonly #load: Load;
  readonly #gateways = new Map<string, Gateway>();
  #acknowledged = 0;

  constructor(load: Load) {
    this.#load = load;
  }

  async connect(port: number): Promise<void> {
    const { gateways, samples, points } = this.#load;
    const clients = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => connectAsync(`mqtt://127.0.0.1:${port}`)),
    );
    for (const client of clients) {
      (client.stream as { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
      client.on('message', (topic, payload) => this.#heard(parseTopic(topic)!.gateway, payload));
    }
    for (let i = 0; i < gateways; i++) {
      const gateway = { name: `gw${i}`, client: clients[i % CONNECTIONS]!, sequence: 0, open: new Set<number>() };
      this.#gateways.set(gateway.name, gateway);
      const { ack, schema } = topics('default', gateway.name);
      await gateway.client.subscribeAsync(ack, { qos: 1 });
      const entries = Array.from({ length: samples }, (_, device) => ({
        version: device + 1,
        device: `pdu${device}`,
        identity: { vendor: 'Bench', serial: `${gateway.name}-${device}` },
        location: {},
        parts: [],
        firstPoint: device * points,
        points: Array.from({ length: points }, (_unused, point) => ({
          part: `outlet/${Math.floor(point / 5) + 1}`,
          ...METRICS[point % 5]!,
        })),
        interval: 10_000,
      }));
      await gateway.client.publishAsync(
        schema,
        Buffer.from(encodeSchema({ gateway: gateway.name, epoch: 'e', entries })),
        { qos: 1 },
      );
    }
  }

  #heard(name: string, payload: Uint8Array): void {
    const gateway = this.#gateways.get(name)!;
    const { ranges } = decodeAck(payload);
    for (const sequence of gateway.open) {
      if (!ranges.some(([from, to]) => sequence >= from && sequence <= to)) continue;
      gateway.open.delete(sequence);
      this.#acknowledged++;
    }
    if (this.#load.rate === 0) this.#fill(gateway);
  }

  #fill(gateway: Gateway): void {
    if (performance.now() < this.#end) while (gateway.open.size < this.#load.window) this.#send(gateway);
  }

  #send(gateway: Gateway): void {
    const { samples, points } = this.#load;
    const sequence = ++gateway.sequence;
    const time = performance.timeOrigin + performance.now();
    const anchor: Anchor = { boot: 'b', monotonic: process.hrtime.bigint(), wall: time };
    const content: Sample[] = Array.from({ length: samples }, (_, device) => ({
      device: `pdu${device}`,
      number: sequence,
      time,
      points: Uint32Array.from({ length: points }, (_unused, point) => device * points + point),
      values: values(points, sequence),
      quality: new Uint16Array(points),
      states: new Uint8Array(points),
    }));
    const body = encodeBody({ anchor, samples: content, gaps: [], events: [], statuses: [] });
    const message = encodeBatch({
      gateway: gateway.name,
      epoch: 'e',
      class: 'live',
      sequence,
      schema: samples,
      sent: time,
      anchor,
      body,
    });
    gateway.open.add(sequence);
    gateway.client.publish(topics('default', gateway.name).live, Buffer.from(message), { qos: 1 });
  }

  #end = 0;

  /** @returns batches acknowledged, and ms from the first one sent to the last one acknowledged. */
  async run(): Promise<{ acknowledged: number; milliseconds: number }> {
    const { rate, milliseconds } = this.#load;
    const began = performance.now();
    this.#end = began + milliseconds;
    if (rate === 0) for (const gateway of this.#gateways.values()) this.#fill(gateway);
    else await this.#paced(rate, began);
    const all = [...this.#gateways.values()];
    let last = performance.now();
    const patience = this.#end + 30_000;
    while (performance.now() < this.#end || (all.some(({ open }) => open.size > 0) && performance.now() < patience)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      last = performance.now();
    }
    return { acknowledged: this.#acknowledged, milliseconds: last - began };
  }

  async #paced(rate: number, began: number): Promise<void> {
    const all = [...this.#gateways.values()];
    for (let i = 0; performance.now() < this.#end; i++) {
      const due = began + (i * 1000) / rate;
      if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      this.#send(all[i % all.length]!);
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      [...new Set([...this.#gateways.values()].map(({ client }) => client))].map((client) => client.endAsync(true)),
    );
  }
}

/** Milliseconds from the time of a sample until its values are given as the latest. */
async function watch(store: WorkerStore, delays: number[]): Promise<void> {
  const seen = new Map<number, number>();
  for await (const values of store.changes()) {
    const now = performance.timeOrigin + performance.now();
    for (const { point, time } of values) {
      if (seen.get(point) === time) continue;
      seen.set(point, time);
      delays.push(now - time);
    }
  }
}

/** ms of CPU of this process since it was asked for last. */
let before = process.cpuUsage();
function cpu(): number {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  return (user + system) / 1000;
}

type Message =
  | { start: 'broker' }
  | { start: 'concentrator'; port: number; folder: string; watch: boolean }
  | { start: 'generator'; port: number; load: Load }
  | { cpu: true }
  | { figures: true };

let figures: () => Promise<unknown> = () => Promise.resolve(undefined);

async function start(message: Extract<Message, { start: string }>): Promise<unknown> {
  if (message.start === 'broker') {
    const { port } = await Broker.open({ host: '127.0.0.1', port: 0 });
    return port;
  }
  if (message.start === 'generator') {
    const generator = new Generator(message.load);
    await generator.connect(message.port);
    figures = async () => {
      cpu();
      const outcome = await generator.run();
      const used = cpu();
      await generator.close();
      return { ...outcome, cpu: used };
    };
    return 'connected';
  }
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
  const store = await WorkerStore.open({
    sqlite,
    file: join(message.folder, 'store.db'),
    maxBytes: 0,
    blockRows: 288,
    rawDays: 90,
  });
  const journal = { sqlite, file: join(message.folder, 'journal.db'), maxBytes: 512 << 20 };
  const ingest = await Ingest.open({
    url: `mqtt://127.0.0.1:${message.port}`,
    tenant: 'default',
    journal,
    store,
    log: silent,
  });
  while (ingest.health().state !== 'ok') await new Promise((resolve) => setTimeout(resolve, 10));
  const delays: number[] = [];
  if (message.watch) void watch(store, delays);
  figures = async () => ({
    readings: (await store.status()).readings,
    devices: (await store.devices()).length,
    delays: delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.99)],
  });
  return 'open';
}

if (process.send) {
  process.on('message', (message: Message) => {
    const answer = 'start' in message ? start(message) : 'cpu' in message ? Promise.resolve(cpu()) : figures();
    void answer.then((value) => process.send!({ value }));
  });
}
