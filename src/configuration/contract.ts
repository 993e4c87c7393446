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
  /** The change was allowed, but the node could not run with it, and went back. */
  undone?: true;
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

/** A configuration as it is in force: a snapshot, which later changes leave as it is (Compendium 104.5). */
export interface Configuration {
  /** `acme.meter`; `acme.device~rack1-a` is one of a factory; `acme.meter|@acme/meter|1.2.0` is meant for one bundle. */
  pid: string;
  /** Of `acme.device~rack1-a`: `acme.device`. */
  factoryPid?: string;
  /** As they are written: secrets stay references. Absent before the first `update`. */
  properties?: Record<string, unknown>;
  /** Rises with each change while the node runs, and is never used again; 0 where there are no properties. */
  changeCount: number;
  /** Bundle that brings it; absent where the file says it all. */
  broughtBy?: string;
}

/** What a change is made for. */
export interface ConfigurationState {
  /** Refused with `CONFIG_CHANGED_MEANWHILE` when the configuration has another one by then, or was deleted. */
  changeCount?: number;
}

/** The configuration file: the only truth. Every way to change the node (page, command, center) goes through it. */
export interface ConfigurationAdmin {
  /** A configuration; one without properties where there is none: nothing is stored before the first `update`. */
  configuration(pid: string): Promise<Configuration>;
  /** One of a factory: `factoryPid~name`, the same each time; without a name one that is not there yet. */
  factoryConfiguration(factoryPid: string, name?: string): Promise<Configuration>;
  /**
   * The configurations that have properties.
   * @param filter in OSGi's syntax, over the properties (nested keys joined by dots), `service.pid` and `service.factoryPid`
   * @throws `FILTER_SYNTAX`
   */
  list(filter?: string): Promise<Configuration[]>;
  /**
   * Puts properties in the place of those before, in the file: an `edit` of it. `service.pid`, `service.factoryPid` and
   * `service.bundleLocation` among them are left out.
   * @throws `CONFIG_INVALID`, `CONFIG_NOT_APPLIED`, `CONFIG_CHANGED_MEANWHILE`, with nothing changed
   */
  update(pid: string, properties: Readonly<Record<string, unknown>>, state?: ConfigurationState): Promise<void>;
  /** As `update`. @returns false when they are in force already: then nothing is written, and nobody is told */
  updateIfDifferent(
    pid: string,
    properties: Readonly<Record<string, unknown>>,
    state?: ConfigurationState,
  ): Promise<boolean>;
  /** Takes a configuration out of the file. @throws `CONFIG_UNKNOWN` when it is not in it, and as `update` */
  delete(pid: string, state?: ConfigurationState): Promise<void>;
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
  methods: [
    'configuration',
    'factoryConfiguration',
    'list',
    'update',
    'updateIfDifferent',
    'delete',
    'read',
    'edit',
    'validate',
    'schemas',
    'secrets',
    'setSecret',
    'removeSecret',
  ],
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
