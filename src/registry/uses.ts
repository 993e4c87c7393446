import { errorMessage, RackwattError } from '../errors.js';
import type { ServiceRecord } from './record.js';
import type { ServiceObjects, ServiceOwner } from './types.js';

/** Told about every failure inside code of a bundle that the registry called; `owner` is that bundle. */
export type ErrorReport = (owner: ServiceOwner, error: RackwattError) => void;

/** What one bundle holds of one service. */
export interface Use {
  readonly owner: ServiceOwner;
  /** Of `get` and `release`. */
  count: number;
  /** The bundle's one object, while `count` is above 0. */
  service: unknown;
  /** Objects handed out one by one, with how often each. */
  objects: Map<unknown, number> | undefined;
}

/** Who uses which service, and the objects that factories made for them. */
export class ServiceUses {
  readonly #report: ErrorReport;
  readonly #byOwner = new Map<number, Set<ServiceRecord>>();

  constructor(report: ErrorReport) {
    this.#report = report;
  }

  of(owner: ServiceOwner): ServiceRecord[] {
    return [...(this.#byOwner.get(owner.id) ?? [])];
  }

  get(owner: ServiceOwner, record: ServiceRecord): unknown {
    const use = record.uses?.get(owner.id);
    if (use && use.count > 0) {
      use.count++;
      return use.service;
    }
    const service = record.factory ? this.#make(owner, record) : record.service;
    if (service === undefined) return undefined;
    const fresh = this.#use(owner, record);
    fresh.count++;
    fresh.service = service;
    return service;
  }

  /** @returns false when the bundle does not hold the service. */
  release(owner: ServiceOwner, record: ServiceRecord): boolean {
    const use = record.uses?.get(owner.id);
    if (!use || use.count === 0) return false;
    use.count--;
    if (use.count > 0) return true;
    const service = use.service;
    use.service = undefined;
    this.#forgetIfUnused(record, use);
    this.#giveBack(owner, record, service);
    return true;
  }

  objects(owner: ServiceOwner, record: ServiceRecord): ServiceObjects {
    const isPrototype = record.scope === 'prototype';
    return {
      reference: record,
      get: () => {
        if (record.state === 'gone') return undefined;
        const service = isPrototype ? this.#make(owner, record) : this.get(owner, record);
        if (service === undefined) return undefined;
        const use = this.#use(owner, record);
        const objects = (use.objects ??= new Map());
        objects.set(service, (objects.get(service) ?? 0) + 1);
        return service;
      },
      release: (service) => {
        if (record.state === 'gone') throw unregistered(record);
        const use = record.uses?.get(owner.id);
        const times = use?.objects?.get(service);
        if (!use?.objects || times === undefined) {
          throw new RackwattError(
            'SERVICE_OBJECT_FOREIGN',
            `Bundle ${owner.name} hands back an object of service ${record.id} that it was not given, or handed back before.`,
            { context: { service: record.id, bundle: owner.name } },
          );
        }
        if (times === 1) use.objects.delete(service);
        else use.objects.set(service, times - 1);
        if (isPrototype) {
          this.#forgetIfUnused(record, use);
          this.#giveBack(owner, record, service);
        } else this.release(owner, record);
      },
    };
  }

  /** Takes a service that goes from everyone who holds it. */
  dropService(record: ServiceRecord): void {
    for (const use of record.uses?.values() ?? []) this.#drop(record, use);
    record.uses = undefined;
  }

  /** Gives back all that a bundle holds. */
  dropOwner(owner: ServiceOwner): void {
    for (const record of this.of(owner)) {
      const use = record.uses?.get(owner.id);
      if (use) this.#drop(record, use);
    }
  }

  #drop(record: ServiceRecord, use: Use): void {
    const { service, count } = use;
    const objects = record.scope === 'prototype' ? [...(use.objects ?? [])] : [];
    use.count = 0;
    use.service = undefined;
    use.objects = undefined;
    this.#forgetIfUnused(record, use);
    if (count > 0) this.#giveBack(use.owner, record, service);
    for (const [object, times] of objects) for (let i = 0; i < times; i++) this.#giveBack(use.owner, record, object);
  }

  #use(owner: ServiceOwner, record: ServiceRecord): Use {
    record.uses ??= new Map();
    let use = record.uses.get(owner.id);
    if (use) return use;
    use = { owner, count: 0, service: undefined, objects: undefined };
    record.uses.set(owner.id, use);
    let held = this.#byOwner.get(owner.id);
    if (!held) this.#byOwner.set(owner.id, (held = new Set()));
    held.add(record);
    return use;
  }

  #forgetIfUnused(record: ServiceRecord, use: Use): void {
    if (use.count > 0 || (use.objects && use.objects.size > 0)) return;
    record.uses?.delete(use.owner.id);
    const held = this.#byOwner.get(use.owner.id);
    held?.delete(record);
    if (held?.size === 0) this.#byOwner.delete(use.owner.id);
  }

  /** @returns undefined after having reported why. */
  #make(user: ServiceOwner, record: ServiceRecord): unknown {
    const { factory, registration, owner } = record;
    if (!factory || !registration || !owner) return undefined;
    record.making ??= new Set();
    if (record.making.has(user.id)) {
      this.#fail(
        owner,
        record,
        'SERVICE_FACTORY_RECURSION',
        `asked for this very service while making it for bundle ${user.name}`,
      );
      return undefined;
    }
    record.making.add(user.id);
    let service: unknown;
    try {
      service = factory.get(user, registration) ?? undefined;
      if (service === undefined)
        this.#fail(owner, record, 'SERVICE_FACTORY_ERROR', `gave nothing to bundle ${user.name}`);
    } catch (error) {
      this.#fail(
        owner,
        record,
        'SERVICE_FACTORY_EXCEPTION',
        `failed for bundle ${user.name}: ${errorMessage(error)}`,
        error,
      );
      return undefined;
    } finally {
      record.making.delete(user.id);
    }
    if (service !== undefined && record.state === 'gone') {
      // The factory unregistered its own service: nobody would ever give this object back.
      this.#callRelease(owner, record, () => factory.release(user, registration, service));
      return undefined;
    }
    return service;
  }

  #giveBack(user: ServiceOwner, record: ServiceRecord, service: unknown): void {
    const { factory, registration, owner } = record;
    if (!factory) return;
    // Of a service that is gone calls under way may end; and a factory may give one object to several bundles.
    if (record.state !== 'gone' && !isHeld(record, service)) record.endGuardOf(service);
    if (registration && owner) this.#callRelease(owner, record, () => factory.release(user, registration, service));
  }

  #callRelease(owner: ServiceOwner, record: ServiceRecord, release: () => void): void {
    try {
      release();
    } catch (error) {
      this.#fail(
        owner,
        record,
        'SERVICE_FACTORY_EXCEPTION',
        `failed to take an object back: ${errorMessage(error)}`,
        error,
      );
    }
  }

  #fail(owner: ServiceOwner, record: ServiceRecord, code: string, what: string, cause?: unknown): void {
    const message = `The factory of service ${record.id} (${record.contracts.join(', ')}) of bundle ${owner.name} ${what}.`;
    this.#report(
      owner,
      new RackwattError(code, message, { cause, context: { service: record.id, bundle: owner.name } }),
    );
  }
}

function isHeld(record: ServiceRecord, service: unknown): boolean {
  for (const use of record.uses?.values() ?? []) if (use.service === service || use.objects?.has(service)) return true;
  return false;
}

export function unregistered(record: ServiceRecord): RackwattError {
  return new RackwattError(
    'SERVICE_UNREGISTERED',
    `Service ${record.id} (${record.contracts.join(', ')}) is no longer registered.`,
    {
      context: { service: record.id },
    },
  );
}
