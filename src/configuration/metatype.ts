import { contract } from '../registry/contract.js';

/** One value or list of a configuration, as people are asked for it (Compendium 105.4). */
export interface AttributeDefinition {
  /** Key in the configuration. */
  id: string;
  name: string;
  description?: string;
  /** Of the value, or of each in the list; `password` where the schema says `writeOnly` or `"format": "password"`. */
  type: 'string' | 'password' | 'number' | 'integer' | 'boolean' | 'object' | 'any';
  /** A list of values. */
  isList: boolean;
  /** The most entries of a list; any number when absent. */
  most?: number;
  required: boolean;
  default?: unknown;
  /** Least value of a number, least length of a text. */
  minimum?: number;
  /** Greatest value of a number, greatest length of a text. */
  maximum?: number;
  /** The only values there are. */
  options?: { value: unknown; label: string }[];
}

/** What can be configured under a PID or factory PID. */
export interface ObjectClassDefinition {
  pid: string;
  /** Each `pid~name` is one. */
  isFactory: boolean;
  bundle: string;
  name: string;
  description?: string;
  attributes: AttributeDefinition[];
  /** All of it as JSON Schema, its texts in the language asked for. */
  schema: object;
}

/** What bundles can be configured with (Compendium 105): by the schemas of their components, and by definitions in files. */
export interface MetaType {
  /** PIDs and factory PIDs of a bundle, and the languages that its texts have. @throws `BUNDLE_UNKNOWN` */
  pids(bundle: string): Promise<{ pids: string[]; factoryPids: string[]; locales: string[] }>;
  /**
   * @param locale such as `de-CH`; where its texts are not there, those of `de` are taken, then the default ones
   * @throws `BUNDLE_UNKNOWN`, `METATYPE_UNKNOWN`
   */
  definition(bundle: string, pid: string, locale?: string): Promise<ObjectClassDefinition>;
  /** What is wrong with a value, in a sentence; empty when nothing is, undefined when nothing is said of the attribute. */
  validate(bundle: string, pid: string, attribute: string, value: unknown): Promise<string | undefined>;
}

export const MetaType = contract<MetaType>('rackwatt/MetaType', {
  major: 1,
  methods: ['pids', 'definition', 'validate'],
});

/** Definitions that come and go with a service, whose properties `metatype.pid` and `metatype.factory.pid` name their PIDs. */
export interface MetaTypeProvider {
  /** The JSON Schema of a PID; undefined when there is none. */
  definition(pid: string, locale?: string): Promise<object | undefined>;
  locales(): Promise<string[]>;
}

export const MetaTypeProvider = contract<MetaTypeProvider>('rackwatt/MetaTypeProvider', {
  major: 1,
  methods: ['definition', 'locales'],
});
