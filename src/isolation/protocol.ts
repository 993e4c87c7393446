import type { RevisionSource } from '../bundle/index.js';
import type { ComponentInfo } from '../bundle/contract.js';
import type { ComponentDescription, DeactivationReason, LookedUp, InstanceState } from '../component/index.js';
import type { ErrorRecord } from '../errors.js';
import { contract, type Contract, type ContractOptions } from '../registry/contract.js';
import type { PropertiesData } from './properties.js';

/** What the node and the child container of one bundle say to each other, beside calls of services. */

/** `load`, asked of the child first: evaluates the bundle's code. Answered with `Loaded`. */
export interface LoadRequest {
  bundle: { owner: { id: number; name: string }; source: RevisionSource };
  /** Bundles whose contracts it imports, and those that these import. */
  providers: RevisionSource[];
  storage: string;
  /** ms between two beats. */
  beat: number;
  /** Bytes of heap of a worker, which looks itself; of a process V8 sees to it. */
  heap?: number;
  /** Least level of log lines that are of use; told as `level` when it changes. */
  level: string;
  /** ms for the activator, and for other work before it is warned of. */
  patience: number;
  /** Addons of the runtime are loaded, and then no further ones can be. */
  dropAddons: boolean;
}

export interface Loaded {
  components: ComponentDescription[];
  /** It has one, whose acts nobody can hold. */
  activator: boolean;
  /** Components with what they provide or need of contracts that cannot cross. */
  local: { component: string; contract: string; provides: boolean; why: string }[];
}

/** By component name. */
export type Configurations = Record<string, { instances: LookedUp; defaults: Readonly<Record<string, unknown>> }>;

/** What components of the revision before handed over, by label. */
export interface HandoverData {
  from: string;
  entries: [string, Uint8Array][];
}

/** `start`: runs the activator and brings the components up. */
export interface StartRequest {
  configurations: Configurations;
  inherits?: HandoverData;
}

/** `stop`: takes everything down. Answered with the entries of what is handed over. */
export interface StopRequest {
  reason?: DeactivationReason;
  /** ms for calls under way. */
  drain: number;
}

/** A service that crosses: told by the side that has it. */
export interface ServiceNotice {
  /** Unique on the side that tells. */
  key: string;
  /** For the other side's stub. */
  handle: number;
  contracts: ContractData[];
  properties: PropertiesData;
  owner: { id: number; name: string };
}

export type ServiceChange = Pick<ServiceNotice, 'key' | 'properties'>;
export type ServiceEnd = Pick<ServiceNotice, 'key'>;

/** A contract as data. */
export type ContractData = Omit<Contract<unknown>, 'id' | 'type'>;

export function contractData({ id: _, type: __, ...data }: Contract<unknown>): ContractData {
  return data;
}

/** What `contractData` was made from. */
export function contractOf({ name, ...options }: ContractData): Contract<unknown> {
  return contract(name, options as ContractOptions<Record<string, unknown>>) as Contract<unknown>;
}

export interface LogNotice {
  level: 'debug' | 'info' | 'warn' | 'error';
  /** Absent for the container itself. */
  component?: string;
  fields: Record<string, unknown>;
  message: string;
}

/** A component of the child as it is now. */
export interface ComponentNotice {
  info: ComponentInfo;
  state: InstanceState;
  failure?: ErrorRecord;
  /** ms that its last activation took. */
  activationTime: number;
}
