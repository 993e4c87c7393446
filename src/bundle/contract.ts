import type { ErrorRecord } from '../errors.js';
import { contract } from '../registry/contract.js';

export type BundleState = 'INSTALLED' | 'RESOLVED' | 'STARTING' | 'ACTIVE' | 'STOPPING' | 'UNINSTALLED';

/** What a bundle that failed by itself went through since it was last well. */
export interface RecoveryInfo {
  /** `open`: it failed too often and stays stopped until somebody starts or updates it. */
  state: 'stopping' | 'waiting' | 'starting' | 'running' | 'open';
  /** In the last 10 minutes. */
  failures: number;
  /** Message of the last failure. */
  last: string;
  /** s until it is started again, while it waits for that. */
  startsIn?: number;
}

/** Where a bundle runs: in this process, in a worker thread, or in a process of its own. */
export type Isolation = 'space' | 'worker' | 'process';

/** The worker or process of a bundle. */
export interface HostInfo {
  /** `thread 3`, `process 4711`. */
  place: string;
  /** Bytes: of JavaScript heap in a worker, of all that it holds in a process. Absent where the system does not tell. */
  memory?: number;
  /** ms of processor time since it was started. */
  processorTime?: number;
}

export interface BundleInfo {
  id: number;
  name: string;
  version: string;
  state: BundleState;
  /** `link:...`, `store:...` or `dropins:...` */
  location: string;
  digest?: string;
  startLevel: number;
  update: 'staged' | 'exclusive';
  isolation: Isolation;
  /** Where and at what cost it runs, when not in a space. */
  host?: HostInfo;
  /** Why it is not active, in one sentence. */
  reason?: string;
  /** Absent when it did not fail lately. */
  recovery?: RecoveryInfo;
}

export interface ServiceInfo {
  id: number;
  contracts: string[];
  bundle: string;
  properties: Record<string, unknown>;
  users: string[];
}

/** Whom a bundle got something from that its manifest requires. */
export interface WireInfo {
  bundle: string;
  version: string;
  /** In words, such as `@acme/api ^1.2.0`. */
  requirement: string;
  /** In words, such as `@acme/api 1.4.0`. */
  capability: string;
  /** Name of the bundle that has it; `rackwatt` is the container. */
  provider: string;
  /** Absent of the container. */
  providerVersion?: string;
}

/** Everything that a container has at one moment, but for its components. */
export interface ContainerInfo {
  startLevel: number;
  initialBundleStartLevel: number;
  /** The container's own first. */
  bundles: BundleInfo[];
  wires: WireInfo[];
  /** Best first. */
  services: ServiceInfo[];
}

/** A component as its bundle describes it, with the defaults of what its author left out (Compendium 112.10). */
export interface DescribedComponent {
  name: string;
  bundle: string;
  /** Whether it may come up now. */
  enabled: boolean;
  /** Whether it is activated as soon as it is satisfied; else when somebody uses its service. */
  immediate: boolean;
  serviceScope: 'singleton' | 'bundle' | 'prototype';
  /** `component.factory` of a factory component. */
  factory?: string;
  provides: string[];
  references: Record<string, { contract: string; cardinality: string; policy: string; target?: string }>;
  configuration: { pid: string; pids?: string[]; policy: 'optional' | 'require' | 'ignore'; schema?: object };
}

/** A reference of a component that is or could be there. */
export interface ComponentReferenceInfo {
  name: string;
  contract: string;
  /** The filter in force. */
  target?: string;
  /** Services needed. */
  minimum: number;
  satisfied: boolean;
  /** How many services are bound now. */
  bound: number;
}

export interface ComponentInfo {
  name: string;
  bundle: string;
  pid?: string;
  state:
    | 'disabled'
    | 'unsatisfied-configuration'
    | 'unsatisfied-reference'
    | 'satisfied'
    | 'activating'
    | 'active'
    | 'deactivating'
    | 'failed';
  /** Why it is not active: missing reference with its filter and near misses, configuration, failure. */
  reasons: string[];
  provides: string[];
  references: ComponentReferenceInfo[];
}

/** Plain views of the running container; no live references. */
export interface Runtime {
  node(): Promise<{ id: string; version: string; pid: number; started: string; home: string }>;
  bundles(): Promise<BundleInfo[]>;
  services(filter?: string): Promise<ServiceInfo[]>;
  container(): Promise<ContainerInfo>;
  /** Those with each of their configurations, and those that factories made. */
  components(): Promise<ComponentInfo[]>;
  /** The components of all bundles that run in a space, also those that are disabled. */
  descriptions(): Promise<DescribedComponent[]>;
  /**
   * Lets a component come up that is not enabled. Settles when it has, or has begun to wait for what it needs.
   * @throws `COMPONENT_UNKNOWN`, also where its bundle is isolated
   */
  enableComponent(bundle: string, name: string): Promise<void>;
  /** Takes a component down until it is enabled. Settles when it is down. @throws `COMPONENT_UNKNOWN`, also where its bundle is isolated */
  disableComponent(bundle: string, name: string): Promise<void>;
  health(): Promise<NodeHealth>;
}

export const Runtime = contract<Runtime>('rackwatt/Runtime', {
  major: 1,
  methods: [
    'node',
    'bundles',
    'services',
    'container',
    'components',
    'descriptions',
    'enableComponent',
    'disableComponent',
    'health',
  ],
});

export type HealthState = 'ok' | 'degraded' | 'failed';

export interface Health {
  state: HealthState;
  /** One sentence on what is wrong and what to do; absent when ok. */
  detail?: string;
  /**
   * Figures worth showing, such as `queued` or `devices`. By `ok` and `failing`, how many of the things that are looked at work and
   * do not, it is seen whether a change made it worse.
   */
  figures?: Record<string, number | string>;
}

export interface NodeHealth {
  state: HealthState;
  checks: Record<string, Health>;
}

/** Contributed by bundles; property `name` says whose health it is. */
export interface HealthCheck {
  check(): Promise<Health>;
}

export const HealthCheck = contract<HealthCheck>('rackwatt/HealthCheck', { major: 1, methods: ['check'] });

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A line of the node's log (Compendium 101, "Log Entry"), as plain data. */
export interface LogEntry {
  /** Rising by one from entry to entry since the node was started: a step of more than one tells how many are missing. */
  sequence: number;
  /** ms since 1970. */
  time: number;
  level: LogLevel;
  /** Whose line it is; `rackwatt` is the container. */
  bundle: string;
  component?: string;
  message: string;
  /** What was given as the field `error`. */
  error?: ErrorRecord;
  /** The other fields, as they were given. */
  fields: Record<string, unknown>;
}

/** What the node and its bundles log (Compendium 101, "Log Reader Service", "Log Stream"). */
export interface LogReader {
  /**
   * The last entries, oldest first. The node remembers 500 lines.
   * @param options.count 100 when absent @param options.level the least
   */
  recent(options?: { count?: number; level?: LogLevel }): Promise<LogEntry[]>;
  /**
   * Entries as they come, in order. A reader that does not keep up loses the oldest. One that logs what it reads would go on
   * for ever.
   * @param options.history so many past ones come first; 0 when absent @param options.level the least
   */
  follow(options?: { history?: number; level?: LogLevel }): AsyncIterable<LogEntry>;
}

export const LogReader = contract<LogReader>('rackwatt/LogReader', {
  major: 1,
  methods: ['recent'],
  streams: ['follow'],
});
