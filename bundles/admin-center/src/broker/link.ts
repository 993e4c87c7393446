import { randomBytes } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { errorMessage } from 'rackwatt';

export interface LinkOptions {
  url: string;
  account: { username: string; password: string } | undefined;
  /** Subscribed before it counts as open. */
  filters: string[];
  opened(): void;
  /** Once for each reason, not for each try. */
  lost(reason: string): void;
  message(topic: string, payload: Uint8Array): void;
}

const RECONNECT = 1000;

/** The center's own connection to the broker, made again for ever. */
export class BrokerLink {
  readonly #client: MqttClient;
  #open = false;
  #reason = 'it has not answered yet';

  constructor(options: LinkOptions) {
    const { url, account, filters } = options;
    const client = mqtt.connect(url, {
      ...account,
      clientId: `rackwatt-center-${randomBytes(6).toString('hex')}`,
      protocolVersion: 4,
      clean: true,
      resubscribe: false,
      reconnectPeriod: RECONNECT,
      queueQoSZero: false,
    });
    this.#client = client;
    client.on('connect', () => {
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

  /**
   * Sends now or not at all: what the library kept for the next connection would be the word of another time.
   * @throws when there is no connection
   */
  async publish(topic: string, payload: Buffer): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 0 });
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
