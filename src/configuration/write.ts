import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RackwattError, errorMessage } from '../errors.js';
import { revisionOf } from './file.js';

/** What a write calls of the file system; a test may hand in one that fails. */
export type FileSystem = Pick<typeof fs, 'open' | 'rename' | 'readFile' | 'realpath' | 'stat' | 'rm'>;

export interface WriteOptions {
  /** Revision that the file must still have. */
  expected?: string;
  /** Permissions of a new file; an existing one keeps its own. */
  mode?: number;
  fileSystem?: FileSystem;
}

/**
 * Replaces a file whole: a new file beside it, flushed, renamed over it, the folder flushed. Whoever reads, and whatever
 * happens to the machine, sees the old content or the new one. A symbolic link stays one.
 * @throws CONFIG_CHANGED_MEANWHILE, CONFIG_WRITE
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  const system = options.fileSystem ?? fs;
  const target = await realPath(system, file);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const old = await ownership(system, target);
    const handle = await system.open(temporary, 'wx', old?.mode ?? options.mode ?? 0o644);
    try {
      if (old !== undefined) {
        await handle.chmod(old.mode);
        if (process.getuid?.() === 0) await handle.chown(old.uid, old.gid);
      }
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (options.expected !== undefined) await mustStillBe(system, file, target, options.expected);
    await system.rename(temporary, target);
    await flushFolder(system, dirname(target));
  } catch (error) {
    await system.rm(temporary, { force: true });
    if (error instanceof RackwattError) throw error;
    const mounted =
      (error as NodeJS.ErrnoException).code === 'EBUSY'
        ? ' (a file that is mounted by itself cannot be replaced: mount its folder instead)'
        : '';
    throw new RackwattError('CONFIG_WRITE', `cannot write ${file}: ${errorMessage(error)}${mounted}`, {
      cause: error,
      context: { file },
    });
  }
}

async function mustStillBe(system: FileSystem, file: string, target: string, expected: string): Promise<void> {
  const found = revisionOf(await system.readFile(target));
  if (found === expected) return;
  throw new RackwattError(
    'CONFIG_CHANGED_MEANWHILE',
    `${file} was changed by somebody else meanwhile; read it again and repeat the change`,
    {
      context: { file, expected, found },
    },
  );
}

async function realPath(system: FileSystem, file: string): Promise<string> {
  try {
    return await system.realpath(file);
  } catch (error) {
    if (isMissing(error)) return file;
    throw new RackwattError('CONFIG_WRITE', `cannot write ${file}: ${errorMessage(error)}`, {
      cause: error,
      context: { file },
    });
  }
}

async function ownership(
  system: FileSystem,
  target: string,
): Promise<{ mode: number; uid: number; gid: number } | undefined> {
  try {
    const { mode, uid, gid } = await system.stat(target);
    return { mode: mode & 0o7777, uid, gid };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A process that is killed while writing leaves its temporary file. Those of a minute ago belong to nobody any more. */
export async function removeLeftovers(file: string): Promise<void> {
  const folder = dirname(file);
  for (const name of await fs.readdir(folder)) {
    if (!name.startsWith(`.${basename(file)}.`) || !name.endsWith('.tmp')) continue;
    const path = join(folder, name);
    try {
      const { mtimeMs } = await fs.stat(path);
      if (Date.now() - mtimeMs > 60_000) await fs.rm(path, { force: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

/** Makes the entries of a folder (a rename, a removal) survive a power cut. */
export async function flushFolder(system: Pick<FileSystem, 'open'>, folder: string): Promise<void> {
  const handle = await system.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
