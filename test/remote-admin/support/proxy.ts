import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';

/** An HTTP proxy that leads through by CONNECT, for whoever has its name and password. */
export class TestProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #credentials: string;
  tunnels = 0;
  /** Answers with a page instead, as a hotel does. */
  isCaptive = false;

  private constructor(server: Server, credentials: string) {
    this.#server = server;
    this.#credentials = credentials;
    server.on('connect', (request, socket: Duplex) => {
      socket.on('error', () => undefined);
      this.#sockets.add(socket);
      const given = request.headers['proxy-authorization'] ?? '';
      if (this.isCaptive) return void socket.end('HTTP/1.1 200 OK\r\n\r\n<html>Welcome, please log in</html>');
      if (given !== `Basic ${Buffer.from(credentials).toString('base64')}`)
        return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const [host, port] = request.url!.split(':');
      const onward = connect(Number(port), host, () => {
        this.tunnels++;
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      this.#sockets.add(onward);
      onward.on('error', () => socket.destroy());
      onward.on('close', () => socket.destroy());
      socket.on('close', () => onward.destroy());
    });
  }

  static async start(t: Pick<TestContext, 'after'>, name: string, password: string): Promise<TestProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TestProxy(server, `${name}:${password}`);
    t.after(() => {
      proxy.cut();
      server.close();
    });
    return proxy;
  }

  get url(): string {
    return this.urlWith(this.#credentials);
  }

  urlWith(credentials: string): string {
    return `http://${credentials}@127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every tunnel breaks. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}
