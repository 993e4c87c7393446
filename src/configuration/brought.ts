import { stripComments } from 'jsonc-parser';
import { errorMessage } from '../errors.js';
import type { BroughtConfiguration } from './configurations.js';
import { PID_PATTERN } from './document.js';
import { parseFile } from './file.js';
import { isKeyed, type Keyed } from './json.js';
import { replaceReferences } from './references.js';
import { typed } from './typed-keys.js';

/** Configurations of one resource (Compendium 150.4), and what of it cannot be used. */
export interface BroughtResource {
  configurations: RankedConfiguration[];
  /** A sentence each. */
  problems: string[];
  /** Who a resource says that it comes from. */
  symbolicName?: string;
}

export interface ResourceOptions {
  /** It lies in no bundle: then it says whose it is. */
  isElsewhere?: boolean;
}

export interface RankedConfiguration extends Omit<BroughtConfiguration, 'bundle'> {
  ranking: number;
}

/** Who brings configurations, with its resources in order. */
export interface Bringer {
  name: string;
  id: number;
  configurations: readonly RankedConfiguration[];
}

const OWN = ':configurator:';
const PID = new RegExp(PID_PATTERN, 'u');

/** Reads a resource: JSON in UTF-8, in which comments may stand. */
export function parseResource(content: string | Uint8Array, options: ResourceOptions = {}): BroughtResource {
  const parsed = parseFile(withoutComments(content));
  if (parsed.ok) return readResource(parsed.file.document, options);
  const [{ line, column, message } = { line: 1, column: 1, message: 'it cannot be read' }] = parsed.problems;
  return { configurations: [], problems: [`${line}:${column}: ${message}`] };
}

export function readResource(resource: unknown, { isElsewhere = false }: ResourceOptions = {}): BroughtResource {
  const refused = (problem: string): BroughtResource => ({ configurations: [], problems: [problem] });
  if (!isKeyed(resource)) return refused('configurations are an object of PIDs');
  const version = resource[`${OWN}resource-version`] ?? 1;
  if (version !== 1) return refused(`${OWN}resource-version ${JSON.stringify(version)} is not known; it must be 1`);
  const symbolicName = resource[`${OWN}symbolicname`];
  if (isElsewhere && (typeof symbolicName !== 'string' || typeof resource[`${OWN}version`] !== 'string'))
    return refused(`${OWN}symbolicname and ${OWN}version must say whose configurations these are`);
  const found: BroughtResource = {
    configurations: [],
    problems: [],
    ...(typeof symbolicName === 'string' ? { symbolicName } : {}),
  };
  for (const [pid, value] of Object.entries(resource)) {
    if (pid.startsWith(OWN)) continue;
    const configuration = configurationOf(pid, value);
    if (typeof configuration === 'string') found.problems.push(`configuration ${pid}: ${configuration}`);
    else found.configurations.push(configuration);
  }
  return found;
}

/**
 * Of each PID the configuration with the highest ranking; of equal ones that of the lowest bundle id, then the first. In
 * whatever order the bundles came.
 */
export function bestOf(bringers: Iterable<Bringer>): Map<string, BroughtConfiguration> {
  const best = new Map<string, { ranking: number; id: number; brought: BroughtConfiguration }>();
  for (const { name, id, configurations } of bringers) {
    for (const { ranking, ...configuration } of configurations) {
      const found = best.get(configuration.pid);
      const isBetter = !found || ranking > found.ranking || (ranking === found.ranking && id < found.id);
      if (isBetter) best.set(configuration.pid, { ranking, id, brought: { ...configuration, bundle: name } });
    }
  }
  return new Map(Array.from(best, ([pid, { brought }]) => [pid, brought]));
}

/** A configuration of a resource, or what is wrong with it. */
function configurationOf(pid: string, value: unknown): RankedConfiguration | string {
  if (!PID.test(pid)) return 'that is no PID';
  if (!isKeyed(value)) return 'it must be an object';
  const ranking = value[`${OWN}ranking`] ?? 0;
  const policy = value[`${OWN}policy`] ?? 'default';
  if (!Number.isSafeInteger(ranking)) return `${OWN}ranking must be a whole number`;
  if (policy !== 'default' && policy !== 'force') return `${OWN}policy must be "default" or "force"`;
  const { references, mistakes } = replaceReferences(value, () => null);
  if (references.length + mistakes.length > 0)
    return 'it refers to a secret; only the configuration of the node may say who gets one';
  const values = plain(value);
  return typeof values === 'string' ? values : { pid, values, policy, ranking: ranking as number };
}

function plain(value: Keyed): Record<string, unknown> | string {
  const values: [string, unknown][] = [];
  for (const [written, given] of Object.entries(value)) {
    if (written.startsWith(OWN)) continue;
    const entry = written === '__proto__' ? { mistake: 'the key "__proto__" is not allowed' } : typed(written, given);
    if ('mistake' in entry) return entry.mistake;
    values.push([entry.key, entry.value]);
  }
  const keys = new Set(values.map(([key]) => key.toLowerCase()));
  return keys.size === values.length ? Object.fromEntries(values) : 'a key stands in it twice';
}

/** With blanks in the place of comments, so that lines and columns stay; what is no UTF-8 is for the parser to refuse. */
function withoutComments(content: string | Uint8Array): string | Uint8Array {
  try {
    const text =
      typeof content === 'string'
        ? content
        : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return stripComments(text, ' ');
  } catch (error) {
    void errorMessage(error);
    return content;
  }
}
