import { AsyncLocalStorage, createHook, executionAsyncId, type AsyncHook } from 'node:async_hooks';

/** Handles that keep a process alive, and what they are called. */
const HANDLES: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  Immediate: 'a setImmediate',
  TCPSERVERWRAP: 'a server',
  TCPWRAP: 'a socket',
  UDPWRAP: 'a UDP socket',
  PIPESERVERWRAP: 'a server of a pipe',
  PIPEWRAP: 'a pipe',
  PROCESSWRAP: 'a process',
  WORKER: 'a worker',
  MESSAGEPORT: 'a message port',
  FSEVENTWRAP: 'a watcher of files',
  STATWATCHER: 'a watcher of a file',
  SIGNALWRAP: 'a listener of a signal',
  FILEHANDLE: 'an open file',
};

interface Made {
  what: string;
  where: string;
}

/** Kept from before a fake clock replaces it. */
const { setTimeout: wait } = globalThis;
const PATIENCE = 1_000;
const LOOK = 20;

/** Watches what the code that runs inside `run` leaves open. */
export class Leaks {
  readonly #inside = new AsyncLocalStorage<Leaks>();
  readonly #open = new Map<number, Made>();
  readonly #places = new Map<number, string>();
  readonly #listeners = countListeners();
  readonly #hook: AsyncHook;

  constructor() {
    const init = (id: number, type: string): void => {
      if (type === 'PROMISE' || this.#inside.getStore() !== this) return;
      // Node opens some handles a turn later: then whatever asked for them says where.
      const where = place(init) ?? this.#places.get(executionAsyncId()) ?? 'a place that is not known';
      this.#places.set(id, where);
      const what = HANDLES[type];
      if (what !== undefined) this.#open.set(id, { what, where });
    };
    this.#hook = createHook({
      init,
      destroy: (id) => {
        this.#open.delete(id);
        this.#places.delete(id);
      },
    }).enable();
  }

  run<T>(work: () => T): T {
    return this.#inside.run(this, work);
  }

  /** The same object, whose methods run inside. */
  inside<T>(service: T): T {
    if (typeof service !== 'object' || service === null) return service;
    return new Proxy(service, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => this.run(() => Reflect.apply(value, target, given) as unknown);
      },
    });
  }

  /** What is still there after a second, a sentence each. */
  async left(): Promise<string[]> {
    const until = process.hrtime.bigint() + BigInt(PATIENCE) * 1_000_000n;
    // Once at least: what was asked for in the last turn, such as to listen, opens only now.
    do await new Promise((go) => wait(go, LOOK));
    while (this.#open.size > 0 && process.hrtime.bigint() < until);
    this.#hook.disable();
    const handles = Array.from(this.#open.values(), ({ what, where }) => `${what} made at ${where}`);
    const listeners = Array.from(countListeners())
      .filter(([event, count]) => count > (this.#listeners.get(event) ?? 0))
      .map(([event]) => `a listener of process '${String(event)}'`);
    return [...handles, ...listeners];
  }
}

function countListeners(): Map<string | symbol, number> {
  return new Map(process.eventNames().map((event) => [event, process.listenerCount(event)]));
}

/** The first frame that is not Node's own. @param made whose frame, and those above it, are left out */
function place(made: (...given: never[]) => unknown): string | undefined {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, made);
  Error.stackTraceLimit = before;
  const frame = here.stack
    ?.split('\n')
    .slice(1)
    .find((line) => !/\bnode:|\(<anonymous>\)/.test(line));
  return frame?.replace(/^\s*at /, '').replace(/^.*\((.*)\)$/, '$1');
}
