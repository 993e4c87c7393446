import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorMessage } from 'rackwatt';
import { remoteAdminError } from './errors.js';

/** Replaces a file whole, readable by its owner alone: what is there after a power cut is the old content or the new one. */
export async function replace(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Takes a file away for good. */
export async function remove(file: string): Promise<void> {
  await rm(file, { recursive: true, force: true });
  await syncFolder(dirname(file));
}

/** The content of a file; undefined when it is not there. */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A JSON file as it was written here. @throws `REMOTE_ADMIN_STATE` when it is damaged */
export async function readJson<T>(file: string): Promise<T | undefined> {
  const content = await readIfThere(file);
  if (content === undefined) return undefined;
  try {
    return JSON.parse(content.toString()) as T;
  } catch (error) {
    throw remoteAdminError(
      'REMOTE_ADMIN_STATE',
      `${file} is damaged (${errorMessage(error)}); restore it, or end the enrolment with: rackwatt remote-admin forget`,
      { cause: error },
    );
  }
}

export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
