import { RackwattError } from '../errors.js';
import type { ConfigurationDifference } from './difference.js';
import type { RuntimeDocument } from './document.js';
import { writeAtomically } from './write.js';

export interface GenerationInfo {
  number: number;
  /** ISO 8601. */
  time: string;
  /** Why the document came into force. */
  reason: string;
  revision: string;
  state: 'in force' | 'on probation' | 'rolled back' | 'kept';
  /** Version of the runtime that ran it. */
  runtime: string;
  /** Why it was rolled back. */
  why?: string;
}

export interface Generation extends GenerationInfo {
  /** The file as it was, byte for byte. */
  text: string;
}

/** A change that passed every check and is about to be made. */
export interface Change {
  reason: string;
  document: RuntimeDocument;
  difference: ConfigurationDifference;
  text: string;
  revision: string;
  /** The file before the change; the document in force where somebody saved the file. */
  base: { text: string; revision: string };
  /** Whether the file holds the change already, because somebody saved it. */
  isSaved: boolean;
  /** Belongs to the change that is on probation: both stay or both go back. */
  joins?: boolean;
  /** Id of a transaction that began with what the change needs being fetched. */
  transaction?: string;
  /** ms for which it must be healthy, at least. */
  probation?: number;
  /** Gives it up, until something is switched. */
  signal?: AbortSignal;
}

/** The durable side of one change. Each call settles when the disk has it. */
export interface ChangeTransaction {
  /** Replaces the file. @throws CONFIG_CHANGED_MEANWHILE, CONFIG_WRITE, with nothing changed */
  switch(): Promise<void>;
  /** The node runs with it. */
  applied(): Promise<void>;
  /** The node cannot run with it and runs what it ran. @returns false when somebody edited the file meanwhile; it is left as it is */
  undo(why: string): Promise<boolean>;
}

/** Makes changes of the document durable, and keeps what ran. */
export interface Generations {
  /** Newest first. */
  list(): Promise<GenerationInfo[]>;
  /** @throws CONFIG_GENERATION when it is gone or damaged */
  get(number: number): Promise<Generation>;
  /** @throws TRANSACTION_RUNNING, STORE_WRITE, with nothing changed */
  begin(change: Change): Promise<ChangeTransaction>;
}

/** The file alone, while no node runs: whoever starts one finds what was written. */
export function fileAlone(file: string): Generations {
  return {
    list: () => Promise.resolve([]),
    get: (number) =>
      Promise.reject(
        new RackwattError(
          'CONFIG_GENERATION',
          `there is no generation ${number}: the node that keeps them does not run`,
        ),
      ),
    begin: ({ text, revision, base, isSaved }) =>
      Promise.resolve({
        async switch() {
          if (!isSaved) await writeAtomically(file, text, { expected: base.revision });
        },
        applied: () => Promise.resolve(),
        async undo() {
          if (isSaved) return true;
          try {
            await writeAtomically(file, base.text, { expected: revision });
            return true;
          } catch (error) {
            if (error instanceof RackwattError && error.code === 'CONFIG_CHANGED_MEANWHILE') return false;
            throw error;
          }
        },
      }),
  };
}
