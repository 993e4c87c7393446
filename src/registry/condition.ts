import { contract } from './contract.js';

/**
 * Something that holds as long as this service is there (OSGi Core R8, 59); property `condition.id` says what. Who must wait for it has
 * a reference to it, with the filter `(condition.id=...)`. One with the id `true` is there before any bundle starts, and stays.
 */
export interface Condition {
  /** What holds, in a sentence. */
  describe(): Promise<string>;
}

/** Its services have the property `condition.id`. */
export const Condition = contract<Condition>('rackwatt/Condition', { major: 1, methods: ['describe'] });

/** The condition that always holds. */
export const ALWAYS: Condition = { describe: () => Promise.resolve('This always holds.') };
