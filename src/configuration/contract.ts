import { contract } from '../registry/contract.js';

/** A change of one value in `runtime.config.json`. `path` is a list of keys, such as `['configurations', 'rackwatt.device~a', 'interval']`. */
export interface ConfigurationEdit {
  path: readonly (string | number)[];
  /** Absent removes the value. */
  value?: unknown;
}

/** One thing that is wrong with a configuration. Lines and columns count from 1. */
export interface ConfigurationProblem {
  message: string;
  /** JSON pointer. */
  pointer: string;
  line: number;
  column: number;
}

export interface ConfigurationOutcome {
  applied: boolean;
  problems: ConfigurationProblem[];
  /** Allowed, but most likely not meant: a PID that nobody reads, a key that looks misspelt. */
  warnings?: ConfigurationProblem[];
  /** Revision after the change (or the unchanged one). */
  revision: string;
}

/** Schema of one PID, with where it comes from. */
export interface ConfigurationSchema {
  pid: string;
  /** Component and bundle that declare it. */
  component: string;
  bundle: string;
  policy: 'optional' | 'require' | 'ignore';
  schema: object;
}

/** The configuration file: the only truth. Every way to change the node (page, command, center) goes through it. */
export interface ConfigurationAdmin {
  /** The file as it stands; secrets stay references. `revision` is its digest. */
  read(): Promise<{ text: string; revision: string; document: unknown }>;
  /** All edits or none: validated, written atomically, applied; undone whole if the touched components do not become active in time. */
  edit(edits: readonly ConfigurationEdit[], options?: { revision?: string }): Promise<ConfigurationOutcome>;
  /** What `edit` would say, without doing it. */
  validate(edits: readonly ConfigurationEdit[]): Promise<ConfigurationOutcome>;
  schemas(): Promise<ConfigurationSchema[]>;
  secrets(): Promise<string[]>;
  /** Stores a secret; it is never given back. */
  setSecret(name: string, value: string): Promise<void>;
  /** Refused with `SECRET_IN_USE` while a configuration refers to it. */
  removeSecret(name: string): Promise<void>;
}

export const ConfigurationAdmin = contract<ConfigurationAdmin>('rackwatt/ConfigurationAdmin', {
  major: 1,
  methods: ['read', 'edit', 'validate', 'schemas', 'secrets', 'setSecret', 'removeSecret'],
});

/**
 * Puts secrets in the place of their references, for what is not in the configuration yet, such as a preview. What it gives
 * is never stored, logged or sent to anybody but the device that it is for.
 */
export interface SecretResolver {
  /** A copy of `values`. @throws `SECRET_MISSING` */
  resolve(values: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
}

export const SecretResolver = contract<SecretResolver>('rackwatt/SecretResolver', { major: 1, local: true });
