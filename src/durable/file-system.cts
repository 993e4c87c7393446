import * as fs from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

/** Permissions and owner of a file. */
export interface FileAttributes {
  mode: number;
  uid?: number;
  gid?: number;
  /** ms since 1970. */
  changed?: number;
}

/** A file or a folder below another one. */
export interface Below {
  /** Relative, with forward slashes. */
  path: string;
  isFolder: boolean;
  bytes: number;
}

/**
 * What durable code does to a disk, and no more. Each call may be the last one before a power cut: what was written is there
 * for certain only after `sync` of the file, and its name only after `sync` of the folder. A test hands in one that forgets.
 */
export interface FileSystem {
  /** @throws ENOENT */
  read(file: string): Promise<Buffer>;
  /** Names in a folder; none when it is not there. */
  list(folder: string): Promise<string[]>;
  /** `undefined` when nothing is there. */
  attributes(path: string): Promise<FileAttributes | undefined>;
  /** Everything below a folder, sorted by path. @param isMeasured `false`: bytes are 0, which spares a look at each file @throws ENOENT */
  below(folder: string, isMeasured?: boolean): Promise<Below[]>;
  /** Gives the path the present as the time of its last change. */
  touch(path: string): Promise<void>;
  /** Where a symbolic link leads; the path itself when nothing is there. */
  resolve(path: string): Promise<string>;
  /** With those above it, readable by the owner alone. */
  makeFolder(folder: string): Promise<void>;
  /** Makes the file or writes it anew. */
  write(file: string, content: string | Uint8Array, attributes?: FileAttributes): Promise<void>;
  append(file: string, content: string): Promise<void>;
  /** Settles when the content of a file, or the names in a folder, are on the disk. */
  sync(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** With everything below it; nothing happens when it is not there. */
  remove(path: string): Promise<void>;
}

export const realFileSystem: FileSystem = {
  read: (file) => fs.readFile(file),
  list: (folder) => fs.readdir(folder).catch((error: unknown) => (isMissing(error) ? [] : Promise.reject(error))),
  async attributes(path) {
    try {
      const { mode, uid, gid, mtimeMs } = await fs.stat(path);
      return { mode: mode & 0o7777, uid, gid, changed: mtimeMs };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async below(folder, isMeasured = true) {
    const found: Below[] = [];
    for (const entry of await fs.readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const isFolder = entry.isDirectory();
      const bytes = isFolder || !isMeasured ? 0 : (await fs.lstat(path)).size;
      found.push({ path: relative(folder, path).replaceAll('\\', '/'), isFolder, bytes });
    }
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  },
  async touch(path) {
    const now = new Date();
    await fs.utimes(path, now, now);
  },
  resolve: (path) => fs.realpath(path).catch((error: unknown) => (isMissing(error) ? path : Promise.reject(error))),
  makeFolder: async (folder) => void (await fs.mkdir(folder, { recursive: true, mode: 0o700 })),
  async write(file, content, attributes) {
    const handle = await fs.open(file, 'w', attributes?.mode ?? 0o600);
    try {
      // Those of another file, which the umask does not limit.
      if (attributes?.uid !== undefined) {
        await handle.chmod(attributes.mode);
        if (process.getuid?.() === 0) await handle.chown(attributes.uid, attributes.gid!);
      }
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
  },
  append: (file, content) => fs.appendFile(file, content, { mode: 0o600 }),
  async sync(path) {
    const handle = await fs.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  rename: (from, to) => fs.rename(from, to),
  remove: (path) => fs.rm(path, { recursive: true, force: true }),
};

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

export interface ReplaceOptions {
  /** Permissions of a new file; an existing one keeps its own. */
  mode?: number;
  /** Looks at what is there immediately before it goes; `false` leaves it. */
  expected?: (content: Buffer) => boolean;
}

/**
 * Replaces a file whole: a new file beside it, flushed, renamed over it, the folder flushed. Whoever reads, and whatever
 * happens to the machine, sees the old content or the new one. A symbolic link stays one.
 * @returns false when the file was not the expected one
 */
export async function replaceFile(
  system: FileSystem,
  file: string,
  content: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<boolean> {
  const target = await system.resolve(file);
  const temporary = temporaryOf(target);
  try {
    const attributes = (await system.attributes(target)) ?? { mode: options.mode ?? 0o644 };
    await system.write(temporary, content, attributes);
    await system.sync(temporary);
    if (options.expected !== undefined && !options.expected(await system.read(target))) {
      await system.remove(temporary);
      return false;
    }
    await system.rename(temporary, target);
    await system.sync(dirname(target));
    return true;
  } catch (error) {
    await system.remove(temporary);
    throw error;
  }
}

function temporaryOf(target: string): string {
  // Loading it takes longer than all of this file, and an empty container replaces nothing.
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  return join(dirname(target), `.${basename(target)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}
