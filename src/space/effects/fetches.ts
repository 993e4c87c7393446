import { spaceDisposed } from '../errors.js';
import type { Kind, OwnedResources } from './resources.js';

/** By their response, while somebody has it: its body may still be coming. */
const controls = new WeakMap<Response, AbortController>();

const body: Kind = { label: 'fetch', close: (response: Response) => controls.get(response)?.abort() };

/** `fetch` whose requests end with the space. One that is pending then never settles, so that nobody is called any more. */
export class OwnedFetches {
  readonly #label: string;
  readonly #resources: OwnedResources;
  readonly #pending = new Set<AbortController>();
  #closed = false;

  constructor(label: string, resources: OwnedResources) {
    this.#label = label;
    this.#resources = resources;
  }

  readonly fetch = (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
    if (this.#closed) return Promise.reject(spaceDisposed(this.#label, 'fetch'));
    const control = new AbortController();
    const given = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const signal = given ? AbortSignal.any([given, control.signal]) : control.signal;
    this.#pending.add(control);
    return new Promise((resolve, reject) => {
      fetch(input, { ...init, signal }).then(
        (response) => {
          this.#pending.delete(control);
          if (this.#closed) return;
          controls.set(response, control);
          if (response.body) this.#resources.own(body, response);
          resolve(response);
        },
        (error: unknown) => {
          this.#pending.delete(control);
          if (!this.#closed) reject(error as Error);
        },
      );
    });
  };

  labels(): string[] {
    return Array.from(this.#pending, () => body.label);
  }

  close(): void {
    this.#closed = true;
    for (const control of this.#pending) control.abort();
    this.#pending.clear();
  }
}

/** `AbortSignal` whose time-outs are timers of the space; Node's own keep their listeners until they are due. */
export function timedSignals(setTimeout: typeof globalThis.setTimeout): typeof AbortSignal {
  const timeout = (milliseconds: number): AbortSignal => {
    const control = new AbortController();
    const due = (): void => control.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    setTimeout(due, milliseconds).unref();
    return control.signal;
  };
  return new Proxy(AbortSignal, {
    get: (target, key): unknown => (key === 'timeout' ? timeout : Reflect.get(target, key, target)),
  });
}
