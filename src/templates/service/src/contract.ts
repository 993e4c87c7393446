import { contract } from 'rackwatt';

/** Counts things by name. Other bundles import this file as `acme/contract` and name the package in `peerDependencies`. */
export interface Acme {
  /** Counts one more. @returns how many there are now */
  count(name: string): Promise<number>;
  /** How many there are of each name. */
  totals(): Promise<Record<string, number>>;
}

/** Matched by its name and major version. Methods are asynchronous and their arguments plain data, so that it can be called across threads. */
export const Acme = contract<Acme>('acme/Acme', { major: 1, methods: ['count', 'totals'] });
