import { createServer, isIPv4, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { brokerError } from './errors.js';
import { PacketLimit } from './packet-limit.js';

export interface BrokerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Listen on an address that other machines reach, although anybody who reaches it may publish and subscribe. */
  allowRemote?: boolean;
  /** Largest packet, bytes. */
  maxPacket?: number;
  /** Most connections at a time. */
  maxClients?: number;
  /** Told when a client is turned away or breaks the protocol. */
  onTrouble?: (client: string, error: Error) => void;
}

/** Largest packet by default: a batch's body is at most 4 MiB. */
export const LARGEST_PACKET = 8 << 20;

/**
 * An MQTT 3.1.1 broker in this process: for one machine, without memory. Sessions end with their connection, so that
 * nothing grows for a client that does not come back; whoever must not lose a message sends it until it is acknowledged.
 */
export class Broker {
  readonly #aedes: Aedes;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(aedes: Aedes, server: Server) {
    this.#aedes = aedes;
    this.#server = server;
  }

  /** @throws BROKER_HOST_NOT_LOCAL, BROKER_PORT_IN_USE, BROKER_LISTEN_FAILED */
  static async open(options: BrokerOptions): Promise<Broker> {
    const { host, port } = options;
    if (!options.allowRemote && !isLoopback(host)) {
      throw brokerError(
        'BROKER_HOST_NOT_LOCAL',
        `The embedded broker does not listen on ${host}: it asks nobody for a password. Use 127.0.0.1, run a broker with accounts for other machines, or set "allowRemote": true.`,
        { host },
      );
    }
    const aedes = await Aedes.createBroker({
      concurrency: 1000,
      preConnect: (_client, packet, done) => {
        packet.clean = true;
        done(null, true);
      },
    });
    const broker = new Broker(aedes, createServer({ noDelay: true, keepAlive: true }));
    try {
      await broker.#listen(options);
    } catch (error) {
      await broker.close();
      throw listenError(host, port, error);
    }
    return broker;
  }

  async #listen(options: BrokerOptions): Promise<void> {
    const { maxPacket = LARGEST_PACKET, onTrouble = () => undefined } = options;
    this.#aedes.on('clientError', (client, error) => onTrouble(client.id, error));
    this.#aedes.on('connectionError', (_client, error) => onTrouble('', error));
    (this.#aedes as NodeJS.EventEmitter).on('error', (error: Error) => onTrouble('', error));
    this.#server.maxConnections = options.maxClients ?? 10_000;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      limitPackets(socket, maxPacket);
      this.#aedes.handle(socket);
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ host: options.host, port: options.port }, resolve);
    await promise;
    this.#server.off('error', reject);
    this.#server.on('error', (error) => onTrouble('', error));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get clients(): number {
    return this.#aedes.connectedClients;
  }

  /** Settles when the port is free again and every socket is closed. */
  async close(): Promise<void> {
    const stopped = this.#server.listening
      ? new Promise<void>((resolve) => void this.#server.close(() => resolve()))
      : Promise.resolve();
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await stopped;
  }
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** aedes knows no largest packet and would collect up to 256 MiB for one; so bytes are looked at as it reads them. */
function limitPackets(socket: Socket, largest: number): void {
  const limit = new PacketLimit(largest);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const bytes: unknown = read(size);
    if (!(bytes instanceof Uint8Array) || limit.take(bytes)) return bytes;
    socket.destroy(
      brokerError(
        'BROKER_PACKET_TOO_LARGE',
        `A client sent a packet of more than ${largest} bytes and was disconnected.`,
        { largest },
      ),
    );
    return null;
  };
}

function listenError(host: string, port: number, cause: unknown): Error {
  if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return brokerError(
      'BROKER_PORT_IN_USE',
      `Port ${port} on ${host} is taken, probably by another MQTT broker: stop that, or give rackwatt.broker another "port" and its clients the same one.`,
      { host, port },
      cause,
    );
  }
  const reason = (cause as Error).message;
  return brokerError(
    'BROKER_LISTEN_FAILED',
    `The broker cannot listen on ${host} port ${port}: ${reason}.`,
    { host, port },
    cause,
  );
}
