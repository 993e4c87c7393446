import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Ingest, type IngestOptions } from '@rackwatt/ingest';
import { WorkerStore } from '@rackwatt/store-sqlite';
import type { BatchClass, Sample, SchemaEntry } from '@rackwatt/telemetry';
import {
  type AckMessage,
  type Anchor,
  type BatchBody,
  decodeAck,
  encodeBatch,
  encodeBody,
  encodeSchema,
  RangeSet,
  topics,
  type Topics,
} from '@rackwatt/telemetry/wire';
import { connectAsync, type MqttClient } from 'mqtt';

export const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
export const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
export const T0 = Date.UTC(2026, 10, 23);
export const POINTS = 20;

export function openStore(folder: string): Promise<WorkerStore> {
  return WorkerStore.open({ sqlite, file: join(folder, 'store.db'), maxBytes: 0, blockRows: 288, rawDays: 90 });
}

export function openIngest(
  folder: string,
  port: number,
  store: IngestOptions['store'],
  more: Partial<IngestOptions> = {},
): Promise<Ingest> {
  const journal = { sqlite, file: join(folder, 'journal.db'), maxBytes: 64 << 20 };
  return Ingest.open({ url: `mqtt://127.0.0.1:${port}`, tenant: 'default', journal, store, log: silent, ...more });
}

/** Waits until something holds, and says what it waited for when it does not. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  milliseconds = 10_000,
): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await delay(20);
  }
}

export function entry(version: number, device: string, firstPoint = 0): SchemaEntry {
  return {
    version,
    device,
    identity: { vendor: 'APC', serial: `S-${device}` },
    location: { rack: 'R1' },
    parts: [],
    firstPoint,
    points: Array.from({ length: POINTS }, (_, i) => ({ part: `outlet/${i + 1}`, metric: 'power.active', unit: 'W' })),
    interval: 1000,
  };
}

export function sample(device: string, number: number, time = T0 + number * 1000, firstPoint = 0): Sample {
  return {
    device,
    number,
    time,
    points: Uint32Array.from({ length: POINTS }, (_, i) => firstPoint + i),
    values: Float64Array.from({ length: POINTS }, (_, i) => number + i / 10),
    quality: new Uint16Array(POINTS),
    states: new Uint8Array(POINTS),
  };
}

/** A gateway's side of the wire: sends what it is told, and remembers what was acknowledged. */
export class TestGateway {
  readonly topics: Topics;
  readonly acked: Record<BatchClass, RangeSet> = {
    live: new RangeSet(),
    replay: new RangeSet(),
    event: new RangeSet(),
  };
  readonly acks: AckMessage[] = [];
  readonly #client: MqttClient;
  readonly name: string;
  readonly epoch: string;
  boot = 'boot-1';
  /** How far its clock is ahead, ms. */
  ahead = 0;

  private constructor(client: MqttClient, name: string, epoch: string) {
    this.#client = client;
    this.name = name;
    this.epoch = epoch;
    this.topics = topics('default', name);
    client.on('message', (_topic, payload) => {
      const ack = decodeAck(payload);
      this.acks.push(ack);
      for (const [from, to] of ack.ranges) this.acked[ack.class].add(from, to);
    });
  }

  static async open(port: number, name = 'gw1', epoch = 'e1'): Promise<TestGateway> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 200 });
    const gateway = new TestGateway(client, name, epoch);
    await client.subscribeAsync(gateway.topics.ack, { qos: 1 });
    return gateway;
  }

  anchor(): Anchor {
    return { boot: this.boot, monotonic: process.hrtime.bigint(), wall: Date.now() + this.ahead };
  }

  describe(entries: SchemaEntry[]): Promise<unknown> {
    return this.raw(this.topics.schema, encodeSchema({ gateway: this.name, epoch: this.epoch, entries }));
  }

  batch(sequence: number, body: Partial<BatchBody>, more: { class?: BatchClass; schema?: number } = {}): Uint8Array {
    const encoded = encodeBody({ samples: [], gaps: [], events: [], statuses: [], ...body });
    const { class: batchClass = 'live', schema = 1 } = more;
    return encodeBatch({
      gateway: this.name,
      epoch: this.epoch,
      class: batchClass,
      sequence,
      schema,
      sent: Date.now() + this.ahead,
      anchor: this.anchor(),
      body: encoded,
    });
  }

  send(
    sequence: number,
    body: Partial<BatchBody>,
    more: { class?: BatchClass; schema?: number } = {},
  ): Promise<unknown> {
    return this.raw(this.topics[more.class ?? 'live'], this.batch(sequence, body, more));
  }

  raw(topic: string, payload: Uint8Array): Promise<unknown> {
    return this.#client.publishAsync(topic, Buffer.from(payload), { qos: 1 });
  }

  close(): Promise<void> {
    return this.#client.endAsync(true);
  }
}
