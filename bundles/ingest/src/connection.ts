import { randomBytes } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { errorMessage } from 'rackwatt';

export interface ConnectionOptions {
  url: string;
  filters: string[];
  credentials?: { username: string; password: string } | undefined;
  message(topic: string, payload: Uint8Array): void;
  /** Settles when more messages can be taken: what the broker has waits until then. */
  ready(): Promise<void> | undefined;
  opened(): void;
  lost(reason: string): void;
}

const RECONNECT = 1000;

async function whenReady(ready: Promise<void>, done: () => void): Promise<void> {
  await ready;
  done();
}

/** The subscription: made again for ever, without a session, since gateways send again what was not acknowledged. */
export class Connection {
  readonly #client: MqttClient;
  #open = false;
  #reason = 'it has not answered yet';

  constructor(options: ConnectionOptions) {
    const { url, filters, credentials } = options;
    const client = mqtt.connect(url, {
      clientId: `rackwatt-ingest-${randomBytes(6).toString('hex')}`,
      protocolVersion: 4,
      clean: true,
      resubscribe: false,
      reconnectPeriod: RECONNECT,
      queueQoSZero: false,
      ...credentials,
    });
    this.#client = client;
    client.handleMessage = (_packet, done) => {
      const ready = options.ready();
      if (ready) void whenReady(ready, done);
      else done();
    };
    client.on('connect', () => {
      (client.stream as { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
      client.subscribeAsync(filters, { qos: 1 }).then(
        () => {
          this.#open = true;
          options.opened();
        },
        (error: unknown) => {
          this.#reason = errorMessage(error);
          // Not allowed, or gone again: the next connection tries anew.
          client.stream.destroy();
        },
      );
    });
    client.on('message', (topic, payload) => options.message(topic, payload));
    client.on('error', (error) => (this.#reason = errorMessage(error) || String((error as { code?: unknown }).code)));
    let told = '';
    client.on('close', () => {
      if (this.#open || told !== this.#reason) options.lost(this.#reason);
      told = this.#reason;
      this.#open = false;
    });
  }

  /** Why there is none; undefined when it is open. */
  get trouble(): string | undefined {
    return this.#open ? undefined : this.#reason;
  }

  /** Sends what is of no use later: dropped while there is no connection. */
  send(topic: string, payload: Uint8Array): void {
    if (this.#client.connected)
      this.#client.publish(topic, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), { qos: 0 });
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
