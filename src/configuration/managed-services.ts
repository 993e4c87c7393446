import { isDeepStrictEqual } from 'node:util';
import { errorMessage, errorRecord, RackwattError } from '../errors.js';
import type { ServiceOwner, ServiceReference } from '../registry/types.js';
import type { ConfigurationInForce, ConfigurationsInForce } from './configurations.js';
import type { ConfigurationLog } from './hooks.js';
import { ManagedService, ManagedServiceFactory } from './managed-service.js';
import { factoryPid, type TargetBundle } from './targeted.js';
import { Turns } from './turns.js';

export interface ManagedServicesOptions {
  inForce: ConfigurationsInForce;
  /** What is known of a bundle that registered a service. */
  bundle(owner: ServiceOwner): TargetBundle | undefined;
  log: ConfigurationLog;
}

/** The configurations that a service was told of, by PID, and its calls. */
interface Target {
  readonly turns: Turns;
  /** PIDs that it is registered under, each with what it was told. */
  readonly pids: Map<string, Map<string, ConfigurationInForce | undefined>>;
  /** Tells it under one of its PIDs whatever is new to it. */
  tell(pid: string, told: Map<string, ConfigurationInForce | undefined>): Promise<void>[];
}

/** Hands configurations to the services that are no components. */
export class ManagedServices {
  readonly #options: ManagedServicesOptions;
  readonly #targets = new Map<ServiceReference, Target[]>();

  constructor(options: ManagedServicesOptions) {
    this.#options = options;
  }

  addSingle(reference: ServiceReference<ManagedService>, service: ManagedService): void {
    this.#add(reference, (pid, told, turns) => {
      const found = this.#options.inForce.single(pid, this.#bundle(reference));
      if (found?.problem !== undefined || (told.has(pid) && isSame(told.get(pid), found))) return [];
      told.set(pid, found);
      return [turns.call(() => service.updated(found && handed(found)))];
    });
  }

  addFactory(reference: ServiceReference<ManagedServiceFactory>, service: ManagedServiceFactory): void {
    this.#add(reference, (pid, told, turns) => {
      const found = new Map(
        this.#options.inForce.instances(pid, this.#bundle(reference)).map((each) => [each.pid, each]),
      );
      const calls: Promise<void>[] = [];
      for (const gone of told.keys()) {
        if (found.has(gone)) continue;
        told.delete(gone);
        calls.push(turns.call(() => service.deleted(gone)));
      }
      for (const [instance, configuration] of found) {
        if (configuration.problem !== undefined || isSame(told.get(instance), configuration)) continue;
        told.set(instance, configuration);
        calls.push(turns.call(() => service.updated(instance, handed(configuration))));
      }
      return calls;
    });
  }

  /** Other PIDs count as if the service went and came. */
  modified(reference: ServiceReference): void {
    const pids = pidsOf(reference);
    for (const target of this.#targets.get(reference) ?? []) {
      for (const pid of target.pids.keys()) if (!pids.has(pid)) target.pids.delete(pid);
      for (const pid of pids) if (!target.pids.has(pid)) this.#begin(target, pid);
    }
  }

  remove(reference: ServiceReference): void {
    for (const { turns } of this.#targets.get(reference) ?? []) turns.end();
    this.#targets.delete(reference);
  }

  /** Configurations changed. @returns settles when everybody whom they concern was called and has answered */
  async changed(concerned: ReadonlySet<string>): Promise<void> {
    const calls = [...this.#targets.values()]
      .flat()
      .flatMap((target) =>
        [...target.pids].flatMap(([pid, told]) => (concerned.has(pid) ? target.tell(pid, told) : [])),
      );
    await Promise.all(calls);
  }

  #add(
    reference: ServiceReference,
    tell: (pid: string, told: Map<string, ConfigurationInForce | undefined>, turns: Turns) => Promise<void>[],
  ): void {
    const turns = new Turns((error) => this.#failed(reference, error));
    const target: Target = { turns, pids: new Map(), tell: (pid, told) => tell(pid, told, turns) };
    this.#targets.set(reference, [...(this.#targets.get(reference) ?? []), target]);
    for (const pid of pidsOf(reference)) this.#begin(target, pid);
  }

  #begin(target: Target, pid: string): void {
    const told = new Map<string, ConfigurationInForce | undefined>();
    target.pids.set(pid, told);
    void target.tell(pid, told);
  }

  #bundle(reference: ServiceReference): TargetBundle | undefined {
    return reference.owner && this.#options.bundle(reference.owner);
  }

  #failed(reference: ServiceReference, error: unknown): void {
    const pids = [...pidsOf(reference)].join(', ');
    const property = error instanceof RackwattError ? error.context['property'] : undefined;
    const place = typeof property === 'string' ? `, property ${property}` : '';
    this.#options.log.error(
      { error: errorRecord(error), pid: pids, ...(place === '' ? {} : { property }) },
      `a service of ${reference.owner?.name ?? 'a bundle that is gone'} did not take configuration ${pids}${place}: ${errorMessage(error)}`,
    );
  }
}

function isSame(told: ConfigurationInForce | undefined, found: ConfigurationInForce | undefined): boolean {
  return told === found || (told?.pid === found?.pid && isDeepStrictEqual(told?.values, found?.values));
}

/** A copy for the service alone. */
function handed({ pid, values }: ConfigurationInForce): Record<string, unknown> {
  const factory = factoryPid(pid);
  return {
    ...structuredClone(values),
    'service.pid': pid,
    ...(factory === pid ? {} : { 'service.factoryPid': factory }),
  };
}

function pidsOf(reference: ServiceReference): Set<string> {
  const value = reference.property('service.pid');
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return new Set(list.filter((pid) => typeof pid === 'string'));
}
