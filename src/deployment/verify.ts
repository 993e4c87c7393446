import { contractFile, parseManifest, type Manifest } from '../bundle/index.js';
import { RackwattError } from '../errors.js';
import { readArchive, type ArchiveFile } from './archive.js';
import { readTrustedKeys } from './keys.js';
import { quoted } from './paths.js';
import { checkSeal } from './seal.js';
import { parseStrictly } from './strict-json.js';

export interface Trust {
  /** Folder of the trusted `.pub` files. */
  keys: string;
  allowUnsigned: boolean;
}

export interface VerifiedArchive {
  files: ArchiveFile[];
  manifest: Manifest;
  /** Names of the trusted keys that signed it. */
  signers: string[];
}

/**
 * Checks an archive in memory: trailers, paths, budget, signature, list of files, manifest, in this order. Nothing is written.
 * @param name of the archive, for sentences
 * @throws `ARCHIVE_...`, `SIGNATURE_...`, `BUNDLE_MANIFEST`, `KEY_INVALID`
 */
export async function verifyArchive(archive: Buffer, name: string, trust: Trust): Promise<VerifiedArchive> {
  return verifyFiles(await readArchive(archive, name), name, trust);
}

/** The same for files that lie somewhere already. @throws as `verifyArchive` */
export function verifyFiles(files: ArchiveFile[], name: string, { keys, allowUnsigned }: Trust): VerifiedArchive {
  const { list, signers, strangers } = checkSeal(files, readTrustedKeys(keys), name);
  if (signers.length === 0 && !allowUnsigned) {
    if (strangers.length > 0)
      throw new RackwattError(
        'SIGNATURE_INVALID',
        `${name} is signed by the key ${strangers.join(', ')}, which is not trusted here; if you know whose it is, put its .pub into ${keys}`,
      );
    throw new RackwattError(
      'SIGNATURE_MISSING',
      `${name} is not signed; sign it with: rackwatt bundle sign, or allow unsigned bundles in framework.trust.unsigned`,
    );
  }
  const packageJson = files.find(({ path }) => path === 'package.json');
  if (!packageJson) throw new RackwattError('ARCHIVE_INVALID', `${name} has no package.json`);
  parseStrictly(packageJson.content, `${name}: package.json`);
  const manifest = parseManifest(packageJson.content.toString('utf8'), `package.json of ${name}`);
  if (manifest.name !== list.name || manifest.version !== list.version) {
    throw new RackwattError(
      'ARCHIVE_INVALID',
      `${name} is listed as ${quoted(list.name)} ${quoted(list.version)}, but its package.json says ${manifest.name} ${manifest.version}`,
    );
  }
  const missing = missingEntry(manifest, new Set(files.map(({ path }) => path)));
  if (missing !== undefined)
    throw new RackwattError('ARCHIVE_INVALID', `${name} lacks ${quoted(missing)}, which its package.json names`);
  return { files, manifest, signers };
}

/** Every module that a manifest names, relative to the bundle. */
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

/** The first module that a manifest names and that is not among the files. */
export function missingEntry(manifest: Manifest, files: ReadonlySet<string>): string | undefined {
  return entryFiles(manifest).find((file) => !files.has(file.replace(/^\.\//, '')));
}
