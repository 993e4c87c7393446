import { contract, type Contract } from '../registry/contract.js';
import { CALL_TIMEOUT } from './deadlines.js';

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
    ...longest(contracts),
  }) as Contract<unknown>;
}

/** The time of the one that needs most: no method gets less than its own contract says. */
function longest(contracts: readonly Contract<unknown>[]): { timeout?: number } {
  const timeouts = contracts.flatMap(({ timeout }) => timeout ?? []);
  if (timeouts.length === 0) return {};
  return { timeout: timeouts.includes(0) ? 0 : Math.max(CALL_TIMEOUT, ...timeouts) };
}
