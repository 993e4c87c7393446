import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMissing, realFileSystem, replaceFile, type FileSystem } from '../durable/index.cjs';
import { RackwattError, errorMessage } from '../errors.js';
import { revisionOf } from './file.js';

export interface WriteOptions {
  /** Revision that the file must still have. */
  expected?: string;
  /** Permissions of a new file; an existing one keeps its own. */
  mode?: number;
  fileSystem?: FileSystem;
}

/**
 * Replaces a file whole: whoever reads, and whatever happens to the machine, sees the old content or the new one. A
 * symbolic link stays one.
 * @throws CONFIG_CHANGED_MEANWHILE, CONFIG_WRITE
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array,
  { expected, mode, fileSystem = realFileSystem }: WriteOptions = {},
): Promise<void> {
  let isReplaced: boolean;
  try {
    isReplaced = await replaceFile(fileSystem, file, content, {
      ...(mode === undefined ? {} : { mode }),
      ...(expected === undefined ? {} : { expected: (found) => revisionOf(found) === expected }),
    });
  } catch (error) {
    throw unwritable(file, error);
  }
  if (!isReplaced) throw changedMeanwhile(file);
}

/** @param pid of the configuration that changed, where it is known which */
export function changedMeanwhile(file: string, pid?: string): RackwattError {
  return new RackwattError(
    'CONFIG_CHANGED_MEANWHILE',
    `${pid === undefined ? file : `configuration ${pid}`} was changed by somebody else meanwhile; read it again and repeat the change`,
    { context: { file } },
  );
}

export function unwritable(file: string, error: unknown): RackwattError {
  const mounted =
    (error as NodeJS.ErrnoException).code === 'EBUSY'
      ? ' (a file that is mounted by itself cannot be replaced: mount its folder instead)'
      : '';
  return new RackwattError('CONFIG_WRITE', `cannot write ${file}: ${errorMessage(error)}${mounted}`, {
    cause: error,
    context: { file },
  });
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
