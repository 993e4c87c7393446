import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Server } from 'node:net';
import { PROMISIFIED } from './promisified.js';
import type { Kind, OwnedResources } from './resources.js';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type AnyClass = new (...args: unknown[]) => object;

const hostRequire = createRequire(import.meta.url);

const destroyed = (label: string): Kind => ({ label, close: (resource: { destroy(): unknown }) => resource.destroy() });
const closed = (label: string, ended?: string): Kind => ({
  label,
  close: (resource: { close(): unknown }) => resource.close(),
  ...(ended === undefined ? {} : { ended }),
});

const socket = destroyed('socket');
const tlsSocket = destroyed('TLS socket');
const request = destroyed('HTTP request');
const agent = destroyed('HTTP agent');
const session = destroyed('HTTP/2 session');
const server: Kind = {
  label: 'server',
  close: (resource: Server & { closeAllConnections?(): void }) => {
    resource.closeAllConnections?.();
    if (resource.listening) resource.close();
    // A server that still looks its host name up opens its port later, come what may.
    else resource.once('listening', () => resource.close());
  },
};
/** Sessions of a server, which does not end them when it is closed. */
const sessions = new WeakMap<object, Set<{ destroy(): void }>>();
const http2Server: Kind = {
  label: 'server',
  made: (resource: Server) => {
    const open = new Set<{ destroy(): void }>();
    sessions.set(resource, open);
    resource.on('session', (each: EventEmitter & { destroy(): void }) => {
      open.add(each);
      each.once('close', () => open.delete(each));
    });
  },
  close: (resource: Server) => {
    for (const each of sessions.get(resource) ?? []) each.destroy();
    server.close(resource as never);
  },
};
const datagrams: Kind = {
  label: 'UDP socket',
  close: (resource: { close(): unknown }) => {
    try {
      resource.close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error;
    }
  },
};
const worker: Kind = {
  label: 'worker',
  close: (resource: { terminate(): Promise<unknown> }) => resource.terminate(),
  ended: 'exit',
};
const child: Kind = {
  label: 'child process',
  close: (resource: ChildProcess) => resource.kill('SIGKILL'),
  ended: 'exit',
};
const watcher = closed('file watcher');
const channel: Kind = {
  label: 'message port',
  parts: (made: { port1: object; port2: object }) => [made.port1, made.port2],
  close: (port: { close(): void }) => port.close(),
};
const broadcast = closed('broadcast channel');
const observer: Kind = {
  label: 'performance observer',
  close: (resource: { disconnect(): void }) => resource.disconnect(),
};
const disabled = (label: string): Kind => ({ label, close: (resource: { disable(): unknown }) => resource.disable() });
const webSocket = closed('WebSocket');
const fileStream = destroyed('file stream');
const fileHandle = closed('file handle');
const lines = closed('readline');
const resolver: Kind = { label: 'DNS resolver', close: (resource: { cancel(): void }) => resource.cancel() };
const inspection: Kind = {
  label: 'inspector session',
  close: (resource: { disconnect(): void }) => resource.disconnect(),
};
const clusterWorker: Kind = {
  label: 'cluster worker',
  close: (resource: { process: ChildProcess }) => resource.process.kill('SIGKILL'),
  ended: 'exit',
};
const database: Kind = {
  label: 'database',
  close: (resource: { isOpen: boolean; close(): void }) => resource.isOpen && resource.close(),
};

interface Wrapping {
  classes?: Readonly<Record<string, Kind>>;
  functions?: Readonly<Record<string, Kind>>;
}

/** What each built-in makes that outlives the call. */
const WRAPPINGS: Readonly<Record<string, Wrapping>> = {
  net: {
    classes: { Socket: socket, Stream: socket, Server: server },
    functions: { connect: socket, createConnection: socket, createServer: server },
  },
  tls: {
    classes: { TLSSocket: tlsSocket, Server: server },
    functions: { connect: tlsSocket, createServer: server },
  },
  http: {
    classes: { Server: server, Agent: agent, ClientRequest: request },
    functions: { createServer: server, request, get: request },
  },
  https: { classes: { Server: server, Agent: agent }, functions: { createServer: server, request, get: request } },
  http2: { functions: { createServer: http2Server, createSecureServer: http2Server, connect: session } },
  dgram: { classes: { Socket: datagrams }, functions: { createSocket: datagrams } },
  child_process: { functions: { spawn: child, exec: child, execFile: child, fork: child } },
  worker_threads: { classes: { Worker: worker, MessageChannel: channel, BroadcastChannel: broadcast } },
  fs: {
    classes: { ReadStream: fileStream, WriteStream: fileStream },
    functions: { watch: watcher, createReadStream: fileStream, createWriteStream: fileStream },
  },
  readline: { classes: { Interface: lines }, functions: { createInterface: lines } },
  'readline/promises': { classes: { Interface: lines }, functions: { createInterface: lines } },
  dns: { classes: { Resolver: resolver } },
  'dns/promises': { classes: { Resolver: resolver } },
  inspector: { classes: { Session: inspection } },
  'inspector/promises': { classes: { Session: inspection } },
  cluster: { functions: { fork: clusterWorker } },
  sqlite: { classes: { DatabaseSync: database } },
  perf_hooks: {
    classes: { PerformanceObserver: observer },
    functions: { monitorEventLoopDelay: disabled('event loop monitor') },
  },
  async_hooks: { functions: { createHook: disabled('async hook') } },
};

/** Globals that make something which outlives the call; touched only when a module names them, as Node loads them late. */
export const GLOBAL_CLASSES: Readonly<Record<string, Kind>> = {
  WebSocket: webSocket,
  EventSource: closed('event source'),
  BroadcastChannel: broadcast,
  MessageChannel: channel,
};

/** A class as modules of a space see it: the very class (`instanceof`, subclasses, statics), but what it makes is owned. */
export function wrapClass<T extends object>(target: T, kind: Kind, resources: OwnedResources): T {
  return new Proxy(target, {
    construct(real, args, newTarget) {
      resources.demandOpen(kind);
      return resources.own(kind, Reflect.construct(real as AnyClass, args, newTarget) as object);
    },
    apply(real, self, args) {
      resources.demandOpen(kind);
      const called: object = real;
      const made: unknown = Reflect.apply(called as AnyFunction, self, args);
      resources.own(kind, made ?? self);
      return made;
    },
  });
}

function wrapFunction(target: AnyFunction, kind: Kind, resources: OwnedResources): AnyFunction {
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    resources.demandOpen(kind);
    return resources.own(kind, Reflect.apply(target, this, args));
  };
  Object.defineProperties(wrapped, {
    name: { value: target.name, configurable: true },
    length: { value: target.length, configurable: true },
  });
  const promised = (target as { [PROMISIFIED]?: AnyFunction })[PROMISIFIED];
  if (promised) {
    const wrappedPromised = (...args: unknown[]): unknown => {
      resources.demandOpen(kind);
      const pending = promised(...args) as { child?: unknown };
      resources.own(kind, pending.child);
      return pending;
    };
    Object.defineProperty(wrapped, PROMISIFIED, { value: wrappedPromised });
  }
  return wrapped;
}

/** A copy of a built-in with some members replaced; the rest stay the host's. */
export function overlay<T extends object>(original: T, members: Readonly<Record<string, unknown>>): T {
  const copy = Object.defineProperties(
    Object.create(Object.getPrototypeOf(original) as object | null),
    Object.getOwnPropertyDescriptors(original),
  ) as T;
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(copy, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

/**
 * @param id without `node:`
 * @returns undefined for a built-in that makes nothing lasting
 */
export function wrapBuiltin(id: string, resources: OwnedResources): object | undefined {
  const wrapping = Object.hasOwn(WRAPPINGS, id) ? WRAPPINGS[id] : undefined;
  if (id === 'fs/promises') return overlay(hostRequire('node:fs/promises') as object, promisedFiles(resources));
  if (!wrapping) return undefined;
  const original = hostRequire(`node:${id}`) as Record<string, unknown>;
  const members: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(wrapping.classes ?? {})) {
    members[name] = wrapClass(original[name] as object, kind, resources);
  }
  for (const [name, kind] of Object.entries(wrapping.functions ?? {})) {
    members[name] = wrapFunction(original[name] as AnyFunction, kind, resources);
  }
  if (id === 'fs') Object.assign(members, watchedFiles(resources));
  const copy = overlay(original, members);
  if (id === 'fs') {
    const promises = (original as { promises: object }).promises;
    Object.defineProperty(copy, 'promises', {
      value: overlay(promises, promisedFiles(resources)),
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}

const polled: Kind = { label: 'file watcher', close: (resource: { stop(): void }) => resource.stop() };

/** `fs.watchFile` is ended by name and listener, not through what it returns. */
function watchedFiles(resources: OwnedResources): Record<string, unknown> {
  const fs = hostRequire('node:fs') as typeof import('node:fs');
  const watches: { file: string; listener: () => void; resource: { stop(): void } }[] = [];
  return {
    watchFile(file: string, ...rest: unknown[]): unknown {
      resources.demandOpen(polled);
      const listener = rest.at(-1) as () => void;
      const made: unknown = Reflect.apply(fs.watchFile as AnyFunction, fs, [file, ...rest]);
      const resource = { stop: () => fs.unwatchFile(file, listener) };
      watches.push({ file: String(file), listener, resource });
      resources.own(polled, resource);
      return made;
    },
    unwatchFile(file: string, listener?: () => void): void {
      fs.unwatchFile(file, listener as never);
      for (let at = watches.length - 1; at >= 0; at--) {
        const watch = watches[at];
        if (watch?.file !== String(file) || (listener && watch.listener !== listener)) continue;
        resources.forget(watch.resource);
        watches.splice(at, 1);
      }
    },
  };
}

/** Opened files, and watches; one that is pending when the space closes never settles. */
function promisedFiles(resources: OwnedResources): Record<string, unknown> {
  const fs = hostRequire('node:fs/promises') as typeof import('node:fs/promises');
  return {
    async open(...args: Parameters<typeof fs.open>): Promise<import('node:fs/promises').FileHandle> {
      resources.demandOpen(fileHandle);
      return resources.own(fileHandle, await fs.open(...args));
    },
    watch(path: string, options?: string | { signal?: AbortSignal }): AsyncIterableIterator<unknown> {
      const kind: Kind = { label: 'file watcher', close: (resource: AbortController) => resource.abort() };
      resources.demandOpen(kind);
      const plain = typeof options === 'string' ? { encoding: options } : { ...options };
      const control = new AbortController();
      let dropped = false;
      control.signal.addEventListener('abort', () => (dropped = true));
      const given = (plain as { signal?: AbortSignal }).signal;
      const signal = given ? AbortSignal.any([given, control.signal]) : control.signal;
      const events = fs.watch(path, { ...(plain as object), signal }) as AsyncIterableIterator<unknown>;
      resources.own(kind, control);
      const iterator: AsyncIterableIterator<unknown> & { control: AbortController } = {
        control,
        next: () =>
          new Promise((resolve, reject) => {
            events.next().then(
              (result) => dropped || resolve(result),
              (error) => dropped || reject(error as Error),
            );
          }),
        return: async () => {
          resources.forget(control);
          return (await events.return?.()) ?? { done: true, value: undefined };
        },
        [Symbol.asyncIterator]: () => iterator,
      };
      return iterator;
    },
  };
}
