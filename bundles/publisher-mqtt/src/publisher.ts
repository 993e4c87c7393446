import type { MqttClient } from 'mqtt';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, errorRecord, RackwattError, type Health, type Logger } from 'rackwatt';
import type { Batch, BatchClass, Outbox } from '@rackwatt/telemetry';
import {
  BATCH_CLASSES,
  decodeAck,
  encodeBatch,
  encodeSchema,
  encodeState,
  RangeSet,
  systemClock,
  topics,
  type AckMessage,
  type Topics,
} from '@rackwatt/telemetry/wire';
import { Connection, type ConnectionOptions } from './connection.js';
import { Lane } from './lane.js';

export interface PublisherOptions extends Omit<ConnectionOptions, 'clientId' | 'will'> {
  tenant: string;
  gateway: string;
  version: string;
  /** Batches of live readings, or of events, that may wait for acknowledgement. */
  window: number;
  /** Bytes a second of replayed batches; 0: as fast as acknowledgements come. */
  replayRate: number;
  /** After how long a batch that is not acknowledged goes again, ms. */
  resend: number;
  outbox: Outbox;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const SWEEP = 500;
/** Bytes of batches that may wait for acknowledgement in a lane. */
const WINDOW_BYTES = 4 << 20;
/** Replayed batches are mostly small: many may wait, but few bytes may be on the line before what is live. */
const REPLAY = { window: 128, windowBytes: 2 << 20, wireBytes: 128 << 10 };
const ENTRIES_A_MESSAGE = 64;
/** Least time between two answers to a concentrator that asks for the schema, ms. */
const SCHEMA_PAUSE = 1000;
/** A trouble that did not come back for so long is over, ms. */
const COMPLAINT = 60_000;
/** How long the broker may take to hear that the gateway goes, ms. */
const FAREWELL = 1000;

/**
 * Sends what the outbox holds to a concentrator and deletes what that has acknowledged, which it does after its own fsync. A
 * broker's PUBACK deletes nothing.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #topics: Topics;
  readonly #clock = systemClock();
  readonly #connection: Connection;
  readonly #lanes: Record<BatchClass, Lane>;
  readonly #held = new Map<BatchClass, RangeSet>();
  readonly #sweep: NodeJS.Timeout;
  readonly #reader: AsyncIterator<BatchClass>;
  #client: MqttClient | undefined;
  #epoch: string;
  #schemaSent = 0;
  #schemaBusy: Promise<void> | undefined;
  #schemaWanted: number | undefined;
  #schemaAnswered = -Infinity;
  #deleting = false;
  #live = false;
  #lastAck: number | undefined;
  #lost: string | undefined = 'not connected yet';
  #complaint: { message: string; last: number } | undefined;

  private constructor(options: PublisherOptions, epoch: string) {
    const { tenant, gateway, outbox } = options;
    this.#options = options;
    this.#epoch = epoch;
    this.#topics = topics(tenant, gateway);
    const port = {
      fetch: (batchClass: BatchClass, after: number, limit: number) => outbox.batches(batchClass, after, limit),
      publish: (batch: Batch) => this.#publishBatch(batch),
      now: () => performance.now(),
      failed: (error: unknown) => this.#complain(error),
    };
    const direct = { window: options.window, windowBytes: WINDOW_BYTES, wireBytes: WINDOW_BYTES, rate: 0 };
    this.#lanes = {
      live: new Lane({ class: 'live', ...direct }, port),
      event: new Lane({ class: 'event', ...direct }, port),
      replay: new Lane({ class: 'replay', ...REPLAY, rate: options.replayRate }, port),
    };
    this.#reader = outbox.written()[Symbol.asyncIterator]();
    this.#sweep = setInterval(() => void this.#tend().catch((error: unknown) => this.#complain(error)), SWEEP);
    void this.#follow().catch((error: unknown) => this.#complain(error));
    const since = this.#clock.now();
    const will = encodeState({ state: 'offline', gateway, epoch, version: options.version, since });
    this.#connection = new Connection(
      { ...options, clientId: `rackwatt-${tenant}-${gateway}`, will: { topic: this.#topics.state, payload: will } },
      {
        opened: (client) => this.#opened(client),
        lost: (reason) => this.#closed(reason),
        message: (topic, payload) => this.#received(topic, payload),
      },
    );
  }

  /** @throws WIRE_INVALID when tenant or gateway cannot be part of a topic. */
  static async open(options: PublisherOptions): Promise<Publisher> {
    topics(options.tenant, options.gateway);
    const { epoch } = await options.outbox.status();
    return new Publisher(options, epoch);
  }

  /** Says that the gateway goes, and ends the connection. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    for (const lane of Object.values(this.#lanes)) lane.close();
    await this.#reader.return?.();
    const client = this.#client;
    this.#client = undefined;
    if (client?.connected) {
      const told = this.#publish(client, this.#topics.state, this.#state('offline'), true).catch((error: unknown) =>
        this.#options.log.warn({ error: errorMessage(error) }, 'the broker was not told that the gateway goes'),
      );
      await Promise.race([told, sleep(FAREWELL, undefined, { ref: false })]);
    }
    await this.#connection.close();
    await this.#setLive(false);
  }

  health(): Health {
    const waiting = Object.fromEntries(
      BATCH_CLASSES.map((name) => [`${name} unacknowledged`, this.#lanes[name].waiting]),
    );
    const figures = {
      ...waiting,
      ...(this.#lastAck === undefined ? {} : { 'last acknowledgement': new Date(this.#lastAck).toISOString() }),
    };
    const { url, resend } = this.#options;
    if (this.#lost !== undefined) {
      return {
        state: 'degraded',
        detail: `No connection to ${url}: ${this.#lost}. Readings wait in the outbox.`,
        figures,
      };
    }
    if (this.#complaint) return { state: 'degraded', detail: this.#complaint.message, figures };
    const since = Math.min(...BATCH_CLASSES.map((name) => this.#lanes[name].waitingSince ?? Infinity));
    if (performance.now() - since > resend * 3) {
      return {
        state: 'degraded',
        detail: `The broker ${url} takes batches, but no concentrator acknowledges them; check that one runs for this tenant.`,
        figures,
      };
    }
    return { state: 'ok', figures };
  }

  async #opened(client: MqttClient): Promise<void> {
    const { tenant, gateway, url, log } = this.#options;
    await this.#subscribe(client);
    await this.#publish(client, this.#topics.state, this.#state('online'), true);
    this.#client = client;
    this.#lost = undefined;
    log.info({ url, tenant, gateway }, 'connected to the broker');
    await this.#tend();
    await this.#sendSchema();
    if (this.#client !== client) return;
    for (const name of BATCH_CLASSES) this.#lanes[name].open();
  }

  async #subscribe(client: MqttClient): Promise<void> {
    try {
      await client.subscribeAsync(this.#topics.ack, { qos: 1 });
    } catch (error) {
      if (!client.connected) throw error;
      const text = `the broker does not let the gateway read ${this.#topics.ack}; check its rights`;
      throw new RackwattError('PUBLISHER_FORBIDDEN', text, { cause: error });
    }
  }

  #closed(reason: string): void {
    this.#client = undefined;
    this.#schemaBusy = undefined;
    this.#lost = reason;
    for (const lane of Object.values(this.#lanes)) lane.close();
    this.#options.log.warn(
      { url: this.#options.url, reason },
      'no connection to the broker; readings wait in the outbox',
    );
    void this.#setLive(false);
  }

  /** New batches go live as long as all that is live was sent and somebody acknowledges. */
  async #tend(): Promise<void> {
    const { live } = this.#lanes;
    const { epoch } = await this.#options.outbox.status();
    if (epoch !== this.#epoch) this.#begin(epoch);
    if (this.#complaint && performance.now() - this.#complaint.last > COMPLAINT) this.#complaint = undefined;
    if (!this.#client) return;
    for (const name of BATCH_CLASSES) {
      this.#lanes[name].resend(this.#options.resend);
      void this.#lanes[name].pump();
    }
    const stuck = performance.now() - (live.waitingSince ?? Infinity) > this.#options.resend;
    if (stuck || live.caughtUp) await this.#setLive(!stuck);
    if (this.#schemaWanted !== undefined) void this.#answerSchema().catch((error: unknown) => this.#complain(error));
    await this.#delete();
  }

  /** The outbox has a new file: nothing of the old one is there any more. */
  #begin(epoch: string): void {
    this.#epoch = epoch;
    this.#schemaSent = 0;
    this.#held.clear();
    if (!this.#client) return;
    for (const lane of Object.values(this.#lanes)) lane.open();
  }

  async #setLive(live: boolean): Promise<void> {
    if (live === this.#live) return;
    this.#live = live;
    try {
      await this.#options.outbox.setLive(live);
    } catch (error) {
      // The outbox that closes before its publisher needs no word.
      if (errorRecord(error).code !== 'OUTBOX_CLOSED') this.#complain(error);
    }
  }

  async #follow(): Promise<void> {
    for (let next = await this.#reader.next(); !next.done; next = await this.#reader.next())
      await this.#lanes[next.value].pump();
  }

  async #publishBatch(batch: Batch): Promise<void> {
    if (batch.schema > this.#schemaSent) await this.#sendSchema();
    const client = this.#client;
    if (!client) throw new RackwattError('PUBLISHER_OFFLINE', 'The connection to the broker is gone.');
    const sent = this.#clock.now();
    const message = encodeBatch({
      gateway: this.#options.gateway,
      epoch: batch.epoch,
      class: batch.class,
      sequence: batch.sequence,
      schema: batch.schema,
      sent,
      anchor: this.#clock.anchor(),
      replyTo: this.#topics.ack,
      expires: sent + this.#options.resend,
      body: batch.body,
    });
    await this.#publish(client, this.#topics[batch.class], message);
  }

  /** Sends the entries that the broker did not get yet. */
  #sendSchema(): Promise<void> {
    this.#schemaBusy ??= this.#sendEntries().finally(() => (this.#schemaBusy = undefined));
    return this.#schemaBusy;
  }

  async #sendEntries(): Promise<void> {
    const { gateway, outbox } = this.#options;
    for (;;) {
      const entries = await outbox.schema(this.#schemaSent);
      const last = entries.at(-1);
      const client = this.#client;
      if (!last || !client) return;
      const epoch = this.#epoch;
      for (let i = 0; i < entries.length; i += ENTRIES_A_MESSAGE) {
        const message = encodeSchema({ gateway, epoch, entries: entries.slice(i, i + ENTRIES_A_MESSAGE) });
        await this.#publish(client, this.#topics.schema, message);
      }
      if (epoch === this.#epoch) this.#schemaSent = last.version;
    }
  }

  /** A concentrator that lacks entries asks with each batch: it is answered once, then what it could not read goes again. */
  async #answerSchema(): Promise<void> {
    if (performance.now() - this.#schemaAnswered < SCHEMA_PAUSE) return;
    const after = this.#schemaWanted;
    if (after === undefined || !this.#client) return;
    this.#schemaWanted = undefined;
    this.#schemaAnswered = performance.now();
    await this.#schemaBusy;
    this.#schemaSent = Math.min(this.#schemaSent, after);
    await this.#sendSchema();
    for (const lane of Object.values(this.#lanes)) lane.resend(0);
  }

  #received(topic: string, payload: Uint8Array): void {
    if (topic !== this.#topics.ack) return;
    let ack: AckMessage;
    try {
      ack = decodeAck(payload);
    } catch (error) {
      this.#complain(error);
      return;
    }
    if (ack.epoch !== this.#epoch) return;
    this.#lastAck = this.#clock.now();
    const held = RangeSet.fromArray(ack.ranges);
    this.#lanes[ack.class].acknowledged(held);
    if (ack.ranges.length > 0) this.#hold(ack.class, held);
    if (ack.needSchemaAfter !== undefined) {
      this.#schemaWanted = Math.min(ack.needSchemaAfter, this.#schemaWanted ?? Infinity);
      void this.#answerSchema().catch((error: unknown) => this.#complain(error));
    }
    void this.#delete().catch((error: unknown) => this.#complain(error));
  }

  #hold(name: BatchClass, held: RangeSet): void {
    this.#held.set(name, held.union(this.#held.get(name) ?? new RangeSet()));
  }

  /** Deletes what is held, one call at a time; acknowledgements that come meanwhile go together. */
  async #delete(): Promise<void> {
    if (this.#deleting) return;
    this.#deleting = true;
    try {
      for (let next = this.#held.entries().next(); !next.done; next = this.#held.entries().next()) {
        const [name, held] = next.value;
        this.#held.delete(name);
        const { epoch } = await this.#options.outbox.status();
        if (epoch !== this.#epoch) return;
        try {
          await this.#options.outbox.acknowledge(name, held.toArray());
        } catch (error) {
          this.#hold(name, held);
          throw error;
        }
      }
    } finally {
      this.#deleting = false;
    }
  }

  #state(state: 'online' | 'offline'): Uint8Array {
    const { gateway, version } = this.#options;
    return encodeState({ state, gateway, epoch: this.#epoch, version, since: this.#clock.now() });
  }

  async #publish(client: MqttClient, topic: string, message: Uint8Array, retain = false): Promise<void> {
    await client.publishAsync(topic, Buffer.from(message.buffer, message.byteOffset, message.byteLength), {
      qos: 1,
      retain,
    });
  }

  /** One line for a trouble, however often it comes back. */
  #complain(error: unknown): void {
    const message = errorMessage(error);
    const known = this.#complaint?.message === message;
    this.#complaint = { message, last: performance.now() };
    if (!known) this.#options.log.warn({ code: errorRecord(error).code }, message);
  }
}
