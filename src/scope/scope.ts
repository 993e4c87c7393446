import { errorRecord, RackwattError, type ErrorRecord } from '../errors.js';

export type Disposer = () => void | Promise<void>;

interface Effect {
  label: string;
  dispose: Disposer;
}

/**
 * Owns side effects: whatever is added is undone in reverse order when the scope closes.
 *
 * Adding to a closed scope undoes the effect at once, so that work which finishes late leaves nothing behind.
 * One disposer that throws does not keep the others from running.
 */
export class Scope {
  readonly label: string;
  /** Made with the first effect: most components own none. */
  #effects: Map<number, Effect> | undefined;
  /** Made when somebody asks for the signal: an abort costs more than all the rest of a scope. */
  #abort: AbortController | undefined;
  #next = 0;
  #closed = false;
  #closing: Promise<ErrorRecord[]> | undefined;

  constructor(label: string) {
    this.label = label;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Aborts when the scope begins to close. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.closed) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /**
   * Owns an effect.
   * @returns undoes this effect now, and once only; the scope forgets it.
   */
  add(label: string, dispose: Disposer): Disposer {
    if (this.#closed) {
      void (async () => dispose())().catch((error) => void errorRecord(error));
      return () => undefined;
    }
    const key = this.#next++;
    (this.#effects ??= new Map()).set(key, { label, dispose });
    return () => {
      if (!this.#effects?.delete(key)) return undefined;
      return dispose();
    };
  }

  /** Owns anything with `close()`, `[Symbol.dispose]` or `[Symbol.asyncDispose]`, and hands it back. */
  own<T extends object>(label: string, resource: T): T {
    const r = resource as Partial<AsyncDisposable & Disposable & { close(): void | Promise<void> }>;
    this.add(label, () => {
      if (typeof r[Symbol.asyncDispose] === 'function') return r[Symbol.asyncDispose]!() as Promise<void>;
      if (typeof r[Symbol.dispose] === 'function') return r[Symbol.dispose]!();
      return r.close?.();
    });
    return resource;
  }

  /** Calls `run` every `milliseconds` until the scope closes; a rejection is handed to `onError`. */
  interval(
    label: string,
    milliseconds: number,
    run: () => void | Promise<void>,
    onError: (error: unknown) => void,
  ): void {
    const timer = setInterval(() => void (async () => run())().catch(onError), milliseconds);
    this.add(label, () => clearInterval(timer));
  }

  /** A scope inside this one, closed with it and forgotten once closed by itself. */
  child(label: string): Scope {
    const scope = new Scope(label);
    const forget = this.add(label, async () => void (await scope.close()));
    scope.add('parent link', () => void forget());
    return scope;
  }

  /** Labels of the live effects, oldest first. */
  effects(): string[] {
    return this.#effects ? Array.from(this.#effects.values(), ({ label }) => label) : [];
  }

  /**
   * Undoes every effect, newest first.
   * @param patience ms in all for disposers that settle late: afterwards the others are called without waiting, and those that have not
   * settled are told as `SCOPE_TIMEOUT`. Without it, each is waited for
   * @returns what the disposers threw; empty when all went well. Closing twice gives the same promise.
   */
  close(patience?: number): Promise<ErrorRecord[]> {
    this.#closing ??= this.#undo(patience);
    return this.#closing;
  }

  async #undo(patience: number | undefined): Promise<ErrorRecord[]> {
    this.#closed = true;
    this.#abort?.abort();
    const failures: ErrorRecord[] = [];
    const effects = [...(this.#effects?.values() ?? [])].reverse();
    this.#effects = undefined;
    const until = patience === undefined ? undefined : performance.now() + patience;
    for (const { label, dispose } of effects) {
      try {
        const pending = dispose();
        if (!pending) continue;
        if (until === undefined) await pending;
        else await inTime(pending, until, `${label} of ${this.label}`);
      } catch (error) {
        failures.push(errorRecord(error));
      }
    }
    return failures;
  }
}

/** @throws `SCOPE_TIMEOUT` */
async function inTime(pending: Promise<void>, until: number, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `${what} is not undone in time; the rest went on without it`;
    timer = setTimeout(
      () => reject(new RackwattError('SCOPE_TIMEOUT', message)),
      Math.max(0, until - performance.now()),
    );
  });
  try {
    await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}
