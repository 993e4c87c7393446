import { isDeepStrictEqual } from 'node:util';
import type { PreparedConfiguration } from './hooks.js';
import type { ConfigurationEvent } from './managed-service.js';
import { factoryPid, targetedPids, untargetedPids, type TargetBundle } from './targeted.js';

/** A configuration that a bundle brings along. */
export interface BroughtConfiguration {
  pid: string;
  values: Readonly<Record<string, unknown>>;
  /** `default` steps back where the file has the PID; `force` stays there, under the keys of the file. */
  policy: 'default' | 'force';
  bundle: string;
}

/** A configuration in force, with the bundle that brings it or a part of it. */
export interface ConfigurationInForce extends PreparedConfiguration {
  broughtBy?: string;
  policy?: BroughtConfiguration['policy'];
}

/** The configurations in force: those of the file, and under them what bundles bring along. */
export class ConfigurationsInForce {
  readonly #own = new Map<string, PreparedConfiguration>();
  #brought: ReadonlyMap<string, BroughtConfiguration> = new Map();
  readonly #inForce = new Map<string, ConfigurationInForce>();
  /** PIDs of the instances of a factory, and the PID itself. */
  readonly #byFactory = new Map<string, Set<string>>();
  readonly #told = new Map<string, { configuration: ConfigurationInForce; count: number }>();
  #count = 0;

  get(pid: string): ConfigurationInForce | undefined {
    return this.#inForce.get(pid);
  }

  all(): ConfigurationInForce[] {
    return [...this.#inForce.values()];
  }

  /** As of when they were last told. */
  changeCount(pid: string): number {
    return this.#told.get(pid)?.count ?? 0;
  }

  /** Of the file. */
  own(): ReadonlyMap<string, PreparedConfiguration> {
    return this.#own;
  }

  /** What the file says; undefined when it says nothing. */
  setOwn(pid: string, configuration: PreparedConfiguration | undefined): void {
    if (configuration) this.#own.set(pid, configuration);
    else this.#own.delete(pid);
    this.#lay(pid);
  }

  /** What bundles bring along, the best of each PID. @returns PIDs that may have changed by it */
  setBrought(brought: ReadonlyMap<string, BroughtConfiguration>): Set<string> {
    const touched = new Set([...this.#brought.keys(), ...brought.keys()]);
    for (const pid of touched) if (isDeepStrictEqual(this.#brought.get(pid), brought.get(pid))) touched.delete(pid);
    this.#brought = brought;
    for (const pid of touched) this.#lay(pid);
    return touched;
  }

  /** What is for somebody in a bundle who looks under a PID: the instances `pid~name`, or else the one of the PID itself. */
  chosen(pid: string, bundle?: TargetBundle): ConfigurationInForce[] {
    for (const form of targetedPids(pid, bundle)) {
      const found = this.#of(form);
      const instances = found.filter((each) => each.pid !== form);
      if (found.length > 0) return instances.length > 0 ? instances : found;
    }
    return [];
  }

  /** The one under the PID itself. */
  single(pid: string, bundle?: TargetBundle): ConfigurationInForce | undefined {
    for (const form of targetedPids(pid, bundle)) {
      const found = this.#inForce.get(form);
      if (found) return found;
    }
    return undefined;
  }

  /** Those of a factory. */
  instances(pid: string, bundle?: TargetBundle): ConfigurationInForce[] {
    for (const form of targetedPids(pid, bundle)) {
      const found = this.#of(form).filter((each) => each.pid !== form);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** What is otherwise than when this was last called. */
  changes(): ConfigurationEvent[] {
    const events: ConfigurationEvent[] = [];
    const event = (type: ConfigurationEvent['type'], pid: string): void => {
      const factory = factoryPid(pid);
      events.push({ type, pid, ...(factory === pid ? {} : { factoryPid: factory }) });
    };
    for (const pid of this.#told.keys()) {
      if (this.#inForce.has(pid)) continue;
      this.#told.delete(pid);
      event('DELETED', pid);
    }
    for (const [pid, configuration] of this.#inForce) {
      const told = this.#told.get(pid);
      if (told?.configuration === configuration) continue;
      const isSame = told && isDeepStrictEqual(told.configuration, configuration);
      this.#told.set(pid, { configuration, count: isSame ? told.count : ++this.#count });
      if (!isSame) event('UPDATED', pid);
    }
    return events;
  }

  #of(form: string): ConfigurationInForce[] {
    return Array.from(this.#byFactory.get(form) ?? [], (pid) => this.#inForce.get(pid)!);
  }

  #lay(pid: string): void {
    const laid = laidUnder(this.#own.get(pid), this.#brought.get(pid), pid);
    const factory = factoryPid(pid);
    const pids = this.#byFactory.get(factory) ?? new Set();
    if (laid) {
      this.#inForce.set(pid, laid);
      this.#byFactory.set(factory, pids.add(pid));
      return;
    }
    this.#inForce.delete(pid);
    pids.delete(pid);
    if (pids.size === 0) this.#byFactory.delete(factory);
  }
}

/** PIDs under which somebody may look whom changes concern. */
export function concerned(pids: Iterable<string>): Set<string> {
  return new Set(Array.from(pids).flatMap((pid) => [pid, ...untargetedPids(pid)]));
}

function laidUnder(
  own: PreparedConfiguration | undefined,
  brought: BroughtConfiguration | undefined,
  pid: string,
): ConfigurationInForce | undefined {
  if (!brought || (own && brought.policy === 'default')) return own;
  const { values, bundle, policy } = brought;
  const laid = <T extends object>(over: T): T => ({ ...structuredClone(values), ...over });
  return {
    pid,
    secrets: [],
    ...own,
    written: laid(own?.written ?? {}),
    values: laid(own?.values ?? {}),
    broughtBy: bundle,
    policy,
  };
}
