import { errorMessage, RackwattError } from '../errors.js';
import type { Listening } from './listeners.js';
import type { ServiceEvent } from './types.js';
import type { ErrorReport } from './uses.js';

export interface Delivery {
  readonly event: ServiceEvent;
  /** Chosen when the event was fired: whoever listens later finds the service by looking. */
  readonly receivers: readonly Listening[];
  /** Those of the receivers that get another event instead. */
  readonly endmatch?: { readonly event: ServiceEvent; readonly receivers: ReadonlySet<Listening> } | undefined;
  /** Runs once all receivers were told. */
  readonly done?: (() => void) | undefined;
}

/**
 * Delivers events in the order in which they were fired. The outermost `fire` returns when all is delivered, with
 * whatever was fired meanwhile; an inner one returns at once. So no cascade grows the stack.
 */
export class EventQueue {
  readonly #report: ErrorReport;
  #waiting: Delivery[] = [];
  #draining = false;

  constructor(report: ErrorReport) {
    this.#report = report;
  }

  fire(delivery: Delivery): void {
    if (this.#draining) {
      this.#waiting.push(delivery);
      return;
    }
    this.#draining = true;
    try {
      this.#deliver(delivery);
      while (this.#waiting.length > 0) {
        const wave = this.#waiting;
        this.#waiting = [];
        for (const next of wave) this.#deliver(next);
      }
    } finally {
      this.#draining = false;
    }
  }

  #deliver({ event, receivers, endmatch, done }: Delivery): void {
    for (const listening of receivers) {
      if (listening.removed) continue;
      try {
        listening.listener(endmatch?.receivers.has(listening) ? endmatch.event : event);
      } catch (error) {
        this.#failed(listening, event, error);
      }
    }
    done?.();
  }

  #failed({ owner }: Listening, event: ServiceEvent, error: unknown): void {
    const message = `A service listener of bundle ${owner.name} failed on ${event.type} of service ${event.reference.id}: ${errorMessage(error)}`;
    this.#report(
      owner,
      new RackwattError('SERVICE_LISTENER', message, {
        cause: error,
        context: { bundle: owner.name, event: event.type },
      }),
    );
  }
}
