import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import semver from 'semver';
import { readManifest, type Manifest, type RevisionSource } from '../bundle/index.js';
import { realFileSystem } from '../durable/index.cjs';
import { errorMessage, RackwattError } from '../errors.js';
import { BUDGET, MANIFEST_FILE, RUNTIME_NAME, sha256 } from './archive/format.js';
import { ContentStore, SHORT, type ContentBatch } from './content.js';
import { bundleFiles } from './folder.js';
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

export type InstallOptions = Pick<VerifyOptions, 'expect' | 'name' | 'signal'>;

/** Archives that are checked and written at once. */
const AT_ONCE = 16;
const NAME = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;

/**
 * Content-addressed store of bundles: `<folder>/<name>/<version>-<digest>/`. Entries appear complete or not at all, and never
 * change.
 */
export class BundleStore {
  readonly contents: ContentStore;
  readonly #trust: TrustStore;

  constructor(options: { folder: string; trust: TrustStore }) {
    this.contents = new ContentStore(options.folder, realFileSystem, MANIFEST_FILE);
    this.#trust = options.trust;
  }

  /**
   * Checks an archive and keeps it. Nothing is written before its signature and digest passed, and nothing is named before every file did.
   * @throws as `verifyArchive`; `TRUST_...`, `STORE_WRITE`
   */
  async install(file: string, allowUnsigned: boolean, options: InstallOptions = {}): Promise<InstalledArchive> {
    const [installed] = await this.installAll([{ file, ...options }], allowUnsigned);
    return installed!;
  }

  /** Checks archives and keeps all of them or none: together they wait for the disk once. @throws as `install` */
  async installAll(
    archives: readonly ({ file: string } & InstallOptions)[],
    allowUnsigned: boolean,
    kind: 'bundle' | 'runtime' = 'bundle',
  ): Promise<InstalledArchive[]> {
    const trust = await this.#trust.read();
    return this.#together(
      async (batch) => {
        const installed: InstalledArchive[] = [];
        const open = [...archives.entries()].reverse();
        const worker = async (): Promise<void> => {
          for (let next = open.pop(); next !== undefined; next = open.pop()) {
            const [index, { file, ...options }] = next;
            const stage = batch.open();
            const verified = await verifyArchive(file, {
              ...options,
              trust,
              allowUnsigned,
              kind,
              into: stage,
              isFlushed: false,
            });
            const { name, version, digest, manifest, signers } = verified;
            const root = await batch.place(stage, { name, version, digest });
            installed[index] = { name, version, digest, root, manifest, signers };
          }
        };
        const outcomes = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, archives.length) }, worker));
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
        return installed;
      },
      archives.flatMap(({ signal }) => signal ?? []),
    );
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
    return this.#together(async (batch) => {
      const stage = batch.open();
      for (const path of paths) {
        await mkdir(dirname(join(stage, path)), { recursive: true, mode: 0o700 });
        await writeFile(join(stage, path), await read(path), { flag: 'wx' });
      }
      const { name, version } = manifest;
      return {
        name,
        version,
        digest,
        root: await batch.place(stage, { name, version, digest }),
        manifest,
        signers: [],
      };
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
    const folder = this.contents.folderOf(name);
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

  /**
   * Checks that an installed runtime is unaltered and, still, trusted.
   * @throws as `find`
   */
  async checkRuntime(root: string, version: string, allowUnsigned: boolean): Promise<void> {
    if (!allowUnsigned) await verifyInstalled(root, `${RUNTIME_NAME} ${version}`, await this.#trust.readToStart());
  }

  /** Gives a batch whose contents are all there at the end, or none. */
  async #together<T>(work: (batch: ContentBatch) => Promise<T>, signals: readonly AbortSignal[] = []): Promise<T> {
    const batch = this.contents.batch();
    try {
      const result = await work(batch);
      await batch.finish();
      return result;
    } catch (error) {
      await batch.abandon();
      if (signals.some(({ aborted, reason }) => aborted && reason === error)) throw error;
      if (error instanceof RackwattError) throw error;
      throw new RackwattError('STORE_WRITE', `nothing can be kept in ${this.contents.folder}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }
}

async function checkSize(folder: string, paths: readonly string[]): Promise<void> {
  if (paths.length > BUDGET.files)
    throw new RackwattError(
      'ARCHIVE_TOO_LARGE',
      `${folder} holds more than ${BUDGET.files} files; pack it with: rackwatt bundle pack`,
    );
  let bytes = 0;
  for (const path of paths) {
    const { size } = await stat(join(folder, path));
    if (size > BUDGET.file)
      throw new RackwattError('ARCHIVE_TOO_LARGE', `${folder} holds ${path} with more than ${BUDGET.file} bytes`);
    bytes += size;
  }
  if (bytes > BUDGET.unpacked)
    throw new RackwattError(
      'ARCHIVE_TOO_LARGE',
      `${folder} has more than ${BUDGET.unpacked} bytes; pack it with: rackwatt bundle pack`,
    );
}
