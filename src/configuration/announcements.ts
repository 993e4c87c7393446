import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { errorMessage, errorRecord } from '../errors.js';
import { ServiceTracker, type ServiceGroup } from '../registry/index.js';
import { concerned } from './configurations.js';
import {
  ConfigurationListener,
  ManagedService,
  ManagedServiceFactory,
  SynchronousConfigurationListener,
  type ConfigurationEvent,
} from './managed-service.js';
import { ManagedServices, type ManagedServicesOptions } from './managed-services.js';
import { Turns } from './turns.js';

/** ms for which an event waits for a service that is slow to take the configuration. */
const PATIENCE = 5_000;

/** Tells services what changed of the configurations in force. */
export class Announcements {
  readonly #options: ManagedServicesOptions;
  readonly #managed: ManagedServices;
  readonly #listeners: ServiceTracker<ConfigurationListener, { listener: ConfigurationListener; turns: Turns }>;
  readonly #synchronous: ServiceTracker<SynchronousConfigurationListener>;
  readonly #trackers: { open(): unknown; close(): void }[];
  #events: Promise<void> = Promise.resolve();
  #isOpen = false;

  constructor(services: ServiceGroup, options: ManagedServicesOptions) {
    this.#options = options;
    const managed = new ManagedServices(options);
    this.#managed = managed;
    this.#synchronous = new ServiceTracker(services, { contract: SynchronousConfigurationListener });
    this.#listeners = new ServiceTracker<ConfigurationListener, { listener: ConfigurationListener; turns: Turns }>(
      services,
      { contract: ConfigurationListener },
      {
        adding: (reference) => {
          const listener = services.get(reference);
          return listener && { listener, turns: new Turns((error) => this.#failed(error)) };
        },
        removed: (reference, { turns }) => {
          turns.end();
          services.release(reference);
        },
      },
    );
    const follow = <T>(contract: { id: string }, add: (reference: never, service: T) => void) =>
      new ServiceTracker<T, T>(
        services,
        { contract: contract.id },
        {
          adding: (reference) => {
            const service = services.get(reference);
            if (service) add(reference as never, service);
            return service;
          },
          modified: (reference) => managed.modified(reference),
          removed: (reference) => {
            managed.remove(reference);
            services.release(reference);
          },
        },
      );
    this.#trackers = [
      this.#listeners,
      this.#synchronous,
      follow<ManagedService>(ManagedService, (reference, service) => managed.addSingle(reference, service)),
      follow<ManagedServiceFactory>(ManagedServiceFactory, (reference, service) =>
        managed.addFactory(reference, service),
      ),
    ];
  }

  /** From now on services are told; what is in force now is no news. */
  open(): void {
    this.#options.inForce.changes();
    for (const tracker of this.#trackers) tracker.open();
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
    for (const tracker of this.#trackers) tracker.close();
  }

  /** Tells whatever changed since it was told last: synchronous listeners now, the others behind. */
  announce(): void {
    const events = this.#options.inForce.changes();
    if (events.length === 0 || !this.#isOpen) return;
    for (const event of events) this.#tellNow(event);
    const taken = this.#managed.changed(concerned(events.map(({ pid }) => pid)));
    this.#events = this.#events.then(async () => {
      const patience = new AbortController();
      const late = pause(PATIENCE, undefined, { ref: false, signal: patience.signal }).catch(errorMessage);
      await Promise.race([taken, late]);
      patience.abort();
      // Whoever made the change is answered by then.
      await nextTurn();
      for (const reference of this.#listeners.references) {
        const { listener, turns } = this.#listeners.get(reference)!;
        for (const event of events) void turns.call(() => listener.configurationChanged({ ...event }));
      }
    });
  }

  #tellNow(event: ConfigurationEvent): void {
    for (const listener of this.#synchronous.services) {
      try {
        listener.configurationChanged({ ...event });
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    this.#options.log.error(
      { error: errorRecord(error) },
      `a listener of configurations failed: ${errorMessage(error)}`,
    );
  }
}
