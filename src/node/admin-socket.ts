import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { errorRecord, RackwattError, type ErrorRecord } from '../errors.js';
import type { Scope } from '../scope/index.js';
import { answers, socketPath } from './socket.cjs';

export { socketPath };

/** A method of the socket: gives a value, or an async iterable whose values are sent as they come. */
export type SocketMethod = (parameters: unknown) => unknown;

interface Request {
  id: number;
  method: string;
  parameters?: unknown;
}

interface Reply {
  id: number;
  result?: unknown;
  item?: unknown;
  error?: ErrorRecord & { context?: unknown };
}

const MAX_LINE = 8 * 1024 * 1024;

/**
 * Serves the methods to the owner of the node alone: JSON lines over a Unix socket of mode 0600.
 * @throws `NODE_RUNNING` when another node serves it
 */
export async function serveSocket(
  path: string,
  scope: Scope,
  method: (name: string) => Promise<SocketMethod | undefined>,
): Promise<void> {
  if (existsSync(path)) {
    if (await answers(path))
      throw new RackwattError(
        'NODE_RUNNING',
        `a node already runs on this storage (its admin socket is ${path}); stop it first`,
      );
    rmSync(path, { force: true });
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    // Whoever asks may go at any moment, also while it is being answered.
    converse(socket, method).catch((error: unknown) => {
      void errorRecord(error);
      socket.destroy();
    });
  });
  const previous = process.umask(0o177);
  try {
    await new Promise<void>((done, failed) => server.once('error', failed).listen(path, done));
    chmodSync(path, 0o600);
  } finally {
    process.umask(previous);
  }
  scope.add('admin socket', async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
    rmSync(path, { force: true });
  });
}

async function converse(socket: Socket, method: (name: string) => Promise<SocketMethod | undefined>): Promise<void> {
  const send = (reply: Reply): void => void (socket.writable && socket.write(`${JSON.stringify(reply)}\n`));
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    if (line.length > MAX_LINE) return void socket.destroy();
    let request: Request;
    try {
      request = JSON.parse(line) as Request;
    } catch (error) {
      void errorRecord(error);
      return void socket.destroy();
    }
    void answer(request, send, method, socket);
  }
}

async function answer(
  request: Request,
  send: (reply: Reply) => void,
  method: (name: string) => Promise<SocketMethod | undefined>,
  socket: Socket,
): Promise<void> {
  const { id } = request;
  try {
    const found = await method(String(request.method));
    if (!found)
      throw new RackwattError(
        'METHOD_UNKNOWN',
        `the node has no method ${request.method}; the bundle that provides it may not be running`,
      );
    const result = await found(request.parameters);
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) {
      const items = result as AsyncIterable<unknown>;
      const iterator = items[Symbol.asyncIterator]();
      socket.once('close', () => void iterator.return?.());
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) send({ id, item: next.value });
      send({ id });
    } else send({ id, result: result ?? null });
  } catch (error) {
    send({
      id,
      error: { ...errorRecord(error), ...(error instanceof RackwattError ? { context: error.context } : {}) },
    });
  }
}

/** Calls the running node. @throws `NODE_NOT_RUNNING`, or the node's own coded error */
export async function callNode(storage: string, method: string, parameters?: unknown): Promise<unknown> {
  let last: unknown = null;
  for await (const item of streamNode(storage, method, parameters)) last = item;
  return last;
}

/** Like `callNode` for a method that gives many values; a plain result is given as the only one. */
export async function* streamNode(
  storage: string,
  method: string,
  parameters?: unknown,
  signal?: AbortSignal,
): AsyncGenerator<unknown> {
  const path = socketPath(storage);
  const socket = createConnection(path);
  const abort = (): void => void socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', () =>
        reject(
          new RackwattError(
            'NODE_NOT_RUNNING',
            `no node runs here (nothing answers at ${path}); start one with: rackwatt start`,
          ),
        ),
      );
    });
    socket.on('error', () => socket.destroy());
    socket.write(`${JSON.stringify({ id: 1, method, parameters } satisfies Request)}\n`);
    for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
      const reply = JSON.parse(line) as Reply;
      if (reply.error)
        throw new RackwattError(reply.error.code ?? 'NODE_ERROR', reply.error.message, {
          context: (reply.error.context ?? {}) as Record<string, unknown>,
        });
      if ('item' in reply) yield reply.item;
      else {
        if ('result' in reply) yield reply.result;
        return;
      }
    }
    if (!signal?.aborted)
      throw new RackwattError('NODE_GONE', 'the node closed the connection before it answered; it may have stopped');
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}
