import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createHash, randomUUID } from 'node:crypto';
import { contractFile, parseManifest, readManifest, type Manifest, type RevisionSource } from '../bundle/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { BUDGET, readArchive, sha256, type ArchiveFile } from './archive.js';
import { filesOf } from './folder.js';
import { readTrustedKeys } from './keys.js';
import { checkSeal } from './seal.js';

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

/** Hex digits of a digest in folder names. */
const SHORT = 16;

/**
 * Content-addressed store of bundles: `<folder>/<name>/<version>-<digest>/`. Entries appear complete or not at all, and never
 * change.
 */
export class BundleStore {
  readonly #folder: string;
  readonly #keys: string;

  constructor(options: { folder: string; keys: string }) {
    this.#folder = options.folder;
    this.#keys = options.keys;
  }

  /**
   * Checks an archive (trailer, paths, budget, file list, signature, manifest) and keeps it. Nothing is written before it
   * passed.
   * @throws `ARCHIVE_...`, `SIGNATURE_...`, `BUNDLE_MANIFEST`
   */
  async install(file: string, allowUnsigned: boolean): Promise<InstalledArchive> {
    const archive = await readFile(file).catch((error: unknown) => {
      throw new RackwattError('BUNDLE_NOT_FOUND', `cannot read ${file}: ${errorMessage(error)}`, { cause: error });
    });
    const { files, manifest, signers } = await verifyArchive(archive, basename(file), {
      keys: this.#keys,
      allowUnsigned,
    });
    const digest = sha256(archive);
    const root = await this.#keep(manifest, digest, async (stage) => {
      for (const { path, content } of files) {
        await mkdir(dirname(join(stage, path)), { recursive: true });
        await writeDurably(join(stage, path), content);
      }
    });
    return { name: manifest.name, version: manifest.version, digest, root, manifest, signers };
  }

  /** Copies a folder into the store, so that it is never run from where it was dropped. @throws `BUNDLE_MANIFEST`, `SIGNATURE_MISSING` */
  async copyFolder(folder: string, allowUnsigned: boolean): Promise<InstalledArchive> {
    if (!allowUnsigned)
      throw new RackwattError(
        'SIGNATURE_MISSING',
        `${folder} is a folder, which nobody signed; drop a signed archive, or allow "dropins" in framework.trust.unsigned`,
      );
    const manifest = await readManifest(folder);
    for (const file of entryFiles(manifest)) {
      if (!existsSync(join(folder, file)))
        throw new RackwattError('BUNDLE_MANIFEST', `${folder} has no ${file}, which its package.json names`);
    }
    const digest = await digestOfFolder(folder);
    const root = await this.#keep(manifest, digest, (stage) =>
      cp(folder, stage, { recursive: true, dereference: false, verbatimSymlinks: true }),
    );
    return { name: manifest.name, version: manifest.version, digest, root, manifest, signers: [] };
  }

  /** @throws `BUNDLE_NOT_FOUND`, `SIGNATURE_MISSING` */
  async find(
    name: string,
    version: string,
    digest: string | undefined,
    allowUnsigned: boolean,
  ): Promise<RevisionSource> {
    const folder = this.#folderOf(name);
    const wanted = digest?.replace(/^sha256:/, '').slice(0, SHORT);
    const entries = existsSync(folder)
      ? readdirSync(folder).filter(
          (entry) => entry.startsWith(`${version}-`) && (wanted === undefined || entry === `${version}-${wanted}`),
        )
      : [];
    if (entries.length === 0)
      throw new RackwattError(
        'BUNDLE_NOT_FOUND',
        `${name} ${version}${wanted ? ` (${wanted})` : ''} is not installed here; install its archive with: rackwatt bundle install FILE.tgz`,
      );
    if (entries.length > 1)
      throw new RackwattError(
        'BUNDLE_NOT_FOUND',
        `there are ${entries.length} contents of ${name} ${version}; name one by "digest"`,
      );
    const root = join(folder, entries[0]!);
    if (!allowUnsigned) await this.#checkSigned(root, name);
    return {
      location: `store:${name}@${version}`,
      root,
      manifest: await readManifest(root),
      digest: entries[0]!.slice(version.length + 1),
    };
  }

  /** A key that is no longer trusted takes its bundles with it. */
  async #checkSigned(root: string, name: string): Promise<void> {
    const files: ArchiveFile[] = [];
    for (const path of await filesOf(root)) files.push({ path, content: await readFile(join(root, path)) });
    const { signers } = checkSeal(files, readTrustedKeys(this.#keys), name);
    if (signers.length === 0)
      throw new RackwattError('SIGNATURE_MISSING', `${name} is not signed by a key in ${this.#keys}`);
  }

  async #keep(manifest: Manifest, digest: string, fill: (stage: string) => Promise<void>): Promise<string> {
    const folder = this.#folderOf(manifest.name);
    const root = join(folder, `${manifest.version}-${digest.slice(0, SHORT)}`);
    if (existsSync(root)) return root;
    const stage = join(this.#folder, `.stage-${randomUUID()}`);
    await mkdir(stage, { recursive: true, mode: 0o700 });
    try {
      await fill(stage);
      await mkdir(folder, { recursive: true });
      await flushFolder(stage);
      await rename(stage, root);
      await flushFolder(folder);
    } catch (error) {
      await rm(stage, { recursive: true, force: true });
      if (existsSync(root)) return root;
      throw error;
    }
    return root;
  }

  #folderOf(name: string): string {
    return join(this.#folder, name.replace('/', '+'));
  }
}

/** Checks an archive without keeping it. @throws as `BundleStore.install` */
export async function verifyArchive(
  archive: Buffer,
  name: string,
  options: { keys: string; allowUnsigned: boolean },
): Promise<{ files: ArchiveFile[]; manifest: Manifest; signers: string[] }> {
  const files = await readArchive(archive, name, BUDGET);
  const { list, signers } = checkSeal(files, readTrustedKeys(options.keys), name);
  if (signers.length === 0 && !options.allowUnsigned) {
    throw new RackwattError(
      'SIGNATURE_MISSING',
      `${name} is not signed by a trusted key; put the publisher's .pub into ${options.keys}, or allow unsigned bundles in framework.trust`,
    );
  }
  const packageJson = files.find(({ path }) => path === 'package.json');
  if (!packageJson) throw new RackwattError('ARCHIVE_INVALID', `${name} has no package.json`);
  const manifest = parseManifest(packageJson.content.toString('utf8'), `package.json of ${name}`);
  if (manifest.name !== list.name || manifest.version !== list.version) {
    throw new RackwattError(
      'ARCHIVE_INVALID',
      `${name} is signed as ${list.name} ${list.version}, but its package.json says ${manifest.name} ${manifest.version}`,
    );
  }
  for (const file of entryFiles(manifest)) {
    if (!files.some(({ path }) => `./${path}` === file))
      throw new RackwattError('ARCHIVE_INVALID', `${name} lacks ${file}, which its package.json names`);
  }
  return { files, manifest, signers };
}

/** Every module that a manifest names. */
export function entryFiles(manifest: Manifest): string[] {
  const contracts = manifest.contracts.map((subpath) => contractFile(manifest, subpath));
  return [
    ...new Set([
      ...(manifest.main ? [manifest.main] : []),
      ...contracts,
      ...manifest.entries,
      ...Object.values(manifest.commands),
    ]),
  ];
}

async function digestOfFolder(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await filesOf(root)) hash.update(`${path}\0${sha256(await readFile(join(root, path)))}\n`);
  return hash.digest('hex');
}

async function writeDurably(file: string, content: Buffer): Promise<void> {
  const handle = await open(file, 'wx', 0o644);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
