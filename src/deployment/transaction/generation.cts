import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isMissing, replaceFile, type FileSystem } from '../../durable/index.cjs';

/** A bundle of a generation. */
export interface LockedBundle {
  /** As in the configuration: `store:@example/acme@1.2.0`. */
  id: string;
  /** Where its content lies, relative to the storage; absent for what is run in place (`link:`, `platform:`). */
  folder?: string;
}

/** Everything that ran together. */
export interface Lock {
  number: number;
  /** ISO 8601. */
  time: string;
  reason: string;
  /** sha256 of the configuration. */
  revision: string;
  bundles: LockedBundle[];
  /** Version of the runtime, and of its Node; where it lies, and what it is, where it is not the one that the launcher came with. */
  runtime: { version: string; node: string; folder?: string; digest?: string };
}

export interface StoredGeneration extends Lock {
  /** The configuration, byte for byte. */
  text: string;
}

const LOCK = 'lock.json';
const CONFIGURATION = 'runtime.config.json';

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function generationsFolder(storage: string): string {
  return join(storage, 'generations');
}

function folderOf(storage: string, number: number): string {
  return join(generationsFolder(storage), String(number));
}

/** Descending. */
export async function generationNumbers(system: FileSystem, storage: string): Promise<number[]> {
  const names = await system.list(generationsFolder(storage));
  return names
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);
}

/** On the disk when this settles. One that was cut off is as good as absent, because its digest does not fit. */
export async function writeGeneration(
  system: FileSystem,
  storage: string,
  { text, ...lock }: StoredGeneration,
): Promise<void> {
  const folder = folderOf(storage, lock.number);
  const files = [
    [join(folder, CONFIGURATION), text],
    [join(folder, LOCK), `${JSON.stringify({ ...lock, digest: digestOf(lock) }, undefined, 2)}\n`],
  ] as const;
  await system.makeFolder(folder);
  for (const [file, content] of files) await system.write(file, content);
  await Promise.all(files.map(([file]) => system.sync(file)));
  await Promise.all([folder, generationsFolder(storage), storage].map((path) => system.sync(path)));
}

/** `undefined` when it is not there, cut off or damaged. */
export async function readGeneration(
  system: FileSystem,
  storage: string,
  number: number,
): Promise<StoredGeneration | undefined> {
  const folder = folderOf(storage, number);
  try {
    const { digest, ...lock } = JSON.parse((await system.read(join(folder, LOCK))).toString()) as Lock & {
      digest: string;
    };
    const text = (await system.read(join(folder, CONFIGURATION))).toString();
    if (digest !== digestOf(lock) || lock.number !== number || lock.revision !== sha256(text)) return undefined;
    return { ...lock, text };
  } catch (error) {
    if (error instanceof SyntaxError || isMissing(error)) return undefined;
    throw error;
  }
}

export async function removeGeneration(system: FileSystem, storage: string, number: number): Promise<void> {
  await system.remove(folderOf(storage, number));
}

/** Why a generation cannot be run; `undefined` when everything it names is there. */
export async function lackOf(system: FileSystem, storage: string, number: number): Promise<string | undefined> {
  const generation = await readGeneration(system, storage, number);
  if (generation === undefined) return `generation ${number} is damaged or gone`;
  for (const { id, folder } of [...generation.bundles, { id: 'the runtime', folder: generation.runtime.folder }]) {
    if (folder === undefined) continue;
    if ((await system.attributes(join(storage, folder, 'package.json'))) === undefined)
      return `${id} of generation ${number} is gone from the store`;
  }
  return undefined;
}

/** Number of the generation that is in force, as far as it is known. */
export async function readCurrent(system: FileSystem, storage: string): Promise<number | undefined> {
  try {
    const text = (await system.read(join(storage, 'current'))).toString();
    return /^[1-9]\d{0,14}\n$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export async function writeCurrent(system: FileSystem, storage: string, number: number | undefined): Promise<void> {
  if (number !== undefined)
    return void (await replaceFile(system, join(storage, 'current'), `${number}\n`, { mode: 0o600 }));
  await system.remove(join(storage, 'current'));
  await system.sync(storage);
}

function digestOf(lock: Lock): string {
  return sha256(JSON.stringify(lock));
}
