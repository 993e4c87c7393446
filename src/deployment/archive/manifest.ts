import semver from 'semver';
import { openEnvelope, type Envelope } from '../trust/envelope.js';
import {
  budgetOf,
  invalid,
  MANIFEST_FILE,
  SBOM_FILE,
  sha256,
  tooLarge,
  type BundleFile,
  type FileMode,
} from './format.js';
import { quoted } from '../../quoted.js';
import { refusalOfPath, takenNames } from './paths.js';
import { parseStrictly } from '../../strict-json.js';
import { BLOCK, paddingOf, TRAILER } from './tar.js';

export const PAYLOAD_TYPE = 'application/vnd.rackwatt.bundle+json';

export interface ListedFile {
  path: string;
  size: number;
  sha256: string;
  mode: FileMode;
}

/** What is signed: the archive, and every file of it in its order. */
export interface ArchiveManifest {
  spec: 1;
  name: string;
  version: string;
  /** The content without the manifest in front: its digest is that of the bundle, whoever signs. */
  archive: { sha256: string; length: number; unpacked: number; entries: number };
  files: ListedFile[];
  sbom: { path: string; sha256: string };
  /** Version ranges: of the runtime, and of Node. */
  needs: { rackwatt?: string; node?: string };
  capabilities: string[];
  /** No version below this one may follow it on a node. */
  minimum?: string;
}

/** What a manifest says of a bundle beside its files. */
export type BundleFacts = Pick<ArchiveManifest, 'name' | 'version' | 'needs' | 'capabilities' | 'minimum'>;

const DIGEST = /^[0-9a-f]{64}$/;
const NAME = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;

export function describeArchive(
  facts: BundleFacts,
  files: readonly ListedFile[],
  archive: Pick<ArchiveManifest['archive'], 'sha256' | 'length'>,
): ArchiveManifest {
  const sbom = files.find(({ path }) => path === SBOM_FILE);
  return {
    spec: 1,
    name: facts.name,
    version: facts.version,
    archive: { ...archive, unpacked: unpackedBytes(files), entries: files.length },
    files: [...files],
    sbom: { path: SBOM_FILE, sha256: sbom?.sha256 ?? '' },
    needs: facts.needs,
    capabilities: facts.capabilities,
    ...(facts.minimum === undefined ? {} : { minimum: facts.minimum }),
  };
}

/** A file as a manifest lists it. */
export function listed({ path, content, mode = '0644' }: BundleFile): ListedFile {
  return { path, size: content.length, sha256: sha256(content), mode };
}

/** An envelope over a manifest, signed by nobody. */
export function unsigned(manifest: ArchiveManifest): Envelope {
  return { payloadType: PAYLOAD_TYPE, payload: Buffer.from(JSON.stringify(manifest)), signatures: [] };
}

/** @throws `ARCHIVE_INVALID` */
export function openManifest(content: Buffer, name: string): Envelope {
  return openEnvelope(content, PAYLOAD_TYPE, `${name}: ${MANIFEST_FILE}`);
}

/**
 * The manifest of an envelope, everything in it checked that can be without the files.
 * @throws `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`
 */
export function parseArchiveManifest(payload: Buffer, name: string): ArchiveManifest {
  const json = parseStrictly(payload, `${name}: its manifest`, 'ARCHIVE_INVALID');
  const wrong = wrongShape(json);
  if (wrong !== undefined) throw invalid(name, `has a manifest that is not one of version 1: ${wrong}`);
  const manifest = json as ArchiveManifest;
  const { archive, files, sbom } = manifest;
  const budget = budgetOf(manifest.name);
  if (files.length > budget.files) throw tooLarge(name, `holds more than ${budget.files} files`);
  if (archive.length > budget.archive) throw tooLarge(name, `has more than ${budget.archive} bytes`);
  if (archive.unpacked > budget.unpacked) throw tooLarge(name, `unpacks to more than ${budget.unpacked} bytes`);
  const large = files.find(({ size }) => size > budget.file);
  if (large) throw tooLarge(name, `lists ${quoted(large.path)} with more than ${budget.file} bytes`);
  const taken = takenNames();
  taken(MANIFEST_FILE);
  for (const { path } of files) {
    const why = refusalOfPath(path) ?? taken(path);
    if (why !== undefined) throw invalid(name, `lists ${quoted(path)}, ${why}`);
  }
  if (archive.entries !== files.length || archive.unpacked !== unpackedBytes(files))
    throw invalid(name, 'has a manifest whose files do not add up to its archive');
  const listed = files.find(({ path }) => path === SBOM_FILE);
  if (!listed) throw invalid(name, `lists no ${SBOM_FILE}, the list of what it is made of`);
  if (sbom.path !== SBOM_FILE || sbom.sha256 !== listed.sha256)
    throw invalid(name, `names another ${SBOM_FILE} than it lists`);
  return manifest;
}

/** Bytes of the tar of these files. */
export function unpackedBytes(files: readonly { size: number }[]): number {
  return files.reduce((sum, { size }) => sum + BLOCK + size + paddingOf(size), TRAILER);
}

function wrongShape(json: unknown): string | undefined {
  if (!isRecord(json) || json['spec'] !== 1) return 'its "spec" is not 1';
  const { name, version, archive, files, sbom, needs, capabilities, minimum } = json;
  if (typeof name !== 'string' || name.length > 214 || !NAME.test(name)) return 'its "name" is none of a bundle';
  if (!isVersion(version)) return 'its "version" is no semantic version';
  if (
    !isRecord(archive) ||
    !isDigest(archive['sha256']) ||
    ![archive['length'], archive['unpacked'], archive['entries']].every(isSize)
  )
    return '"archive" lacks digest or sizes';
  if (!Array.isArray(files) || !files.every(isListed)) return '"files" is not a list of path, size, digest and mode';
  if (!isRecord(sbom) || typeof sbom['path'] !== 'string' || !isDigest(sbom['sha256']))
    return '"sbom" lacks path or digest';
  if (!isRecord(needs) || ![needs['rackwatt'], needs['node']].every((range) => range === undefined || isRange(range)))
    return '"needs" are not version ranges';
  if (!Array.isArray(capabilities) || capabilities.some((each) => typeof each !== 'string'))
    return '"capabilities" are not a list of names';
  if (minimum !== undefined && !isVersion(minimum)) return '"minimum" is no semantic version';
  return undefined;
}

function isListed(file: unknown): boolean {
  return (
    isRecord(file) &&
    typeof file['path'] === 'string' &&
    isSize(file['size']) &&
    isDigest(file['sha256']) &&
    (file['mode'] === '0644' || file['mode'] === '0755')
  );
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && DIGEST.test(value);
}

function isVersion(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 100 && semver.valid(value) === value;
}

function isRange(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 200 && semver.validRange(value) !== null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
