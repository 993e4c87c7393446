import { isAbsolute } from 'node:path';
import { RackwattError } from '../errors.js';

/** What a bundle may do in a process of its own beside reading its own files and writing its data folder. */
export interface Capabilities {
  /** Files and folders that it may read; all when `true`. */
  readonly read: true | readonly string[];
  readonly write: true | readonly string[];
  readonly processes: boolean;
  readonly workers: boolean;
  readonly addons: boolean;
  readonly network: boolean;
}

const SWITCHES = ['processes', 'workers', 'addons', 'network'] as const;
/** Not of the machine but of the node: contracts ask for them. */
const OF_SERVICES: readonly string[] = ['deployment'];
const WORDS = 'read, read:/path, write, write:/path, processes, workers, addons, network, deployment';

/**
 * Reads the `capabilities` of a manifest.
 * @throws `CAPABILITY_UNKNOWN`
 */
export function parseCapabilities(bundle: string, words: readonly string[]): Capabilities {
  const paths: { read: true | string[]; write: true | string[] } = { read: [], write: [] };
  const granted = new Set<string>();
  for (const word of words) {
    const [, kind, path] = /^(read|write)(?::(.+))?$/s.exec(word) ?? [];
    if (kind === 'read' || kind === 'write') {
      const list = paths[kind];
      if (path === undefined) paths[kind] = true;
      else if (!isAbsolute(path) || /[,*]/.test(path))
        throw unknown(bundle, word, 'its path must be absolute, without , and *');
      else if (list !== true) list.push(path);
    } else if ((SWITCHES as readonly string[]).includes(word)) granted.add(word);
    else if (!OF_SERVICES.includes(word)) throw unknown(bundle, word, `known are ${WORDS}`);
  }
  return {
    ...paths,
    processes: granted.has('processes'),
    workers: granted.has('workers'),
    addons: granted.has('addons'),
    network: granted.has('network'),
  };
}

/** Folders that the runtime opens for every bundle. */
export interface OwnFolders {
  /** Code: of the bundle, of its contracts, of the runtime. */
  readonly read: readonly string[];
  /** Its data folder. */
  readonly write: readonly string[];
}

/** Whether this Node can keep a process from the network. */
export const GUARDS_NETWORK = process.allowedNodeEnvironmentFlags.has('--allow-net');

/**
 * Options of Node's permission model.
 * @param folder runs from a folder: its modules are found and transformed by addons of the runtime, which are loaded before
 *   its own code and the permission is dropped then
 */
export function permissionFlags(capabilities: Capabilities, own: OwnFolders, folder: boolean): string[] {
  const { read, write } = capabilities;
  const flags = ['--permission'];
  const allow = (flag: string, paths: true | readonly string[], further: readonly string[]): void => {
    for (const path of paths === true ? ['*'] : new Set([...paths, ...further])) flags.push(`${flag}=${path}`);
  };
  // What may be written may be read: a file that is written anew is read first.
  allow('--allow-fs-read', read, [...own.read, ...own.write, ...(write === true ? [] : write)]);
  allow('--allow-fs-write', write, own.write);
  if (capabilities.processes) flags.push('--allow-child-process');
  if (capabilities.workers) flags.push('--allow-worker');
  if (capabilities.addons || folder) flags.push('--allow-addons');
  if (capabilities.network && GUARDS_NETWORK) flags.push('--allow-net');
  return flags;
}

function unknown(bundle: string, word: string, what: string): RackwattError {
  return new RackwattError(
    'CAPABILITY_UNKNOWN',
    `bundle ${bundle} asks for the capability ${JSON.stringify(word)}: ${what}`,
    { context: { bundle, capability: word } },
  );
}
