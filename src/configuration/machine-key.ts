import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RackwattError, errorMessage } from '../errors.js';
import { isMissing, realFileSystem } from '../durable/index.cjs';

/** Names a file with the key of the machine in place of `<storage>/machine.key`, such as a systemd credential. */
export const MACHINE_KEY_VARIABLE = 'RACKWATT_MACHINE_KEY_FILE';

const KEY_BYTES = 32;
/** A key of our own is the owner's alone; one handed in (systemd shows its ACL as group-readable) must not be the world's. */
const FORBIDDEN = { own: 0o077, given: 0o027 } as const;

/** Where the key of the machine lies. */
export interface MachineKeyFile {
  path: string;
  /** Handed in by the operator: never made here. */
  given: boolean;
}

/**
 * The 32 bytes that seal this machine's secrets: raw, or as 64 hexadecimal digits.
 * @returns `undefined` when there is no key yet and one may be made.
 * @throws SECRET_KEY_MISSING, SECRET_KEY_INVALID, SECRET_KEY_PERMISSIONS
 */
export async function readMachineKey(file: MachineKeyFile): Promise<Buffer | undefined> {
  let content: Buffer;
  try {
    const { mode } = await stat(file.path);
    if ((mode & FORBIDDEN[file.given ? 'given' : 'own']) !== 0) {
      throw new RackwattError(
        'SECRET_KEY_PERMISSIONS',
        `others can read or change ${file.path}, the key of this machine; run: chmod 600 ${file.path}`,
        {
          context: { file: file.path, mode: (mode & 0o777).toString(8) },
        },
      );
    }
    content = await readFile(file.path);
  } catch (error) {
    if (error instanceof RackwattError) throw error;
    if (isMissing(error) && !file.given) return undefined;
    const where = file.given ? `, which ${MACHINE_KEY_VARIABLE} names` : '';
    throw new RackwattError(
      'SECRET_KEY_MISSING',
      `the key of this machine cannot be read from ${file.path}${where}: ${errorMessage(error)}`,
      {
        cause: error,
        context: { file: file.path },
      },
    );
  }
  if (content.byteLength === KEY_BYTES) return content;
  const text = content.toString('latin1').trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  throw new RackwattError(
    'SECRET_KEY_INVALID',
    `${file.path} is no key of a machine: it must hold 32 bytes, or 64 hexadecimal digits`,
    {
      context: { file: file.path, bytes: content.byteLength },
    },
  );
}

/** Makes the key, unless another process was first; whichever came first is the key. */
export async function makeMachineKey(file: MachineKeyFile): Promise<Buffer> {
  const folder = dirname(file.path);
  await mkdir(folder, { recursive: true });
  const temporary = `${file.path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(randomBytes(KEY_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(temporary, 0o600);
    await link(temporary, file.path);
    await realFileSystem.sync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readMachineKey(file))!;
}
