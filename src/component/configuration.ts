import type { Properties } from '../registry/types.js';
import type { ComponentDefinition } from './define.js';
import type { EngineOptions } from './engine.js';
import type { ConfiguredBundle } from './set.js';

/** Configuration of one instance, secrets resolved. */
export interface InstanceConfiguration {
  /** `pid` or `pid~name`. */
  pid: string;
  /** PIDs of all that it is made of, the one that wins last; only where these are several. */
  pids?: readonly string[];
  values: Readonly<Record<string, unknown>>;
  /** The values that may be seen by others: no secrets. */
  properties: Properties;
  /** Why it cannot be used, such as a missing secret. */
  problem?: string;
}

/** PIDs of a component; of several, a later one wins. `$` stands for the component's name. */
export function pidsOf({ options: { name, configuration } }: ComponentDefinition): string[] {
  const { pid = name } = configuration ?? {};
  return (typeof pid === 'string' ? [pid] : pid).map((each) => (each === '$' ? name : each));
}

/** The first of them: where a component with instances is looked for. */
export function pidOf(definition: ComponentDefinition): string {
  return pidsOf(definition)[0]!;
}

/** The configurations of each of a component's PIDs. */
export type LookedUp = Readonly<Record<string, readonly InstanceConfiguration[]>>;

/** Looks the configurations of a component up. Of several PIDs each may have a part only of what the schema asks for. */
export function lookedUp(
  definition: ComponentDefinition,
  bundle: ConfiguredBundle,
  configurations: EngineOptions['configurations'],
): LookedUp {
  const { configuration } = definition.options;
  const pids = pidsOf(definition);
  if (configuration?.policy === 'ignore') return {};
  const [only] = pids;
  if (pids.length === 1 && only !== undefined) return { [only]: configurations(only, definition, bundle) };
  const { schema: _, ...partial } = configuration ?? {};
  const asked = { ...definition, options: { ...definition.options, configuration: partial } };
  return Object.fromEntries(pids.map((pid) => [pid, configurations(pid, asked, bundle)]));
}

/** What a component is configured with, one for each instance. */
export interface Configured {
  readonly instances: readonly InstanceConfiguration[];
  /** Why some of it is not used. */
  readonly problem?: string;
}

/**
 * The configurations of a component's instances (Compendium 112.7): one, or one for each configuration `pid~name`; of several PIDs only
 * one may have such, and each gives what it has, a later one winning. With policy `require` each PID needs one.
 */
export function configured(
  definition: ComponentDefinition,
  byPid: LookedUp,
  defaults: (definition: ComponentDefinition) => Readonly<Record<string, unknown>>,
): Configured {
  const { name, configuration } = definition.options;
  const found = pidsOf(definition).map((pid) => ({ pid, parts: byPid[pid] ?? [] }));
  const join = (parts: readonly InstanceConfiguration[]): InstanceConfiguration[] =>
    parts.length < 2 ? [...parts] : [joined(definition, parts, defaults(definition))];
  const factories = found.filter(({ parts }) => parts.some(isInstance));
  const isRequired = configuration?.policy === 'require';
  if (factories.length > 1) {
    const pids = factories.map(({ pid }) => pid).join(', ');
    const problem = `component ${name} has instances of several PIDs (${pids}): only one of them may have any`;
    const rest = found.filter((each) => !factories.includes(each)).flatMap(({ parts }) => parts);
    return { instances: isRequired ? [] : join(rest), problem };
  }
  if (isRequired && found.some(({ parts }) => parts.length === 0)) return { instances: [] };
  const [factory] = factories;
  if (!factory) return { instances: join(found.flatMap(({ parts }) => parts)) };
  const withOthers = (own: InstanceConfiguration): InstanceConfiguration[] =>
    found.flatMap((each) => (each === factory ? [own] : each.parts));
  return { instances: factory.parts.flatMap((own) => join(withOthers(own))) };
}

function joined(
  { options }: ComponentDefinition,
  parts: readonly InstanceConfiguration[],
  defaults: Readonly<Record<string, unknown>>,
): InstanceConfiguration {
  const pids = parts.map(({ pid }) => pid);
  const values: Record<string, unknown> = Object.assign({}, defaults, ...parts.map((part) => part.values));
  const { required } = (options.configuration?.schema ?? {}) as { required?: readonly string[] };
  const absent = required?.find((key) => values[key] === undefined);
  const problem =
    parts.find((part) => part.problem !== undefined)?.problem ??
    (absent === undefined ? undefined : `none of ${pids.join(', ')} says "${absent}", which ${options.name} needs`);
  return {
    pid: (parts.find(isInstance) ?? parts[0]!).pid,
    pids,
    values,
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Properties,
    ...(problem === undefined ? {} : { problem }),
  };
}

function isInstance({ pid }: { pid: string }): boolean {
  return pid.includes('~');
}

/** Name of the instance in `pid~name`; undefined for the one configuration of a PID, and for none. */
export function instanceName(configuration: InstanceConfiguration | undefined): string | undefined {
  const tilde = configuration?.pid.indexOf('~') ?? -1;
  return tilde < 0 ? undefined : configuration!.pid.slice(tilde + 1);
}

export function sameConfiguration(a: InstanceConfiguration | undefined, b: InstanceConfiguration | undefined): boolean {
  const told = ({ pid, pids, problem, values }: InstanceConfiguration): string =>
    JSON.stringify([pid, pids, problem, values]);
  return a === b || (a !== undefined && b !== undefined && told(a) === told(b));
}
