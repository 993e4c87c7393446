/**
 * An API that several bundles share, as a value: matched by name and major version, never by object identity, so that
 * it holds across module spaces, revisions and isolation, and stubs can be made from it.
 *
 * Unless marked `local`, every method is asynchronous and takes and gives only what the structured clone algorithm
 * carries, so that a service can move into a worker or process without its consumers changing.
 */
export interface Contract<T> {
  /** `<scope>/<Name>`, such as `rackwatt.telemetry/Driver`. */
  readonly name: string;
  /** Another major version is another contract. */
  readonly major: number;
  /** `name@major`: the key under which the registry keeps services of this contract. */
  readonly id: string;
  /** Methods that give a promise. */
  readonly methods: readonly string[];
  /** Methods that give an async iterable. */
  readonly streams: readonly string[];
  /**
   * Methods and streams whose arguments, results and items hand over the buffers in them: the giver no longer touches them.
   * Between threads they move instead of being copied.
   */
  readonly transfers: readonly string[];
  /** The most that a call may take when it crosses isolation, ms; 0: no limit; undefined: what the container says. */
  readonly timeout: number | undefined;
  /** Cannot cross isolation: it hands out live objects or calls back synchronously. */
  readonly local: boolean;
  /** That the manifest of a bundle in a worker or process must name to reach such services; undefined: none. */
  readonly capability: string | undefined;
  /** What to use instead, and until when it is there; undefined while it is not deprecated. */
  readonly deprecated: string | undefined;
  /** Carries the type only; never set. */
  readonly type?: T;
}

/** What a contract says of itself beside its name. */
export interface ContractOptions<T> {
  /** Providers and consumers of one major version find each other. */
  major: number;
  /** Methods that give a promise. */
  methods?: readonly (keyof T & string)[];
  /** Methods that give an async iterable. */
  streams?: readonly (keyof T & string)[];
  /** Of both, those that hand over the buffers in what they take and give. */
  transfers?: readonly (keyof T & string)[];
  /** The most that a call may take when it crosses isolation, ms; 0: no limit; absent: what the container says. */
  timeout?: number;
  /** Cannot cross isolation: it hands out live objects or calls back synchronously. Methods and streams are then not needed. */
  local?: boolean;
  /** That the manifest of a bundle in a worker or process must name to reach such services; `deployment` is one. */
  capability?: string;
  /** Says that it will go, in words for those who use it: what to use instead, and from which version on it is gone. */
  deprecated?: string;
}

/** Declares a contract. Two declarations with one name and major are the same contract. */
export function contract<T>(name: string, options: ContractOptions<T>): Contract<T> {
  return Object.freeze({
    name,
    major: options.major,
    id: `${name}@${options.major}`,
    methods: Object.freeze([...(options.methods ?? [])]),
    streams: Object.freeze([...(options.streams ?? [])]),
    transfers: Object.freeze([...(options.transfers ?? [])]),
    timeout: options.timeout,
    local: options.local ?? false,
    capability: options.capability,
    deprecated: options.deprecated,
  });
}
