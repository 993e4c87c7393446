import type { Store } from '@rackwatt/telemetry';
import { encodeAck, topicFilter, topics, type StateMessage } from '@rackwatt/telemetry/wire';
import { type Health, type Logger, errorMessage } from 'rackwatt';
import { Applier, type Entry } from './applier.js';
import { Complaints } from './complaints.js';
import { Connection } from './connection.js';
import { ingestError } from './errors.js';
import { Held } from './held.js';
import { type Arrival, arrivalOf, bodyOf, type Sender } from './intake.js';
import { type Incoming, rangesWith, rowOf, type Versions, versionsWith } from './incoming.js';
import { Journal } from './journal/client.js';
import type { JournalContent, JournalOptions } from './journal/protocol.js';
import { acknowledged, type Lane, Lanes } from './lanes.js';
import { ClockOffsets } from './time.js';

export interface IngestOptions {
  url: string;
  /** `+` takes all. */
  tenant: string;
  credentials?: { username: string; password: string } | undefined;
  journal: JournalOptions;
  store: Store;
  log: Logger;
  /** ms since 1970. */
  now?: () => number;
}

type BatchArrival = Extract<Arrival, { kind: 'live' | 'replay' | 'event' }>;
type SchemaArrival = Extract<Arrival, { kind: 'schema' }>;

/** Bytes that may wait for a commit before the broker is asked to wait. */
const MOST_PENDING = 32 << 20;
/** ms: how long the store's receipts and repeated acknowledgements may wait for company. */
const FLUSH = 500;
const REPEAT = 20;
/** Ranges of a lane, at most: an outbox leaves a few holes, where it was full. */
const MOST_HOLES = 10_000;
/** ms between two requests for one schema. */
const ASKING = 2000;

/**
 * Takes batches off the broker: decoded and looked through, written to the journal, acknowledged after its fsync, then given
 * to the store, then dropped from the journal. What is acknowledged is in the journal or in the store at any moment.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #journal: Journal;
  readonly #lanes = new Lanes();
  readonly #offsets = new ClockOffsets();
  readonly #held = new Held();
  readonly #complaints: Complaints;
  readonly #applier: Applier;
  readonly #connection: Connection;
  readonly #now: () => number;
  readonly #flushing: NodeJS.Timeout;
  readonly #states = new Map<string, StateMessage['state']>();
  readonly #asked = new Map<string, { after: number; until: number }>();
  #pending: Incoming[] = [];
  /** Schema versions that are being committed. */
  #underway: Versions = new Map();
  #pendingBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #done: number[] = [];
  #refused: number[] = [];
  #toAcknowledge = new Set<Lane>();
  #repeating: NodeJS.Timeout | undefined;
  #nextId: number;
  #committing: Promise<void> | undefined;
  #closed = false;
  #trouble: Error | undefined;
  readonly #counts = { batches: 0, readings: 0, duplicates: 0, bad: 0, refused: 0 };

  private constructor(options: IngestOptions, journal: Journal, content: JournalContent) {
    this.#options = options;
    this.#journal = journal;
    this.#now = options.now ?? Date.now;
    this.#complaints = new Complaints(options.log);
    this.#nextId = content.nextId;
    this.#applier = new Applier(options.store, {
      done: (entry) => void this.#done.push(entry.id),
      refused: (entry, reason) => this.#setAside(entry, reason),
      schemaMissing: ({ arrival }, after) => {
        this.#lanes.setVersion(arrival.sender.key, arrival.message.epoch, after);
        this.#ask(arrival.sender, arrival.message.epoch, after);
      },
    });
    this.#restore(content);
    this.#flushing = setInterval(() => this.#flush(), FLUSH);
    const { url, credentials, tenant, log } = options;
    this.#connection = new Connection({
      url,
      credentials,
      filters: (['schema', 'state', 'event', 'live', 'replay'] as const).map((kind) => topicFilter(kind, tenant)),
      message: (topic, payload) => this.#take(topic, payload),
      ready: () => this.#room?.promise,
      opened: () => log.info({ url }, 'taking batches from the broker'),
      lost: (reason) =>
        log.warn({ url, reason }, 'no connection to the broker; gateways keep what is not acknowledged'),
    });
  }

  /** @throws JOURNAL_OPEN_FAILED */
  static async open(options: IngestOptions): Promise<Ingest> {
    const { journal, content } = await Journal.open(options.journal);
    return new Ingest(options, journal, content);
  }

  /** What an earlier run acknowledged and the store may not have: it passes over what it has. */
  #restore({ lanes, versions, rows }: JournalContent): void {
    const severalTenants = this.#severalTenants;
    for (const { tenant, gateway, epoch, class: batchClass, ranges } of lanes) {
      const sender = { tenant, gateway, key: severalTenants ? `${tenant}/${gateway}` : gateway };
      const { durable } = this.#lanes.lane(sender, epoch, batchClass as Lane['class']);
      for (const [from, to] of ranges) durable.add(from, to);
    }
    for (const { gateway, epoch, version } of versions) this.#lanes.setVersion(gateway, epoch, version);
    for (const { id, topic, payload, received, offset } of rows) {
      try {
        const arrival = arrivalOf(topic, payload, severalTenants);
        if (arrival.kind !== 'state') this.#applier.add({ id, arrival, received, offset });
      } catch (error) {
        this.#refused.push(id);
        this.#options.log.error(
          { topic, error: errorMessage(error) },
          'a message of the journal cannot be read; it is set aside',
        );
      }
    }
  }

  get #severalTenants(): boolean {
    return this.#options.tenant === '+';
  }

  #take(topic: string, payload: Uint8Array): void {
    const received = this.#now();
    try {
      const arrival = arrivalOf(topic, payload, this.#severalTenants);
      if (arrival.kind === 'state') this.#states.set(arrival.sender.key, arrival.message.state);
      else if (arrival.kind === 'schema') this.#takeSchema(topic, arrival, received);
      else this.#takeBatch(topic, arrival, received);
    } catch (error) {
      this.#counts.bad++;
      this.#complaints.about(topic, error);
    }
  }

  #takeBatch(topic: string, arrival: BatchArrival, received: number): void {
    const { sender, message, payload } = arrival;
    const { epoch, sequence, schema, anchor, sent } = message;
    const lane = this.#lanes.lane(sender, epoch, message.class);
    if (lane.underway.has(sequence)) return;
    if (lane.durable.has(sequence)) {
      // Sent again because an acknowledgement was lost.
      this.#counts.duplicates++;
      this.#toAcknowledge.add(lane);
      this.#repeating ??= setTimeout(() => this.#acknowledge(), REPEAT);
      return;
    }
    if (lane.durable.ranges > MOST_HOLES) {
      throw ingestError(
        'INGEST_MESSAGE_INVALID',
        `Gateway ${sender.gateway} leaves out so many sequences that nothing new of epoch ${epoch} is taken.`,
        { epoch },
      );
    }
    const known = this.#lanes.version(sender.key, epoch);
    if (schema > known) {
      this.#held.keep(sender.key, epoch, sequence, { topic, arrival, received });
      // A schema that waits for its commit releases it.
      const coming = [...versionsWith(this.#lanes, this.#pending), ...this.#underway].some(
        ([key, { version }]) => key === `${sender.key}\n${epoch}` && version >= schema,
      );
      if (!coming) this.#ask(sender, epoch, known);
      return;
    }
    const body = bodyOf(message);
    const offset = this.#offsets.observe(sender.key, anchor, sent, received);
    lane.underway.add(sequence);
    this.#counts.batches++;
    for (const { points } of body.samples) this.#counts.readings += points.length;
    this.#write({ topic, lane, entry: { id: this.#nextId++, arrival, received, offset, body } }, payload.length);
  }

  #takeSchema(topic: string, arrival: SchemaArrival, received: number): void {
    const { sender, message, payload } = arrival;
    const known = this.#lanes.version(sender.key, message.epoch);
    const versions = new Set(message.entries.map(({ version }) => version));
    if (![...versions].some((version) => version > known)) return;
    if (!versions.has(known + 1)) {
      this.#ask(sender, message.epoch, known);
      return;
    }
    this.#write({ topic, entry: { id: this.#nextId++, arrival, received, offset: 0 } }, payload.length);
  }

  #write(incoming: Incoming, bytes: number): void {
    this.#pending.push(incoming);
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > MOST_PENDING) this.#room ??= Promise.withResolvers<void>();
    this.#committing ??= this.#commit();
  }

  /** Commits what is pending, as long as anything is: whatever comes during an fsync shares the next one. */
  async #commit(): Promise<void> {
    // One turn, so that messages that came in one piece share the first.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0 || this.#done.length > 0 || this.#refused.length > 0) {
      const [pending, done, refused] = [this.#pending, this.#done, this.#refused];
      this.#pending = [];
      this.#done = [];
      this.#refused = [];
      this.#pendingBytes = 0;
      const ranges = rangesWith(pending);
      const versions = versionsWith(this.#lanes, pending);
      this.#underway = versions;
      try {
        await this.#journal.commit({
          rows: pending.map(rowOf),
          lanes: [...ranges].map(
            ([
              {
                sender: { tenant, gateway },
                epoch,
                class: batchClass,
              },
              set,
            ]) => ({ tenant, gateway, epoch, class: batchClass, ranges: set.toArray() }),
          ),
          versions: [...versions.values()],
          done,
          refused,
        });
        this.#trouble = undefined;
        this.#underway = new Map();
      } catch (error) {
        this.#underway = new Map();
        // Not acknowledged, so it comes again.
        if (this.#trouble === undefined)
          this.#options.log.error({ error: errorMessage(error) }, 'nothing is acknowledged');
        this.#trouble = error as Error;
        for (const { lane, entry } of pending)
          if (lane && 'sequence' in entry.arrival.message) lane.underway.delete(entry.arrival.message.sequence);
        this.#done.push(...done);
        this.#refused.push(...refused);
        this.#giveRoom();
        break;
      }
      this.#committed(pending, versions.values());
      this.#giveRoom();
    }
    this.#committing = undefined;
  }

  #committed(pending: Incoming[], versions: Iterable<{ gateway: string; epoch: string; version: number }>): void {
    for (const { lane, entry } of pending) {
      if (lane && 'sequence' in entry.arrival.message) {
        const { sequence } = entry.arrival.message;
        lane.underway.delete(sequence);
        lane.durable.add(sequence);
        this.#toAcknowledge.add(lane);
      }
    }
    this.#acknowledge();
    for (const { entry } of pending) this.#applier.add(entry);
    for (const { gateway, epoch, version } of versions) {
      this.#lanes.setVersion(gateway, epoch, version);
      for (const { topic, arrival, received } of this.#held.release(gateway, epoch))
        this.#again(topic, arrival, received);
    }
  }

  #again(topic: string, arrival: BatchArrival, received: number): void {
    try {
      this.#takeBatch(topic, arrival, received);
    } catch (error) {
      this.#counts.bad++;
      this.#complaints.about(topic, error);
    }
  }

  #giveRoom(): void {
    if (this.#pendingBytes > MOST_PENDING) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** Tells gateways what is durable. */
  #acknowledge(): void {
    clearTimeout(this.#repeating);
    this.#repeating = undefined;
    for (const lane of this.#toAcknowledge)
      this.#send(lane.sender, { epoch: lane.epoch, class: lane.class, ranges: acknowledged(lane) });
    this.#toAcknowledge.clear();
  }

  #ask(sender: Sender, epoch: string, after: number): void {
    const key = `${sender.key}\n${epoch}`;
    const now = performance.now();
    const asked = this.#asked.get(key);
    if (asked?.after === after && now < asked.until) return;
    this.#asked.set(key, { after, until: now + ASKING });
    this.#send(sender, {
      epoch,
      class: 'live',
      ranges: acknowledged(this.#lanes.lane(sender, epoch, 'live')),
      needSchemaAfter: after,
    });
  }

  #send({ tenant, gateway }: Sender, ack: Parameters<typeof encodeAck>[0]): void {
    this.#connection.send(topics(tenant, gateway).ack, encodeAck(ack));
  }

  #setAside(entry: Entry, reason: string): void {
    this.#counts.refused++;
    this.#refused.push(entry.id);
    const { kind, sender } = entry.arrival;
    this.#options.log.error(
      { gateway: sender.key, kind, reason },
      'the store refuses a message for good; it is kept in the journal',
    );
  }

  #flush(): void {
    if (this.#closed) return;
    for (const { arrival } of this.#applier.blocked())
      this.#ask(arrival.sender, arrival.message.epoch, this.#lanes.version(arrival.sender.key, arrival.message.epoch));
    if (this.#pending.length > 0 || this.#done.length > 0 || this.#refused.length > 0)
      this.#committing ??= this.#commit();
  }

  health(): Health {
    const { batches, readings, duplicates, bad, refused } = this.#counts;
    const online = [...this.#states.values()].filter((state) => state === 'online').length;
    const figures = {
      batches,
      readings,
      duplicates,
      bad,
      refused,
      waiting: this.#applier.waiting,
      waitingForSchema: this.#applier.blocked().length,
      gateways: online,
    };
    const trouble = this.#trouble ?? this.#applier.trouble;
    if (trouble) return { state: 'failed', detail: trouble.message, figures };
    const lost = this.#connection.trouble;
    if (lost)
      return { state: 'degraded', detail: `No connection to the broker at ${this.#options.url}: ${lost}.`, figures };
    return { state: 'ok', figures };
  }

  /** Settles when the journal is closed; what it holds is applied by the next run. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#flushing);
    await this.#connection.close();
    clearTimeout(this.#repeating);
    this.#applier.close();
    this.#giveRoom();
    await (this.#committing ?? this.#commit());
    await this.#journal.close();
  }
}
