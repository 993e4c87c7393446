import { createSocket, type Socket } from 'node:dgram';
import { errorMessage, RackwattError } from 'rackwatt';

/**
 * A UDP socket to one address: the kernel drops what others send. What an ICMP message says of an earlier packet is no error
 * of the next one, and a device that restarts refuses for a while.
 */
export class AgentSocket {
  /** Takes the packets that arrive. */
  onPacket: (packet: Buffer) => void = () => undefined;
  /** Numeric address of the agent. */
  readonly address: string;
  readonly #socket: Socket;
  readonly #connection = Promise.withResolvers<void>();
  #ready = false;
  #closed = false;

  constructor(address: string, family: number, port: number) {
    this.address = address;
    this.#socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4' });
    // Who waits is told; when nobody does, nothing was to be sent.
    this.#connection.promise.catch((error: unknown) => void errorMessage(error));
    this.#socket.connect(port, address, (error?: Error) => {
      this.#ready = error === undefined || error === null;
      if (this.#ready) this.#connection.resolve();
      else this.#connection.reject(error);
    });
    this.#socket.on('error', (bounced) => void errorMessage(bounced));
    this.#socket.on('message', (packet) => this.onPacket(packet));
  }

  /** Waits until packets can be sent. @throws what the system says, as `ErrnoException` */
  connected(): Promise<void> | undefined {
    return this.#ready ? undefined : this.#connection.promise;
  }

  /** `failed` learns why a packet cannot leave at all. */
  send(packet: Buffer, failed: (error: NodeJS.ErrnoException) => void): void {
    if (this.#closed) return;
    this.#socket.send(packet, (error) => {
      if (error && (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') failed(error);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // A socket that is closed before it is connected may never say so.
    this.#connection.reject(new RackwattError('DEVICE_SESSION_GONE', 'The socket is closed.'));
    this.#socket.close();
  }
}
