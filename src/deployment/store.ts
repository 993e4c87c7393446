import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import semver from 'semver';
import { readManifest, type Manifest, type RevisionSource } from '../bundle/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { BUDGET, MANIFEST_FILE, sha256 } from './archive/format.js';
import { bundleFiles, filesOf, flushFolder, writeDurably } from './folder.js';
import type { TrustStore } from './trust/store.js';
import { missingEntry, verifyArchive, verifyInstalled, type VerifyOptions } from './verify.js';

/** An archive or folder that was checked and lies complete in the store. */
export interface InstalledArchive {
  name: string;
  version: string;
  /** sha256 of the archive's content, or of a folder's files. */
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
  readonly #trust: TrustStore;
  #swept: Promise<void> | undefined;

  constructor(options: { folder: string; trust: TrustStore }) {
    this.#folder = options.folder;
    this.#trust = options.trust;
  }

  /**
   * Checks an archive and keeps it. Nothing is written before its signature and digest passed, and nothing is named before every file did.
   * @throws as `verifyArchive`; `TRUST_...`, `STORE_WRITE`
   */
  async install(
    file: string,
    allowUnsigned: boolean,
    options: Pick<VerifyOptions, 'expect' | 'name' | 'signal'> = {},
  ): Promise<InstalledArchive> {
    const trust = await this.#trust.read();
    return this.#staged(async (stage) => {
      const verified = await verifyArchive(file, { ...options, trust, allowUnsigned, into: stage });
      const { name, version, digest, manifest, signers } = verified;
      const root = await this.#place(stage, manifest, digest);
      return { name, version, digest, root, manifest, signers };
    });
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
    return this.#staged(async (stage) => {
      await mkdir(stage, { recursive: true, mode: 0o700 });
      await fill(
        stage,
        paths.map((path) => ({ path, read: () => read(path) })),
      );
      const root = await this.#place(stage, manifest, digest);
      return { name: manifest.name, version: manifest.version, digest, root, manifest, signers: [] };
    });
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
    if (!allowUnsigned) await verifyInstalled(root, `${name} ${version}`, await this.#trust.readToStart());
    return { location: `store:${name}@${version}`, root, manifest: await readManifest(root), digest: digests[0]! };
  }

  /** Gives a new folder to fill, which is gone afterwards unless it was placed. */
  async #staged<T>(work: (stage: string) => Promise<T>): Promise<T> {
    const name = `.stage-${process.pid}-${randomUUID()}`;
    const stage = join(this.#folder, name);
    filling.add(name);
    try {
      return await work(stage);
    } catch (error) {
      await rm(stage, { recursive: true, force: true }).catch((left: unknown) => void errorMessage(left));
      if (error instanceof Error && error.name === 'AbortError') throw error;
      if (error instanceof RackwattError) throw error;
      throw new RackwattError('STORE_WRITE', `nothing can be kept in ${this.#folder}: ${errorMessage(error)}`, {
        cause: error,
      });
    } finally {
      filling.delete(name);
    }
  }

  /** Names a complete stage; where the same content is already, its manifest is renewed, which may have more signatures now. */
  async #place(stage: string, manifest: Manifest, digest: string): Promise<string> {
    const folder = this.#folderOf(manifest.name);
    const root = join(folder, `${manifest.version}-${digest.slice(0, SHORT)}`);
    await (this.#swept ??= this.#sweep());
    if (existsSync(root) && (await isSame(root, stage))) {
      if (existsSync(join(stage, MANIFEST_FILE))) await rename(join(stage, MANIFEST_FILE), join(root, MANIFEST_FILE));
      await rm(stage, { recursive: true, force: true });
      return root;
    }
    await mkdir(folder, { recursive: true });
    // An entry never changes, unless a disk or a person damaged it.
    const isDamaged = existsSync(root) && !(await isSame(root, stage));
    if (isDamaged) await rm(root, { recursive: true });
    try {
      await rename(stage, root);
    } catch (error) {
      // Somebody else was first.
      if (isDamaged || !existsSync(root)) throw error;
      await rm(stage, { recursive: true, force: true });
      return root;
    }
    await flushFolder(folder);
    await flushFolder(this.#folder);
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

/** Whether two folders hold the same files; their manifests may differ in their signatures. */
async function isSame(root: string, stage: string): Promise<boolean> {
  const [found, wanted] = await Promise.all([filesOf(root), filesOf(stage)]);
  if (found.join('\n') !== wanted.join('\n')) return false;
  for (const path of wanted) {
    if (path === MANIFEST_FILE) continue;
    if (!(await readFile(join(root, path))).equals(await readFile(join(stage, path)))) return false;
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
  if (bytes > BUDGET.unpacked)
    throw new RackwattError(
      'ARCHIVE_TOO_LARGE',
      `${folder} has more than ${BUDGET.unpacked} bytes; pack it with: rackwatt bundle pack`,
    );
}
