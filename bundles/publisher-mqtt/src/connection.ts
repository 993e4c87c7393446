import { readFileSync } from 'node:fs';
import { errorMessage, RackwattError } from 'rackwatt';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

export interface ConnectionOptions {
  url: string;
  clientId: string;
  credentials?: { username: string; password: string } | undefined;
  /** Paths of PEM files. */
  tls?: { ca?: string; cert?: string; key?: string } | undefined;
  /** Seconds. */
  keepalive: number;
  /** Topic and payload of the last will, retained. */
  will: { topic: string; payload: Uint8Array };
}

export interface ConnectionEvents {
  /** Connected, with nothing under way. A rejection ends the connection, as if it had failed. */
  opened(client: MqttClient): Promise<void>;
  /** Not connected any more, or not yet; once for each reason, not for each try. */
  lost(reason: string): void;
  message(topic: string, payload: Uint8Array): void;
}

/** Pause before the next try, ms: doubles from the first to the second, and is spread by half so that gateways do not come back all at once. */
const PAUSE = [500, 5_000] as const;

const CONNECT_TIMEOUT = 10_000;

/** What brokers refuse, by MQTT 3.1.1 return code (section 3.2.2.3). */
const REFUSALS: Record<number, string> = {
  1: 'the broker does not speak MQTT 3.1.1',
  2: 'the broker refuses the client id',
  3: 'the broker is not available',
  4: 'the broker refuses the user name or password',
  5: 'the broker refuses access; check the credentials, and the rights of the gateway',
};

function pem(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RackwattError(
      'PUBLISHER_TLS',
      `The file ${path} of the TLS configuration cannot be read (${errorMessage(error)}).`,
      { cause: error },
    );
  }
}

/**
 * A connection to a broker that is made again for ever. Each try is a client of its own, so that nothing that was under way
 * survives in its memory: what counts is in the outbox.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #client: MqttClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #tries = 0;
  #closed = false;
  #reason: string | undefined;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#connect();
  }

  #connect(): void {
    this.#timer = undefined;
    let client: MqttClient;
    try {
      client = mqtt.connect(this.#options.url, this.#clientOptions());
    } catch (error) {
      this.#lost(errorMessage(error));
      return;
    }
    this.#client = client;
    let reason = 'the broker closed the connection';
    let ended = false;
    client.on('error', (error) => {
      const { code } = error as Error & { code?: unknown };
      reason = (typeof code === 'number' ? REFUSALS[code] : undefined) ?? (errorMessage(error) || String(code));
    });
    client.on('connect', () => {
      // Nagle's algorithm and delayed acknowledgements together cost a window of batches twentyfold.
      (client.stream as { setNoDelay?: (on: boolean) => void }).setNoDelay?.(true);
      this.#events.opened(client).then(
        () => {
          this.#tries = 0;
          this.#reason = undefined;
        },
        (error: unknown) => {
          if (ended) return;
          reason = errorMessage(error);
          client.end(true);
        },
      );
    });
    client.on('message', (topic, payload) => this.#events.message(topic, payload));
    client.on('close', () => {
      if (ended) return;
      ended = true;
      client.end(true);
      if (!this.#closed) this.#lost(reason);
    });
  }

  #clientOptions(): IClientOptions {
    const { clientId, credentials, tls, keepalive, will } = this.#options;
    const [ca, cert, key] = [pem(tls?.ca), pem(tls?.cert), pem(tls?.key)];
    return {
      clientId,
      protocolVersion: 4,
      clean: true,
      keepalive,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT,
      resubscribe: false,
      queueQoSZero: false,
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
      ...credentials,
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
    };
  }

  #lost(reason: string): void {
    this.#client = undefined;
    if (reason !== this.#reason) this.#events.lost(reason);
    this.#reason = reason;
    const pause = Math.min(PAUSE[0] * 2 ** this.#tries++, PAUSE[1]) * (0.5 + Math.random());
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  /** Ends the connection and tries no more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client?.endAsync(true);
  }
}
