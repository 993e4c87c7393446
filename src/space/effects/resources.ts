import { EventEmitter, errorMonitor } from 'node:events';
import { spaceDisposed } from '../errors.js';
import { attributeError } from '../origin.js';

/** How a kind of resource is named and ended. */
export interface Kind {
  label: string;
  close(resource: never): unknown;
  /** What is owned in its stead, where the made object itself may be dropped while its parts work on. */
  parts?(resource: never): object[];
  /** Looks after the resource from the beginning, where its end alone would not do. */
  made?(resource: never): void;
  /** Event of the resource after which nothing is left to close; `close` unless given. */
  ended?: string;
}

interface Entry {
  kind: Kind;
  ref: WeakRef<object>;
}

const SWEEP_FROM = 64;

/**
 * Sockets, servers, workers, processes and watchers that modules of a space opened through wrapped built-ins.
 *
 * They are held weakly: Node itself keeps whatever is at work, and what it does not keep needs no closing.
 */
export class OwnedResources {
  readonly #entries = new Set<Entry>();
  readonly #label: string;
  readonly #onError: (error: unknown) => void;
  #sweepAt = SWEEP_FROM;
  #closed = false;

  constructor(label: string, onError: (error: unknown) => void) {
    this.#label = label;
    this.#onError = onError;
  }

  /** To be called before a resource is made. @throws RackwattError `SPACE_DISPOSED` */
  demandOpen(kind: Kind): void {
    if (this.#closed) throw spaceDisposed(this.#label, `open a ${kind.label}`);
  }

  own<T>(kind: Kind, resource: T): T {
    if (typeof resource !== 'object' || resource === null) return resource;
    kind.made?.(resource as never);
    const parts = kind.parts?.(resource as never) ?? [resource];
    for (const part of parts) this.#ownPart(kind, part);
    if (this.#entries.size >= this.#sweepAt) this.#sweep();
    return resource;
  }

  #ownPart(kind: Kind, resource: object): void {
    const entry: Entry = { kind, ref: new WeakRef(resource) };
    this.#entries.add(entry);
    if (resource instanceof EventEmitter) {
      const label = this.#label;
      resource.once(kind.ended ?? 'close', () => this.#entries.delete(entry));
      // An 'error' that nobody listens to carries no frame of the bundle: this is the last moment at which its origin is known.
      resource.on(errorMonitor, (error: unknown) => attributeError(error, label));
    }
  }

  /** Forgets a resource that was closed by its own means. */
  forget(resource: object): void {
    for (const entry of this.#entries) if (entry.ref.deref() === resource) this.#entries.delete(entry);
  }

  #sweep(): void {
    for (const entry of this.#entries) if (entry.ref.deref() === undefined) this.#entries.delete(entry);
    this.#sweepAt = Math.max(SWEEP_FROM, this.#entries.size * 2);
  }

  labels(): string[] {
    this.#sweep();
    return [...this.#entries].map((entry) => entry.kind.label);
  }

  close(): void {
    this.#closed = true;
    for (const { kind, ref } of [...this.#entries].reverse()) {
      const resource = ref.deref();
      if (resource === undefined) continue;
      try {
        if (resource instanceof EventEmitter) {
          // Without its listeners the resource holds no closure of the space, nor can a handler of 'close' open a new one.
          resource.removeAllListeners();
          resource.on('error', () => undefined);
        }
        const pending = kind.close(resource as never);
        if (pending instanceof Promise) pending.catch(this.#onError);
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#entries.clear();
  }
}
