import { administrationTopics } from '@rackwatt/fleet';
import mqtt, { type MqttClient } from 'mqtt';
import { errorMessage, RackwattError, type Logger } from 'rackwatt';
import { checkDoorbell } from './doorbell-address.js';

export interface DoorbellOptions {
  /** Broker of the center: `mqtts://host:8883` or `wss://host/path`; `mqtt://127.0.0.1` for the embedded one of this machine. */
  url: string;
  tenant: string;
  gateway: string;
  /** PEM; asked for at each try, so that a renewed certificate is used. Only the root is trusted. */
  identity(): Promise<{ root: string; certificate: string; key: string }>;
  /** Somebody rang, or may have rung while the gateway was away. Says nothing but that it is time to look; at most once in 5 s. */
  ring(): void;
  log: Pick<Logger, 'info' | 'warn'>;
  pauses?: Partial<typeof PAUSES>;
}

/** ms */
const PAUSES = {
  /** The first pause is at most this, and each further one at most twice the one before. */
  first: 1000,
  longest: 300_000,
  /** After a refusal, which does not pass by itself. */
  refused: 300_000,
  /** A session that held for so long was a good one: two of one identity, which end each other's, are not. */
  stable: 60_000,
  /** Between two rings. */
  ring: 5000,
};
/** Bytes without a whole packet; what the center says has a hundred. */
const LONGEST = 1 << 20;
const CONNECT_TIMEOUT = 30_000;
const KEEPALIVE = 60;
/** `CONNACK`: the broker is there, and not ready (MQTT 3.1.1, 3.2.2.3). */
const NOT_AVAILABLE = 3;
/** What the network does, rather than what the other side says. */
const NETWORK = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

interface Trouble {
  why: string;
  refused: boolean;
}

/**
 * Lets the center say "look" at once, over MQTT 3.1.1. What there is to see comes over HTTPS and is signed, so that a doorbell
 * that nobody hears, that rings without end or that somebody else rings costs time and nothing else.
 */
export class Doorbell {
  readonly #options: DoorbellOptions;
  readonly #pauses: typeof PAUSES;
  #client: MqttClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  #later: NodeJS.Timeout | undefined;
  #rung = -Infinity;
  #tries = 0;
  #closed = false;
  #trouble: string | undefined = 'it is not connected yet';

  /**
   * @param signal ends it at once
   * @throws `DOORBELL_URL`
   */
  constructor(options: DoorbellOptions, signal?: AbortSignal) {
    checkDoorbell(options.url);
    this.#options = options;
    this.#pauses = { ...PAUSES, ...options.pauses };
    if (signal?.aborted) {
      this.#closed = true;
      return;
    }
    signal?.addEventListener('abort', () => this.close(), { once: true });
    void this.#connect();
  }

  /** Why nobody can ring; undefined when the center can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Ends it: the connection is closed when this returns, and nothing rings any more. */
  close(): void {
    this.#closed = true;
    this.#trouble = 'it was closed';
    clearTimeout(this.#retry);
    clearTimeout(this.#later);
    const client = this.#client;
    this.#client = undefined;
    client?.end(true);
    client?.stream.destroy();
  }

  async #connect(): Promise<void> {
    const { url, gateway } = this.#options;
    let client: MqttClient;
    try {
      const { root, certificate, key } = await this.#options.identity();
      if (this.#closed) return;
      client = mqtt.connect(url, {
        clientId: gateway,
        protocolVersion: 4,
        clean: true,
        keepalive: KEEPALIVE,
        connectTimeout: CONNECT_TIMEOUT,
        reconnectPeriod: 0,
        resubscribe: false,
        // Given a certificate, the library would speak TLS also where none is meant.
        ...(url.startsWith('mqtt:') ? {} : { ca: root, cert: certificate, key, rejectUnauthorized: true }),
      });
    } catch (error) {
      this.#lost({ why: errorMessage(error), refused: true }, undefined);
      return;
    }
    this.#client = client;
    this.#attend(client);
  }

  #attend(client: MqttClient): void {
    let trouble: Trouble = { why: 'the broker closed the connection', refused: false };
    let connected: number | undefined;
    let ended = false;
    const fail = (error: unknown, refused: boolean): void => {
      const { code } = error as { code?: unknown };
      trouble = { why: errorMessage(error) || String(code), refused };
      client.stream.destroy();
    };
    bound(client, () =>
      fail(new RackwattError('DOORBELL_PACKET', `the broker sends packets of more than ${LONGEST} bytes`), true),
    );
    // In TLS 1.3 a broker looks at the certificate when this side has done already: to close then is to refuse.
    (client.stream as NodeJS.EventEmitter).once('secureConnect', () => {
      if (connected === undefined) trouble = { why: 'the broker does not take the certificate', refused: true };
    });
    client.on('error', (error) => fail(error, trouble.refused || isRefusal(error)));
    client.on('connect', () => {
      connected = performance.now();
      trouble = { why: 'the broker closed the connection', refused: false };
      this.#opened(client).catch((error: unknown) => {
        // Of one who is connected and may not hear its own topic the center has taken the rights.
        if (!ended) fail(error, client.connected);
      });
    });
    client.on('message', (topic) => {
      if (topic === this.#topics.poke) this.#ring();
    });
    client.on('close', () => {
      if (ended) return;
      ended = true;
      client.end(true);
      if (!this.#closed) this.#lost(trouble, connected);
    });
  }

  async #opened(client: MqttClient): Promise<void> {
    const { poke, hello } = this.#topics;
    await client.subscribeAsync(poke, { qos: 1 });
    await client.publishAsync(hello, Buffer.alloc(0), { qos: 1 });
    if (this.#client !== client) return;
    if (this.#trouble !== undefined) this.#options.log.info({ url: this.#options.url }, 'the center can ring');
    this.#trouble = undefined;
    this.#ring();
  }

  get #topics(): { poke: string; hello: string } {
    return administrationTopics(this.#options.tenant, this.#options.gateway);
  }

  /** The first at once, those that follow soon together. */
  #ring(): void {
    if (this.#closed || this.#later) return;
    const pause = this.#rung + this.#pauses.ring - performance.now();
    const now = (): void => {
      this.#later = undefined;
      this.#rung = performance.now();
      this.#options.ring();
    };
    if (pause <= 0) now();
    else this.#later = setTimeout(now, pause);
  }

  #lost({ why, refused }: Trouble, since: number | undefined): void {
    if (this.#closed) return;
    this.#client = undefined;
    if (why !== this.#trouble)
      this.#options.log.warn({ url: this.#options.url, why }, 'the center cannot ring; the gateway looks by itself');
    this.#trouble = why;
    const { first, longest, stable } = this.#pauses;
    if (since !== undefined && performance.now() - since >= stable) this.#tries = 0;
    // Full jitter: ten thousand gateways of one broker come back evenly rather than in waves.
    const pause = refused
      ? this.#pauses.refused * (0.5 + Math.random() / 2)
      : Math.random() * Math.min(longest, first * 2 ** this.#tries++);
    this.#retry = setTimeout(() => void this.#connect(), pause);
  }
}

function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') return code !== NOT_AVAILABLE;
  return typeof code === 'string' && !NETWORK.has(code);
}

/** Calls back when more bytes came than any packet has: the parser would keep them all. */
function bound(client: MqttClient, exceeded: () => void): void {
  let bytes = 0;
  client.stream.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > LONGEST) exceeded();
  });
  client.on('packetreceive', () => (bytes = 0));
}
