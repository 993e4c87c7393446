import { noteLeaving } from '../origin.js';
import { PROMISIFIED } from './promisified.js';

type Callback = (...args: unknown[]) => void;
type Timer = NodeJS.Timeout & { _destroyed?: boolean; _idleTimeout?: number; _repeat?: number | null };
type Immediate = NodeJS.Immediate & { _destroyed?: boolean };

interface WaitOptions {
  signal?: AbortSignal;
  ref?: boolean;
}

const SWEEP_FROM = 256;

/**
 * The timer functions that modules of a space see, as globals and as `node:timers`.
 *
 * Hot: a timer costs one entry in a set and no closure. The native timer calls the callback with itself as `this`, so
 * one function a space can take it out of the set. Timers ended behind our back (`timer.close()`, a clear by the host
 * or by number) are found by a sweep whenever the set has doubled.
 */
export class OwnedTimers {
  readonly #live = new Set<Timer | Immediate>();
  #sweepAt = SWEEP_FROM;
  #closed = false;
  readonly functions: Readonly<Record<string, unknown>>;
  readonly promises: Readonly<Record<string, unknown>>;

  constructor(label: string) {
    const live = this.#live;
    const add = this.#add;
    const run = function (this: unknown, callback: Callback, ...args: unknown[]): void {
      try {
        callback.apply(this, args);
      } catch (error) {
        noteLeaving(error, label);
        throw error;
      }
    };
    const fire = function (this: Timer | Immediate, callback: Callback, ...args: unknown[]): void {
      live.delete(this);
      run.call(this, callback, ...args);
    };
    const nativeRefresh = timeoutRefresh();
    const refresh = function (this: Timer): Timer {
      add(this);
      return nativeRefresh.call(this);
    };
    const start = (callback: Callback, delay?: number, ...args: unknown[]): Timer => {
      demandCallback(callback);
      const timer = setTimeout(fire, delay, callback, ...args) as Timer;
      (timer as { refresh: () => Timer }).refresh = refresh;
      add(timer);
      return timer;
    };
    const repeat = (callback: Callback, delay?: number, ...args: unknown[]): Timer => {
      demandCallback(callback);
      const timer = setInterval(run, delay, callback, ...args) as Timer;
      add(timer);
      return timer;
    };
    const soon = (callback: Callback, ...args: unknown[]): Immediate => {
      demandCallback(callback);
      const immediate = setImmediate(fire, callback, ...args) as Immediate;
      add(immediate);
      return immediate;
    };
    const microtask = (callback: Callback): void => {
      demandCallback(callback);
      queueMicrotask(() => run.call(undefined, callback));
    };
    const clear = (timer?: Timer | string | number | null): void => {
      if (typeof timer === 'object' && timer !== null) live.delete(timer);
      clearTimeout(timer ?? undefined);
    };
    const clearSoon = (immediate?: Immediate): void => {
      if (immediate) live.delete(immediate);
      clearImmediate(immediate);
    };
    this.promises = timerPromises(start, clear, soon, clearSoon, repeat);
    Object.defineProperty(start, PROMISIFIED, { get: () => this.promises['setTimeout'] });
    Object.defineProperty(soon, PROMISIFIED, { get: () => this.promises['setImmediate'] });
    this.functions = {
      setTimeout: named('setTimeout', start),
      setInterval: named('setInterval', repeat),
      setImmediate: named('setImmediate', soon),
      queueMicrotask: named('queueMicrotask', microtask),
      clearTimeout: named('clearTimeout', clear),
      clearInterval: named('clearInterval', clear),
      clearImmediate: named('clearImmediate', clearSoon),
    };
  }

  readonly #add = (timer: Timer | Immediate): void => {
    if (this.#closed) return stop(timer);
    this.#live.add(timer);
    if (this.#live.size >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(SWEEP_FROM, this.#live.size * 2);
    }
  };

  #sweep(): void {
    for (const timer of this.#live) if (timer._destroyed === true) this.#live.delete(timer);
  }

  labels(): string[] {
    this.#sweep();
    return [...this.#live].map((timer) => {
      if (!('_idleTimeout' in timer)) return 'immediate';
      return `${typeof timer._repeat === 'number' ? 'interval' : 'timer'} ${timer._idleTimeout} ms`;
    });
  }

  /** Stops every timer; a timer that is started from now on never fires. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#live) stop(timer);
    this.#live.clear();
  }
}

function stop(timer: Timer | Immediate): void {
  if ('_idleTimeout' in timer) clearTimeout(timer);
  else clearImmediate(timer as Immediate);
}

/** As Node's own check: the wrapped timer would only fail once it fires. */
function demandCallback(callback: unknown): void {
  if (typeof callback === 'function') return;
  throw Object.assign(new TypeError('The "callback" argument must be of type function.'), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

function timeoutRefresh(): () => Timer {
  const sample = setTimeout(() => undefined, 0);
  clearTimeout(sample);
  return (Object.getPrototypeOf(sample) as { refresh: () => Timer }).refresh;
}

function named<T extends object>(name: string, value: T): T {
  return Object.defineProperty(value, 'name', { value: name });
}

/**
 * `node:timers/promises` on owned timers. A wait that is pending when the space closes never settles, so that the
 * function which awaits it is collected with the space.
 */
function timerPromises(
  start: (callback: Callback, delay?: number, ...args: unknown[]) => Timer,
  clear: (timer: Timer) => void,
  soon: (callback: Callback, ...args: unknown[]) => Immediate,
  clearSoon: (immediate: Immediate) => void,
  repeat: (callback: Callback, delay?: number) => Timer,
): Readonly<Record<string, unknown>> {
  const wait = <T extends Timer | Immediate>(
    begin: (done: () => void) => T,
    end: (timer: T) => void,
    value: unknown,
    { signal, ref = true }: WaitOptions = {},
  ): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted(signal));
      const timer = begin(() => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      });
      const abort = (): void => {
        end(timer);
        reject(aborted(signal));
      };
      if (!ref) timer.unref();
      signal?.addEventListener('abort', abort, { once: true });
    });
  const delayed = (delay?: number, value?: unknown, options?: WaitOptions): Promise<unknown> =>
    wait((done) => start(done, delay), clear, value, options);
  const immediately = (value?: unknown, options?: WaitOptions): Promise<unknown> =>
    wait(soon, clearSoon, value, options);
  async function* ticks(
    delay?: number,
    value?: unknown,
    { signal, ref = true }: WaitOptions = {},
  ): AsyncGenerator<unknown> {
    if (signal?.aborted) throw aborted(signal);
    let due = 0;
    let wake: (() => void) | undefined;
    const timer = repeat(() => {
      due++;
      wake?.();
    }, delay);
    if (!ref) timer.unref();
    const abort = (): void => wake?.();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      while (true) {
        if (due === 0) await new Promise<void>((resolve) => (wake = resolve));
        if (signal?.aborted) throw aborted(signal);
        for (; due > 0; due--) yield value;
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      clear(timer);
    }
  }
  return {
    setTimeout: named('setTimeout', delayed),
    setImmediate: named('setImmediate', immediately),
    setInterval: named('setInterval', ticks),
    scheduler: {
      wait: (delay: number, options?: WaitOptions) => delayed(delay, undefined, options),
      yield: () => immediately(),
    },
  };
}

/** Shaped as the error that Node's own promise timers reject with. */
class AbortError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';
}

function aborted(signal: AbortSignal | undefined): AbortError {
  return new AbortError('The operation was aborted', { cause: signal?.reason });
}
