import type { Below, FileAttributes, FileSystem } from '../../../src/durable/index.cjs';

/** What a disk may do wrong on purpose, to prove that the model would see it. */
export type Mutant = 'no sync of files' | 'no sync of folders' | 'no sync of the journal' | 'switched in place';

interface File {
  content: Buffer;
  durable: Buffer;
}

interface Folder {
  entries: Map<string, Inode>;
  durable: Map<string, Inode>;
}

type Inode = File | Folder;

/** A change of names that is not on the disk yet: `name` comes to `folder`, or goes from it. */
interface Pending {
  folder: Folder;
  name: string;
  inode: Inode | undefined;
  /** A rename takes its old name away in the same moment. */
  from?: { folder: Folder; name: string };
}

const isFolder = (inode: Inode | undefined): inode is Folder => inode !== undefined && 'entries' in inode;

class SystemError extends Error {
  readonly code: string;
  constructor(code: string, path: string) {
    super(`${code}: ${path}`);
    this.code = code;
  }
}

/**
 * A disk that promises less than any real one. Content is volatile until its file was synced, names until their folder was. A
 * power cut keeps, loses or tears what was not synced: of the names of a folder, the first few changes.
 */
export class CrashDisk {
  /** Calls that change something, so far. */
  operations = 0;
  /** The call in which the power goes. */
  crashAt = Infinity;
  /** The call that finds the disk full. */
  fullAt = Infinity;
  isDown = false;
  mutant: Mutant | undefined;
  readonly #random: () => number;
  readonly #root: Folder = { entries: new Map(), durable: new Map() };
  #pending: Pending[] = [];
  readonly #dirty = new Set<File>();
  #session = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The disk as one process sees it: what is still under way when the process dies does nothing any more. */
  session(): FileSystem {
    const session = ++this.#session;
    const tick = (path: string): void => {
      if (this.isDown || session !== this.#session) throw new SystemError('EIO', 'the power is gone');
      this.operations += 1;
      if (this.operations === this.crashAt) {
        this.isDown = true;
        throw new SystemError('EIO', 'the power went');
      }
      if (this.operations === this.fullAt) throw new SystemError('ENOSPC', path);
    };
    /* oxlint-disable typescript/require-await -- the port is asynchronous, this disk is not */
    return {
      read: async (file) => Buffer.from(this.#file(file).content),
      list: async (folder) => {
        const found = this.#find(folder);
        if (found === undefined) return [];
        if (!isFolder(found)) throw new SystemError('ENOTDIR', folder);
        return [...found.entries.keys()];
      },
      attributes: async (path): Promise<FileAttributes | undefined> =>
        this.#find(path) === undefined ? undefined : { mode: 0o644, changed: 0 },
      below: async (path) => {
        const folder = this.#find(path);
        if (!isFolder(folder)) throw new SystemError('ENOENT', path);
        return belowOf(folder, '').sort((a, b) => (a.path < b.path ? -1 : 1));
      },
      touch: async () => undefined,
      resolve: async (path) => path,
      makeFolder: async (path) => {
        tick(path);
        let folder = this.#root;
        for (const name of namesOf(path)) {
          let next = folder.entries.get(name);
          if (next === undefined) this.#name(folder, name, (next = { entries: new Map(), durable: new Map() }));
          if (!isFolder(next)) throw new SystemError('EEXIST', path);
          folder = next;
        }
      },
      write: async (file, content) => {
        tick(file);
        this.#write(file, Buffer.from(content));
      },
      append: async (file, content) => {
        tick(file);
        const found = this.#find(file);
        const before = found === undefined || isFolder(found) ? Buffer.alloc(0) : found.content;
        this.#write(file, Buffer.concat([before, Buffer.from(content)]));
      },
      sync: async (path) => {
        tick(path);
        this.#sync(path);
      },
      rename: async (from, to) => {
        tick(to);
        if (this.mutant === 'switched in place' && /\/(current|runtime\.config\.json)$/.test(to)) {
          this.#write(to, this.#file(from).content);
          tick(to);
          this.#sync(to);
        } else this.#rename(from, to);
      },
      remove: async (path) => this.#remove(path, tick),
    };
    /* oxlint-enable typescript/require-await */
  }

  /** The power comes back. @param isKill the process alone died: what it wrote stays */
  restart(isKill: boolean): void {
    this.isDown = false;
    this.crashAt = Infinity;
    this.#session += 1;
    if (isKill) return;
    const cut = new Set<Folder>();
    for (const change of this.#pending) {
      const folders = [change.folder, ...(change.from ? [change.from.folder] : [])];
      if (!folders.some((folder) => cut.has(folder)) && this.#random() < 0.5) apply(change);
      else for (const folder of folders) cut.add(folder);
    }
    this.#pending = [];
    for (const file of this.#dirty) file.content = file.durable = this.#torn(file);
    this.#dirty.clear();
    forget(this.#root);
  }

  #torn({ content, durable }: File): Buffer {
    const chance = this.#random();
    if (chance < 0.34) return durable;
    if (chance < 0.67) return content;
    const isAppended = content.subarray(0, durable.length).equals(durable);
    const from = isAppended ? durable.length : 0;
    return content.subarray(0, from + Math.floor(this.#random() * (content.length - from)));
  }

  #write(path: string, content: Buffer): void {
    const found = this.#find(path);
    if (isFolder(found)) throw new SystemError('EISDIR', path);
    const file = found ?? { content, durable: Buffer.alloc(0) };
    file.content = content;
    this.#dirty.add(file);
    if (found === undefined) this.#name(this.#parent(path), nameOf(path), file);
  }

  #sync(path: string): void {
    const inode = this.#find(path);
    if (inode === undefined) throw new SystemError('ENOENT', path);
    if (!isFolder(inode)) {
      const isJournal = path.endsWith('/journal');
      if (this.mutant === 'no sync of the journal' && isJournal) return;
      if (this.mutant === 'no sync of files' && !isJournal) return;
      inode.durable = inode.content;
      this.#dirty.delete(inode);
      return;
    }
    if (this.mutant === 'no sync of folders') return;
    // A change of names waits for those before it in either of its folders.
    const folders = new Set<Folder>([inode]);
    const written = new Set<Pending>();
    for (const change of this.#pending.toReversed()) {
      if (!folders.has(change.folder) && !(change.from && folders.has(change.from.folder))) continue;
      written.add(change);
      folders.add(change.folder);
      if (change.from) folders.add(change.from.folder);
    }
    for (const change of this.#pending) if (written.has(change)) apply(change);
    this.#pending = this.#pending.filter((change) => !written.has(change));
  }

  #rename(from: string, to: string): void {
    const inode = this.#find(from);
    if (inode === undefined) throw new SystemError('ENOENT', from);
    const there = this.#find(to);
    if (isFolder(there) && there.entries.size > 0) throw new SystemError('ENOTEMPTY', to);
    const [old, next] = [this.#parent(from), this.#parent(to)];
    old.entries.delete(nameOf(from));
    next.entries.set(nameOf(to), inode);
    this.#pending.push({ folder: next, name: nameOf(to), inode, from: { folder: old, name: nameOf(from) } });
  }

  #remove(path: string, tick: (path: string) => void): void {
    const inode = this.#find(path);
    if (inode === undefined) return;
    if (isFolder(inode)) for (const name of inode.entries.keys()) this.#remove(`${path}/${name}`, tick);
    tick(path);
    const folder = this.#parent(path);
    folder.entries.delete(nameOf(path));
    this.#pending.push({ folder, name: nameOf(path), inode: undefined });
  }

  #name(folder: Folder, name: string, inode: Inode): void {
    folder.entries.set(name, inode);
    this.#pending.push({ folder, name, inode });
  }

  #find(path: string): Inode | undefined {
    let inode: Inode | undefined = this.#root;
    for (const name of namesOf(path)) {
      if (!isFolder(inode)) return undefined;
      inode = inode.entries.get(name);
    }
    return inode;
  }

  #file(path: string): File {
    const inode = this.#find(path);
    if (inode === undefined) throw new SystemError('ENOENT', path);
    if (isFolder(inode)) throw new SystemError('EISDIR', path);
    return inode;
  }

  #parent(path: string): Folder {
    const parent = this.#find(namesOf(path).slice(0, -1).join('/'));
    if (!isFolder(parent)) throw new SystemError('ENOENT', path);
    return parent;
  }
}

function apply({ folder, name, inode, from }: Pending): void {
  if (from?.folder.durable.get(from.name) === inode) from?.folder.durable.delete(from.name);
  if (inode === undefined) folder.durable.delete(name);
  else folder.durable.set(name, inode);
}

function forget(folder: Folder): void {
  folder.entries = new Map(folder.durable);
  for (const inode of folder.entries.values()) if (isFolder(inode)) forget(inode);
}

function belowOf(folder: Folder, path: string): Below[] {
  return [...folder.entries].flatMap(([name, inode]) => [
    { path: `${path}${name}`, isFolder: isFolder(inode), bytes: isFolder(inode) ? 0 : inode.content.length },
    ...(isFolder(inode) ? belowOf(inode, `${path}${name}/`) : []),
  ]);
}

const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');
const nameOf = (path: string): string => namesOf(path).at(-1)!;

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
