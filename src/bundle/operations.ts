import { AsyncLocalStorage } from 'node:async_hooks';
import { RackwattError } from '../errors.js';

interface Operation {
  /** Undefined once it has ended: what it began may live on in its context. */
  on: Operations | undefined;
  readonly what: string;
  readonly outer: Operation | undefined;
}

/** On behalf of which operation code runs: follows what an activator awaits. */
const context = new AsyncLocalStorage<Operation | undefined>();

function current(): Operation | undefined {
  let operation = context.getStore();
  while (operation && !operation.on) operation = operation.outer;
  return operation;
}

/** Whether the code that runs is waited for by an operation on a bundle: then it must not wait for another in turn. */
export function insideOperation(): boolean {
  return current() !== undefined;
}

/** Runs code that no operation waits for: what it asks of a bundle takes its turn like everybody's. */
export function outside<T>(run: () => T): T {
  return context.getStore() ? context.run(undefined, run) : run();
}

/**
 * The operations on one bundle, one at a time. One that waits too long for another is refused rather than stuck; one that a
 * bundle asks for from inside its own start or stop could never have its turn, and is refused at once (OSGi Core 4.4.3).
 */
export class Operations {
  readonly #name: string;
  /** ms to wait for a turn. */
  readonly #limit: () => number;
  /** The last of those that run or wait. */
  #last: Promise<void> | undefined;

  constructor(name: string, limit: () => number) {
    this.#name = name;
    this.#limit = limit;
  }

  /** @throws `BUNDLE_BUSY`; what the operation throws */
  async run(what: string, operation: () => Promise<void>): Promise<void> {
    const outer = current();
    for (let each = outer; each; each = each.outer)
      if (each.on === this)
        throw this.#busy(what, `this was asked from inside its own ${each.what}, which would wait for it for ever`);
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    const mine = before ? before.then(() => promise) : promise;
    this.#last = mine;
    void mine.then(() => {
      if (this.#last === mine) this.#last = undefined;
    });
    const running: Operation = { on: this, what, outer };
    try {
      if (before) await this.#turn(before, what);
      await context.run(running, operation);
    } finally {
      running.on = undefined;
      resolve();
    }
  }

  /** Waits for the operation before. */
  async #turn(before: Promise<void>, what: string): Promise<void> {
    const limit = this.#limit();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#busy(what, `another operation on it has not finished in ${limit / 1000} s`)),
        limit,
      );
    });
    try {
      await Promise.race([before, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #busy(what: string, why: string): RackwattError {
    return new RackwattError('BUNDLE_BUSY', `cannot ${what} ${this.#name}: ${why}`, {
      context: { bundle: this.#name },
    });
  }
}
