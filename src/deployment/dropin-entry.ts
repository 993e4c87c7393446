import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../errors.js';
import type { InstalledArchive } from './store.js';

/** A thing in the drop-in folder. */
export interface Entry {
  name: string;
  kind: 'archive' | 'folder' | 'link';
  /** Identity, size and times of everything in it: changes when somebody writes. */
  stamp: string;
  changedAt: number;
  modified: number;
  /** ms without a change after which it is tried for the last time. */
  patience: number;
  /** This stamp was tried, with or without success. */
  tried: boolean;
  /** Nothing more to do until the stamp changes. */
  done: boolean;
  /** Its present content, where that passed. */
  content?: InstalledArchive;
  /** Its content that ran last, which goes on while another is being written, or cannot run. */
  good?: InstalledArchive;
  quarantine?: Quarantine;
  /** Why its present content did not start. */
  failure?: string;
  /** What of that was last said while it is still being edited. */
  said?: string;
}

export interface Quarantine {
  reason: string;
  /** ISO 8601. */
  since: string;
  /** How many changes of the folder there had been: after a further one it is tried again, for what it lacked may be there. */
  changes: number;
  /** From before the node was started: its content was not looked at since. */
  restored?: boolean;
  /** Whom the node trusts was the reason, and that may change without the folder. */
  isUntrusted: boolean;
}

/** What the folder tells of one thing in it. */
export interface DropInInfo {
  /** Name in the folder. */
  file: string;
  /** Of the bundle in it, as far as that is known. */
  name?: string;
  version?: string;
  state: 'running' | 'waiting' | 'pending' | 'quarantined';
  /** Why it does not run. */
  reason?: string;
  /** Since when it is quarantined, as ISO 8601. */
  since?: string;
}

/** A name of a file as it may be printed: nothing in it moves a cursor or breaks a line. */
export function shown(name: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(name) ? name : JSON.stringify(name).replaceAll(/[^\x20-\x7e]/g, '?');
}

export type Stamp = Pick<Entry, 'stamp' | 'kind' | 'modified'>;

/** Undefined for what is neither an archive, a folder nor a link, or went while it was looked at. */
export async function stampOf(path: string): Promise<Stamp | undefined> {
  try {
    const info = await lstat(path);
    const own = `${info.ino} ${info.size} ${info.mtimeMs} ${info.ctimeMs}`;
    if (info.isSymbolicLink()) return { stamp: own, kind: 'link', modified: info.mtimeMs };
    if (info.isFile()) return { stamp: own, kind: 'archive', modified: info.mtimeMs };
    if (!info.isDirectory()) return undefined;
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const parts: string[] = [];
    let modified = info.mtimeMs;
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const each = await lstat(file);
      modified = Math.max(modified, each.mtimeMs);
      parts.push(`${file} ${each.ino} ${each.size} ${each.mtimeMs} ${each.ctimeMs}`);
    }
    const stamp = createHash('sha256').update(parts.sort().join('\n')).digest('hex');
    return { stamp, kind: 'folder', modified };
  } catch (error) {
    // It went while it was looked at; the next look sees that.
    void errorMessage(error);
    return undefined;
  }
}
