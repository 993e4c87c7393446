import { contract, type Contract } from '../registry/contract.js';

/** One contract for a service that has several: with all that can be called on it. */
export function merged(contracts: readonly Contract<unknown>[]): Contract<unknown> {
  const [first, ...others] = contracts;
  if (first !== undefined && others.length === 0) return first;
  const all = (key: 'methods' | 'streams' | 'transfers'): string[] => [
    ...new Set(contracts.flatMap((each) => each[key])),
  ];
  return contract<Record<string, unknown>>(contracts.map(({ name }) => name).join('+'), {
    major: 1,
    methods: all('methods'),
    streams: all('streams'),
    transfers: all('transfers'),
  }) as Contract<unknown>;
}
