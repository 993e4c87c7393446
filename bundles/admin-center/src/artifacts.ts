import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ArchiveReader, errorMessage, RackwattError } from 'rackwatt';
import { centerError } from './errors.js';
import type { SentFile } from './server/exchange.js';
import type { ArtifactRow } from './state/artifact-records.js';
import type { Deed } from './state/audit.js';
import type { State } from './state/state.js';

const UNFINISHED = '.part';

export interface ArtifactParts {
  folder: string;
  state: State;
  reader: ArchiveReader;
  /** Bytes of the largest. */
  largest: number;
}

/** The archives that gateways can be told to run: files named by their digest. */
export class ArtifactStore {
  readonly #folder: string;
  readonly #state: State;
  readonly #reader: ArchiveReader;
  readonly #largest: number;

  private constructor({ folder, state, reader, largest }: ArtifactParts) {
    this.#folder = folder;
    this.#state = state;
    this.#reader = reader;
    this.#largest = largest;
  }

  /** Opens the folder, and takes away what was not finished. */
  static async open(parts: ArtifactParts): Promise<ArtifactStore> {
    await mkdir(parts.folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(parts.folder))
      if (name.endsWith(UNFINISHED)) await rm(join(parts.folder, name), { force: true });
    return new ArtifactStore(parts);
  }

  /**
   * Copies an archive into the store; one that is there already changes nothing. Whose signatures it needs is for the gateways to say.
   * @param source a file, or the content
   * @throws `ARCHIVE_...`, `BUNDLE_NOT_FOUND`, `FLEET_TOO_LARGE`, `FLEET_STATE`
   */
  async add(source: string | Uint8Array, deed: Deed): Promise<ArtifactRow> {
    const part = join(this.#folder, `${randomUUID()}${UNFINISHED}`);
    try {
      const { sha256, size } = await this.#copy(source, part);
      const { name, version, digest, signatures } = await this.#reader.read(
        part,
        typeof source === 'string' ? basename(source) : 'the archive',
      );
      // The folder is ours alone; that nothing else is in the file now than what was read is looked at all the same.
      if ((await digestOf(part)) !== sha256)
        throw centerError('FLEET_STATE', `${part} changed while it was looked at; find out who writes there`);
      await rename(part, this.#file(sha256));
      await sync(this.#folder);
      return await this.#state.artifacts.add({ sha256, name, version, digest, size, signatures }, deed);
    } finally {
      await rm(part, { force: true });
    }
  }

  list(): Promise<ArtifactRow[]> {
    return this.#state.artifacts.list();
  }

  /** @throws `FLEET_ARTIFACT_UNKNOWN` */
  async find({ name, version, sha256 }: { name: string; version?: string; sha256?: string }): Promise<ArtifactRow> {
    const found =
      sha256 === undefined
        ? (await this.#state.artifacts.named(name, version ?? ''))[0]
        : await this.#state.artifacts.get(sha256);
    if (found?.name === name && (version === undefined || found.version === version)) return found;
    const what = [name, version, sha256].filter((word) => word !== undefined).join(' ');
    throw centerError(
      'FLEET_ARTIFACT_UNKNOWN',
      `the center has no archive ${what}; bring it with: rackwatt fleet artifacts add FILE.tgz`,
    );
  }

  /** @throws `FLEET_ARTIFACT_UNKNOWN`, `FLEET_STATE` when the file is not as it was */
  async file(sha256: string): Promise<SentFile> {
    const row = await this.#state.artifacts.get(sha256);
    if (!row) throw centerError('FLEET_ARTIFACT_UNKNOWN', `the center has no archive ${sha256}`);
    const path = this.#file(sha256);
    const size = await stat(path).then(
      (stats) => stats.size,
      (error: unknown) => (void errorMessage(error), undefined),
    );
    if (size !== row.size)
      throw centerError(
        'FLEET_STATE',
        `${path} is ${size === undefined ? 'gone' : 'damaged'}; bring ${row.name} ${row.version} again: rackwatt fleet artifacts add FILE.tgz`,
      );
    return { path, size, etag: `"${sha256}"` };
  }

  #file(sha256: string): string {
    return join(this.#folder, `${sha256}.tgz`);
  }

  async #copy(source: string | Uint8Array, part: string): Promise<{ sha256: string; size: number }> {
    const hash = createHash('sha256');
    let size = 0;
    const target = await open(
      part,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      const chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> =
        typeof source === 'string' ? createReadStream(source) : [source];
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > this.#largest)
          throw centerError(
            'FLEET_TOO_LARGE',
            `the archive has more than ${this.#largest} bytes; "largestArtifact" of rackwatt.admin-center says how many it may have`,
          );
        hash.update(chunk);
        await target.writeFile(chunk);
      }
      await target.sync();
    } catch (error) {
      if (error instanceof RackwattError) throw error;
      const where = typeof source === 'string' ? `cannot copy ${source}` : 'cannot keep the archive';
      throw centerError('FLEET_ARTIFACT_UNKNOWN', `${where}: ${errorMessage(error)}`, { cause: error });
    } finally {
      await target.close();
    }
    return { sha256: hash.digest('hex'), size };
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
