import { contract as declare, type Contract } from '../registry/contract.js';
import type { Bound, Cardinality, Live, LiveSet, Lookup, ReferenceDescription, ReferenceOptions } from './types.js';

type Dynamic = ReferenceOptions & { dynamic: true; lookup?: boolean };
type Static = ReferenceOptions & { dynamic?: false; lookup?: false };
type LookedUp = ReferenceOptions & { dynamic?: false; lookup: true };
type Any = ReferenceOptions & { dynamic?: boolean; lookup?: boolean };

/**
 * Stands for services of any contract (Compendium 112.3.9, "Any Service Type"): a reference to it takes what its `target` says, and
 * without a target nothing.
 */
export const AnyService: Contract<object> = declare<object>('rackwatt/AnyService', { major: 1, local: true });

function describe<T>(contract: Contract<T>, cardinality: Cardinality, options: Any): ReferenceDescription<never, T> {
  return {
    contract,
    cardinality,
    policy: options.dynamic ? 'dynamic' : 'static',
    greedy: options.greedy ?? false,
    ...(options.target === undefined ? {} : { target: options.target }),
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(options.lookup ? { lookup: true } : {}),
  };
}

/** 1..1 */
export function one<T>(contract: Contract<T>, options?: Static): ReferenceDescription<T, T>;
export function one<T>(contract: Contract<T>, options: Dynamic): ReferenceDescription<Live<T>, T>;
export function one<T>(contract: Contract<T>, options: LookedUp): ReferenceDescription<Lookup<T>, T>;
export function one<T>(contract: Contract<T>, options: Any = {}): ReferenceDescription<unknown, T> {
  return describe(contract, '1..1', options);
}

/** 0..1 */
export function optional<T>(contract: Contract<T>, options?: Static): ReferenceDescription<T | undefined, T>;
export function optional<T>(contract: Contract<T>, options: Dynamic): ReferenceDescription<Live<T>, T>;
export function optional<T>(contract: Contract<T>, options: LookedUp): ReferenceDescription<Lookup<T>, T>;
export function optional<T>(contract: Contract<T>, options: Any = {}): ReferenceDescription<unknown, T> {
  return describe(contract, '0..1', options);
}

/** 0..n, or 1..n with `atLeastOne`. */
export function many<T>(
  contract: Contract<T>,
  options?: Static & { atLeastOne?: boolean },
): ReferenceDescription<readonly Bound<T>[], T>;
export function many<T>(
  contract: Contract<T>,
  options: Dynamic & { atLeastOne?: boolean },
): ReferenceDescription<LiveSet<T>, T>;
export function many<T>(
  contract: Contract<T>,
  options: LookedUp & { atLeastOne?: boolean },
): ReferenceDescription<Lookup<readonly Bound<T>[]>, T>;
export function many<T>(
  contract: Contract<T>,
  options: Any & { atLeastOne?: boolean } = {},
): ReferenceDescription<unknown, T> {
  return describe(contract, options.atLeastOne ? '1..n' : '0..n', options);
}
