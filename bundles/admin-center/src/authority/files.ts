import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorMessage, errorRecord } from 'rackwatt';
import { centerError } from '../errors.js';

/** Permissions of group and others. */
const OTHERS = 0o077;

/**
 * Makes a folder of files as a whole: whoever looks, and whatever happens to the machine, finds all of them or no folder.
 * @throws `FLEET_AUTHORITY`
 */
export async function writeTogether(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const fresh = `${folder}.new`;
  try {
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(files)) await writeNew(join(fresh, name), text);
    await sync(fresh);
    await rename(fresh, folder);
    await sync(dirname(folder));
  } catch (error) {
    throw centerError('FLEET_AUTHORITY', `cannot write ${folder}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Puts a file in the place of another one, at once. @throws `FLEET_AUTHORITY` */
export async function replace(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  try {
    await rm(fresh, { force: true });
    await writeNew(fresh, text);
    await rename(fresh, file);
    await sync(dirname(file));
  } catch (error) {
    throw centerError('FLEET_AUTHORITY', `cannot write ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Whether something is there; what cannot be looked at counts as there, so that nothing is made in its place. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => errorRecord(error).code !== 'ENOENT',
  );
}

/** @throws `FLEET_AUTHORITY` when it is not there, or others than its owner may read it */
export async function readPrivate(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0)
      throw centerError(
        'FLEET_AUTHORITY',
        `${file} can be read by others than its owner (mode ${(mode & 0o777).toString(8)}); find out who did, then: chmod 600 ${file}`,
      );
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errorMessage(error).startsWith(file)) throw error;
    throw centerError('FLEET_AUTHORITY', `cannot read ${file}: ${errorMessage(error)}; restore it from a backup`, {
      cause: error,
    });
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(
    file,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
