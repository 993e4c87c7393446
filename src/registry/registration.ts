import type { ServiceRecord } from './record.js';
import type { Properties, ServiceReference, ServiceRegistration } from './types.js';

/** What only the registrant may do. */
export interface RegistrantActs {
  change(record: ServiceRecord, properties: Properties): void;
  unregister(record: ServiceRecord): void;
}

/** What the registrant holds. */
export class Registration<T> implements ServiceRegistration<T> {
  readonly #record: ServiceRecord;
  readonly #acts: RegistrantActs;

  constructor(record: ServiceRecord, acts: RegistrantActs) {
    this.#record = record;
    this.#acts = acts;
  }

  get reference(): ServiceReference<T> {
    return this.#record as ServiceReference<T>;
  }

  setProperties(properties: Properties): void {
    this.#acts.change(this.#record, properties);
  }

  unregister(): void {
    this.#acts.unregister(this.#record);
  }
}
