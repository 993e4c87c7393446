import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import semver from 'semver';
import { readManifest, type Manifest, type RevisionSource } from '../bundle/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { BUDGET, readArchiveFile, sha256, type ArchiveFile } from './archive.js';
import { bundleFiles, filesOf, flushFolder, writeDurably } from './folder.js';
import { missingEntry, verifyArchive, verifyFiles } from './verify.js';

/** An archive or folder that was checked and lies complete in the store. */
export interface InstalledArchive {
  name: string;
  version: string;
  /** sha256 of the archive, or of a folder's files. */
  digest: string;
  root: string;
  manifest: Manifest;
  /** Names of the trusted keys that signed it. */
  signers: string[];
}

interface StoredFile {
  path: string;
  read: () => Promise<Buffer>;
}

/** Hex digits of a digest in folder names: enough that no two contents can be made that share them. */
const SHORT = 32;
const STAGE = /^\.stage-(\d+)-/;
const NAME = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;
/** Stages that this process is filling. */
const filling = new Set<string>();

/**
 * Content-addressed store of bundles: `<folder>/<name>/<version>-<digest>/`. Entries appear complete or not at all, and never
 * change.
 */
export class BundleStore {
  readonly #folder: string;
  readonly #keys: string;
  #swept: Promise<void> | undefined;

  constructor(options: { folder: string; keys: string }) {
    this.#folder = options.folder;
    this.#keys = options.keys;
  }

  /**
   * Checks an archive and keeps it. Nothing is written before it passed.
   * @throws as `verifyArchive`; `BUNDLE_NOT_FOUND`, `STORE_WRITE`
   */
  async install(file: string, allowUnsigned: boolean): Promise<InstalledArchive> {
    const archive = await readArchiveFile(file);
    const { files, manifest, signers } = await verifyArchive(archive, basename(file), {
      keys: this.#keys,
      allowUnsigned,
    });
    const digest = sha256(archive);
    const root = await this.#keep(
      manifest,
      digest,
      files.map(({ path, content }) => ({ path, read: async () => content })),
    );
    return { name: manifest.name, version: manifest.version, digest, root, manifest, signers };
  }

  /**
   * Copies a folder into the store, so that it is never run from where it was dropped.
   * @throws `BUNDLE_MANIFEST`, `SIGNATURE_MISSING`, `ARCHIVE_TOO_LARGE`, `STORE_WRITE`
   */
  async copyFolder(folder: string, allowUnsigned: boolean): Promise<InstalledArchive> {
    if (!allowUnsigned)
      throw new RackwattError(
        'SIGNATURE_MISSING',
        `${folder} is a folder, which nobody signed; drop a signed archive, or allow "dropins" in framework.trust.unsigned`,
      );
    const manifest = await readManifest(folder);
    const paths = await bundleFiles(folder, manifest);
    const missing = missingEntry(manifest, new Set(paths));
    if (missing !== undefined)
      throw new RackwattError('BUNDLE_MANIFEST', `${folder} has no ${missing}, which its package.json names`);
    await checkSize(folder, paths);
    const hash = createHash('sha256');
    const sums = new Map<string, string>();
    for (const path of paths) {
      const sum = sha256(await readFile(join(folder, path)));
      sums.set(path, sum);
      hash.update(`${path}\0${sum}\n`);
    }
    const digest = hash.digest('hex');
    const read = async (path: string): Promise<Buffer> => {
      const content = await readFile(join(folder, path));
      if (sha256(content) !== sums.get(path))
        throw new RackwattError('ARCHIVE_INCOMPLETE', `${folder} is still being written: ${path} changed`);
      return content;
    };
    const root = await this.#keep(
      manifest,
      digest,
      paths.map((path) => ({ path, read: () => read(path) })),
    );
    return { name: manifest.name, version: manifest.version, digest, root, manifest, signers: [] };
  }

  /** @throws `BUNDLE_NOT_FOUND`, `SIGNATURE_MISSING`, `SIGNATURE_INVALID`, `ARCHIVE_INVALID` */
  async find(
    name: string,
    version: string,
    digest: string | undefined,
    allowUnsigned: boolean,
  ): Promise<RevisionSource> {
    if (!NAME.test(name) || !semver.valid(version))
      throw new RackwattError(
        'BUNDLE_NOT_FOUND',
        `"${name}@${version}" is no name and version of a bundle, such as @example/acme@1.2.0`,
      );
    const folder = this.#folderOf(name);
    const wanted = digest?.replace(/^sha256:/, '').slice(0, SHORT);
    const digests = existsSync(folder)
      ? readdirSync(folder)
          .filter((entry) => entry.startsWith(`${version}-`))
          .map((entry) => entry.slice(version.length + 1))
          .filter((found) => /^[0-9a-f]{32}$/.test(found) && (wanted === undefined || found === wanted))
      : [];
    if (digests.length === 0)
      throw new RackwattError(
        'BUNDLE_NOT_FOUND',
        `${name} ${version}${wanted ? ` (${wanted})` : ''} is not installed here; install its archive with: rackwatt bundle install FILE.tgz`,
      );
    if (digests.length > 1)
      throw new RackwattError(
        'BUNDLE_NOT_FOUND',
        `there are ${digests.length} contents of ${name} ${version}; name one by "digest": ${digests.join(', ')}`,
      );
    const root = join(folder, `${version}-${digests[0]}`);
    // A key that is no longer trusted takes its bundles with it.
    if (!allowUnsigned) verifyFiles(await readFiles(root), `${name} ${version}`, { keys: this.#keys, allowUnsigned });
    return { location: `store:${name}@${version}`, root, manifest: await readManifest(root), digest: digests[0]! };
  }

  async #keep(manifest: Manifest, digest: string, files: readonly StoredFile[]): Promise<string> {
    const folder = this.#folderOf(manifest.name);
    const root = join(folder, `${manifest.version}-${digest.slice(0, SHORT)}`);
    const name = `.stage-${process.pid}-${randomUUID()}`;
    const stage = join(this.#folder, name);
    let isDamaged = false;
    filling.add(name);
    try {
      await (this.#swept ??= this.#sweep());
      isDamaged = existsSync(root) && !(await isSame(root, files));
      if (existsSync(root) && !isDamaged) return root;
      await mkdir(stage, { recursive: true, mode: 0o700 });
      await fill(stage, files);
      await mkdir(folder, { recursive: true });
      if (isDamaged) await rm(root, { recursive: true });
      await rename(stage, root);
      await flushFolder(folder);
      await flushFolder(this.#folder);
    } catch (error) {
      this.#swept = undefined;
      await rm(stage, { recursive: true, force: true }).catch((left: unknown) => void errorMessage(left));
      // Somebody else was first.
      if (!isDamaged && existsSync(root)) return root;
      if (error instanceof RackwattError) throw error;
      throw new RackwattError(
        'STORE_WRITE',
        `${manifest.name} ${manifest.version} cannot be kept in ${this.#folder}: ${errorMessage(error)}`,
        { cause: error },
      );
    } finally {
      filling.delete(name);
    }
    return root;
  }

  /** Removes what processes that were killed left half written. */
  async #sweep(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) {
      const owner = Number(STAGE.exec(name)?.[1]);
      if (!Number.isNaN(owner) && !filling.has(name) && !isOther(owner))
        await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  #folderOf(name: string): string {
    return join(this.#folder, name.replace('/', '+'));
  }
}

/** Whether another process of that number runs. In a container a restarted node has the number that it had before. */
function isOther(process_: number): boolean {
  if (process_ === process.pid) return false;
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** An entry never changes, unless a disk or a person damaged it. */
async function isSame(root: string, files: readonly StoredFile[]): Promise<boolean> {
  const found = await filesOf(root);
  if (found.length !== files.length) return false;
  for (const { path, read } of files) {
    const file = join(root, path);
    if (!existsSync(file) || !(await readFile(file)).equals(await read())) return false;
  }
  return true;
}

async function fill(stage: string, files: readonly StoredFile[]): Promise<void> {
  const folders = new Set([stage]);
  for (const { path, read } of files) {
    for (let folder = dirname(join(stage, path)); folder !== stage; folder = dirname(folder)) folders.add(folder);
    await mkdir(dirname(join(stage, path)), { recursive: true });
    await writeDurably(join(stage, path), await read());
  }
  for (const folder of folders) await flushFolder(folder);
}

async function checkSize(folder: string, paths: readonly string[]): Promise<void> {
  if (paths.length > BUDGET.files)
    throw new RackwattError(
      'ARCHIVE_TOO_LARGE',
      `${folder} holds more than ${BUDGET.files} files; pack it with: rackwatt bundle pack`,
    );
  let bytes = 0;
  for (const path of paths) bytes += (await stat(join(folder, path))).size;
  if (bytes > BUDGET.unpackedBytes)
    throw new RackwattError(
      'ARCHIVE_TOO_LARGE',
      `${folder} has more than ${BUDGET.unpackedBytes} bytes; pack it with: rackwatt bundle pack`,
    );
}

async function readFiles(root: string): Promise<ArchiveFile[]> {
  return Promise.all((await filesOf(root)).map(async (path) => ({ path, content: await readFile(join(root, path)) })));
}
