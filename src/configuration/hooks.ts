import type { SoundDocument, Verdict } from './candidate.js';
import type { ConfigurationEdit, ConfigurationOutcome, ConfigurationProblem, ConfigurationSchema } from './contract.js';
import type { ConfigurationDifference } from './difference.js';
import type { RuntimeDocument } from './document.js';
import type { Change, Generations } from './generations.js';

/** Why the node could not run with a document. */
export interface ApplyProblem {
  message: string;
  /** Configuration at fault, or `pointer` to any other place of the document. */
  pid?: string;
  pointer?: string;
}

export type ApplyResult = { ok: true } | { ok: false; problems: readonly ApplyProblem[] };

/** What the framework does for the store. */
export interface ConfigurationHooks {
  /** Schemas of the components that are installed now, or that are with a document in force. */
  schemas?(document?: RuntimeDocument): readonly ConfigurationSchema[] | Promise<readonly ConfigurationSchema[]>;
  /**
   * Brings the node from the document in force to `document`; settles when the touched components are active, or are
   * not in time. Whoever answers `ok: false` has put the node back as it was. Called one at a time.
   * @param back called before the node is put back: brings back what of the change is not in the document, such as a secret
   */
  apply?(
    difference: ConfigurationDifference,
    document: RuntimeDocument,
    back?: () => Promise<void>,
  ): Promise<ApplyResult>;
  /** A change came to its end, whatever came of it; called before whoever asked for it is answered. Throws nothing. */
  settled?(): void;
}

export interface ConfigurationLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ConfigurationStoreOptions {
  /** `runtime.config.json`; relative folders in it start at its folder. */
  file: string;
  hooks?: ConfigurationHooks;
  log?: ConfigurationLog;
  environment?: Readonly<Record<string, string | undefined>>;
  /** Where changes become durable, given the storage folder; without it the file is all there is. */
  generations?(storage: string): Promise<Generations>;
}

export interface EditOptions extends Partial<HowToChange> {
  /** That the file must have; as a function it is asked when those before have come to their end. */
  revision?: string | (() => string);
}

/** What whoever asks for a change says of it. */
export type HowToChange = Pick<Change, 'reason' | 'transaction' | 'joins' | 'probation' | 'signal'>;

/** What is to become of a file: edits, edits that follow from the document in it, or a whole new text. */
export type Editing =
  | readonly ConfigurationEdit[]
  | ((document: RuntimeDocument) => Promise<readonly ConfigurationEdit[]>)
  | string;

/** A change that was looked at and not yet made. */
export interface Proposal extends Partial<Verdict> {
  problems: ConfigurationProblem[];
  warnings: ConfigurationProblem[];
  text: string;
  revision: string;
  /** The file as it was when this was proposed. */
  base: { text: string; revision: string };
  /** Absent while the text is not even sound. */
  sound?: SoundDocument;
}

/** What came of a change, by whomever. */
export interface ConfigurationChange {
  outcome: ConfigurationOutcome;
  difference?: ConfigurationDifference;
}

/** A configuration with its secrets looked up. */
export interface PreparedConfiguration {
  pid: string;
  /** As in the document. */
  written: Record<string, unknown>;
  /** With secrets in place of references: never to be logged. */
  values: Record<string, unknown>;
  /** Pointers into `values` to what is secret. */
  secrets: string[];
  /** Why it cannot be used, such as a missing secret. */
  problem?: string;
}
