import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage, RackwattError } from 'rackwatt';
import type { SnmpCredentials } from '@rackwatt/telemetry';
import { simulatorError } from './errors.js';
import { BerReader } from './snmp/ber.js';
import { answerCommunity } from './snmp/community.js';
import { Engine, engineIdOf } from './snmp/engine.js';
import { ErrorStatus } from './snmp/pdu.js';
import type { Limits, WriteHandler } from './snmp/requests.js';
import { ObjectTable } from './snmp/table.js';
import { Tag } from './snmp/value.js';

/** How an agent misbehaves; may be changed while it runs. */
export interface AgentFaults {
  /** Receives, but never answers. */
  silent?: boolean;
  /** Answers with octets that are no SNMP message. */
  garbage?: boolean;
  /** Drops every n-th request. */
  dropEvery?: number;
  /** Waits this long before each answer, ms, */
  latency?: number;
  /** and up to this much longer, as chance has it. */
  jitter?: number;
  /** Sends each answer twice. */
  duplicate?: boolean;
  /** Octets of the largest answer. */
  maxMessage?: number;
  /** More objects than these in a request are `tooBig`. */
  mostObjects?: number;
  /** Walks go backwards now and then. */
  unordered?: boolean;
}

export interface SnmpAgentOptions {
  /** Loopback unless given. */
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Communities of v1 and v2c that are answered; `public` unless given, none when empty. */
  communities?: readonly string[];
  /** Users of v3. */
  users?: readonly SnmpCredentials[];
  /** Octets of the largest answer; 1472 fits one Ethernet frame. */
  maxMessageSize?: number;
  /** Name from which the engine id of v3 is made; the address unless given. */
  engine?: string;
  /** Restarts of the engine so far; rises with each start unless given. */
  engineBoots?: number;
  faults?: AgentFaults;
  /** Takes SETs; without it every object is read-only. */
  write?: WriteHandler;
}

export interface AgentStatistics {
  requests: number;
  answers: number;
  /** Messages that could not be parsed. */
  malformed: number;
  octetsIn: number;
  octetsOut: number;
}

/** An SNMP agent over UDP (v1, v2c, v3) that answers from a table of objects. */
export class SnmpAgent {
  readonly table: ObjectTable;
  /** Faults in force; assign to change them. */
  faults: AgentFaults;
  readonly statistics: AgentStatistics = { requests: 0, answers: 0, malformed: 0, octetsIn: 0, octetsOut: 0 };
  readonly #options: SnmpAgentOptions;
  readonly #communities: ReadonlySet<string>;
  readonly #closed = new AbortController();
  #socket: Socket | undefined;
  #engine: Engine | undefined;
  #boots: number;
  /** Until then it is not up, in ms of `performance.now()`. */
  #upAt = 0;

  constructor(options: SnmpAgentOptions & { table?: ObjectTable } = {}) {
    this.table = options.table ?? new ObjectTable();
    this.faults = { ...options.faults };
    this.#options = options;
    this.#communities = new Set(options.communities ?? ['public']);
    this.#boots = options.engineBoots ?? secondsSince2025();
    if (options.port !== undefined && !(Number.isInteger(options.port) && options.port >= 0 && options.port <= 65535))
      throw simulatorError('SIMULATOR_OPTION_INVALID', `Port ${options.port} is not a whole number from 0 to 65535.`);
  }

  /** Opens the socket. @throws `SIMULATOR_PORT_IN_USE`, `SIMULATOR_ADDRESS_INVALID` */
  async start(): Promise<void> {
    const { host = '127.0.0.1', port = 0 } = this.#options;
    const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
    try {
      const listening = once(socket, 'listening');
      socket.bind(port, host);
      await listening;
      this.#socket = socket;
      this.#engine = this.#makeEngine();
    } catch (cause) {
      this.#socket = undefined;
      socket.close();
      throw cause instanceof RackwattError ? cause : cannotListen(cause, host, port);
    }
    socket.on('message', (message, from) => void this.#receive(message, from));
    // A client that went away makes its last answer bounce; that is no fault of the agent.
    socket.on('error', (bounced) => void errorMessage(bounced));
  }

  /** UDP port; 0 before `start`. */
  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  /** Restarts of the engine of v3, and s since the last one; undefined without users. */
  get engineClock(): { boots: number; time: number } | undefined {
    return this.#engine?.clock;
  }

  /** URL as a device's configuration writes it. */
  get address(): string {
    const host = this.#options.host ?? '127.0.0.1';
    return `snmp://${isIP(host) === 6 ? `[${host}]` : host}:${this.port}`;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    if (!socket || this.#closed.signal.aborted) return;
    this.#closed.abort();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #makeEngine(): Engine | undefined {
    const { users = [], engine = this.address } = this.#options;
    if (users.length === 0) return undefined;
    return new Engine({ ...this.#answering(), users, engineId: engineIdOf(engine), boots: this.#boots });
  }

  #answering(): { table: ObjectTable; limits: () => Limits; write: WriteHandler } {
    const { write = readOnly } = this.#options;
    return { table: this.table, limits: () => this.#limits(), write };
  }

  #limits(): Limits {
    const { maxMessage, mostObjects, unordered } = this.faults;
    return { maxMessageSize: maxMessage ?? this.#options.maxMessageSize ?? 1472, mostObjects, unordered };
  }

  /**
   * Restarts the agent: it is silent for a while, and its engine counts time anew.
   *
   * @param downFor s
   * @param boots restarts of the engine so far; one more unless given
   */
  reboot(downFor = 0, boots = this.#boots + 1): void {
    this.#boots = boots;
    this.#upAt = performance.now() + downFor * 1000;
    this.#engine = this.#makeEngine();
  }

  async #receive(message: Buffer, from: RemoteInfo): Promise<void> {
    this.statistics.requests++;
    this.statistics.octetsIn += message.length;
    const { silent, garbage, dropEvery, latency = 0, jitter = 0, duplicate } = this.faults;
    if (silent || (dropEvery && this.statistics.requests % dropEvery === 0) || performance.now() < this.#upAt) return;
    const response = garbage ? Buffer.from('\u0000this is not SNMP\uffff') : this.#answer(message);
    if (!response) return;
    const wait = latency + jitter * Math.random();
    if (wait > 0) {
      const waited = await delay(wait, true, { signal: this.#closed.signal }).catch(() => false);
      if (!waited) return;
    }
    this.statistics.answers++;
    this.statistics.octetsOut += response.length;
    for (let sent = 0; sent < (duplicate ? 2 : 1); sent++)
      this.#socket?.send(response, from.port, from.address, (unreachable) => void errorMessage(unreachable));
  }

  #answer(message: Buffer): Buffer | undefined {
    try {
      const reader = new BerReader(message).enter(Tag.Sequence);
      const version = reader.integer();
      if (version === 3) return this.#engine?.answer(reader);
      if (version !== 0 && version !== 1) return undefined;
      return answerCommunity(reader, version, { ...this.#answering(), communities: this.#communities });
    } catch (malformed) {
      // An agent drops what it cannot parse (RFC 3412, 7.2); the counter is what is left of it.
      void errorMessage(malformed);
      this.statistics.malformed++;
      return undefined;
    }
  }
}

const readOnly: WriteHandler = () => ({ error: ErrorStatus.notWritable });

/** Rises with each start, as an engine that keeps its boots across restarts has it (RFC 3414, 2.2.2). */
const secondsSince2025 = (): number => Math.floor((Date.now() - Date.UTC(2025, 0, 1)) / 1000);

function cannotListen(cause: unknown, host: string, port: number): Error {
  const code = (cause as NodeJS.ErrnoException).code;
  const context = { host, port };
  if (code === 'EADDRINUSE')
    return simulatorError(
      'SIMULATOR_PORT_IN_USE',
      `UDP port ${port} of ${host} is in use; stop what uses it or choose another port.`,
      {
        cause,
        context,
      },
    );
  return simulatorError(
    'SIMULATOR_ADDRESS_INVALID',
    `Cannot listen on UDP port ${port} of ${host}: ${errorMessage(cause)}.`,
    {
      cause,
      context,
    },
  );
}
