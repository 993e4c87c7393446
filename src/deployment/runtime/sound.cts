import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, type FileSystem } from '../../durable/index.cjs';
import { refusalHere } from './face.cjs';

/** ms in which the Node of a runtime must have said its version. */
const PROBE = 20_000;
/** Hex digits of a digest in the names of the store. */
const SHORT = 32;

/** Folder of an installed runtime, relative to the storage. @param digest `sha256:...` */
export function runtimeFolderOf({ version, digest }: { version: string; digest: string }): string {
  return join('store', 'rackwatt', `${version}-${digest.replace(/^sha256:/, '').slice(0, SHORT)}`);
}

/**
 * Why an installed runtime cannot be started; undefined when it can. That every file has its size, and that its Node runs: whether
 * it is trusted was decided when it was chosen, and what it does then is what starts are counted for.
 */
export async function lackOfRuntime(system: FileSystem, folder: string): Promise<string | undefined> {
  try {
    const envelope = JSON.parse((await system.read(join(folder, 'rackwatt.manifest.json'))).toString()) as {
      payload: string;
    };
    const { files } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as {
      files: { path: string; size: number }[];
    };
    const sizes = new Map((await system.below(folder)).map(({ path, bytes }) => [path, bytes]));
    const damaged = files.find(({ path, size }) => sizes.get(path) !== size);
    if (damaged !== undefined) return `its ${damaged.path} is damaged or gone`;
    const text = await readFile(join(folder, 'package.json'), 'utf8');
    return refusalHere(text) ?? (await lackOfNode(join(folder, 'bin', 'node')));
  } catch (error) {
    return isMissing(error) ? 'it is gone from the store' : `it is damaged: ${(error as Error).message}`;
  }
}

function lackOfNode(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, ['--version'], { timeout: PROBE, windowsHide: true }, (error, stdout) => {
      if (error !== null) resolve(`its Node does not run: ${error.message.trim()}`);
      else resolve(/^v\d+\./.test(stdout) ? undefined : 'its Node does not say its version');
    });
  });
}
