import type { Contract } from '../registry/contract.js';
import type { Bound, Cardinality, Live, LiveSet, ReferenceDescription, ReferenceOptions } from './types.js';

type Dynamic = ReferenceOptions & { dynamic: true };
type Static = ReferenceOptions & { dynamic?: false };

function describe(
  contract: Contract<unknown>,
  cardinality: Cardinality,
  options: ReferenceOptions & { dynamic?: boolean },
): ReferenceDescription {
  return {
    contract,
    cardinality,
    policy: options.dynamic ? 'dynamic' : 'static',
    greedy: options.greedy ?? false,
    ...(options.target === undefined ? {} : { target: options.target }),
  };
}

/** 1..1 */
export function one<T>(contract: Contract<T>, options?: Static): ReferenceDescription<T>;
export function one<T>(contract: Contract<T>, options: Dynamic): ReferenceDescription<Live<T>>;
export function one(
  contract: Contract<unknown>,
  options: ReferenceOptions & { dynamic?: boolean } = {},
): ReferenceDescription {
  return describe(contract, '1..1', options);
}

/** 0..1 */
export function optional<T>(contract: Contract<T>, options?: Static): ReferenceDescription<T | undefined>;
export function optional<T>(contract: Contract<T>, options: Dynamic): ReferenceDescription<Live<T>>;
export function optional(
  contract: Contract<unknown>,
  options: ReferenceOptions & { dynamic?: boolean } = {},
): ReferenceDescription {
  return describe(contract, '0..1', options);
}

/** 0..n, or 1..n with `atLeastOne`. */
export function many<T>(
  contract: Contract<T>,
  options?: Static & { atLeastOne?: boolean },
): ReferenceDescription<readonly Bound<T>[]>;
export function many<T>(
  contract: Contract<T>,
  options: Dynamic & { atLeastOne?: boolean },
): ReferenceDescription<LiveSet<T>>;
export function many(
  contract: Contract<unknown>,
  options: ReferenceOptions & { dynamic?: boolean; atLeastOne?: boolean } = {},
): ReferenceDescription {
  return describe(contract, options.atLeastOne ? '1..n' : '0..n', options);
}
