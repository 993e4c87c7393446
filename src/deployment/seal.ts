import { sign, verify, type KeyObject } from 'node:crypto';
import { sha256, type ArchiveFile } from './archive.js';
import { RackwattError } from '../errors.js';
import { keyId, type TrustedKey } from './keys.js';

/** File of an archive that lists every other one. */
export const SEAL_FILE = 'rackwatt.manifest.json';
const PAYLOAD_TYPE = 'application/vnd.rackwatt.bundle+json';

/** Every file of a bundle with its digest: what is signed. */
export interface FileList {
  spec: 1;
  name: string;
  version: string;
  files: { path: string; size: number; sha256: string }[];
}

/** DSSE envelope (secure-systems-lab/dsse, protocol 1.0): the signature is over the bytes as they were received. */
interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

function preAuthentication(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}

/** An unsigned list of the files, as the seal file of an archive. */
export function sealOf(name: string, version: string, files: readonly ArchiveFile[]): ArchiveFile {
  const list: FileList = {
    spec: 1,
    name,
    version,
    files: files.map(({ path, content }) => ({ path, size: content.length, sha256: sha256(content) })),
  };
  return envelope(Buffer.from(JSON.stringify(list)), []);
}

/** Adds a signature; one key signs once. */
export function addSignature(seal: ArchiveFile, key: KeyObject): ArchiveFile {
  const { payload, signatures } = parseSeal(seal.content);
  const own = { keyid: keyId(key), sig: sign(null, preAuthentication(payload), key).toString('base64') };
  return envelope(payload, [...signatures.filter(({ keyid }) => keyid !== own.keyid), own]);
}

function envelope(payload: Buffer, signatures: Envelope['signatures']): ArchiveFile {
  const content: Envelope = { payloadType: PAYLOAD_TYPE, payload: payload.toString('base64'), signatures };
  return { path: SEAL_FILE, content: Buffer.from(`${JSON.stringify(content, null, 1)}\n`) };
}

function parseSeal(content: Buffer): { payload: Buffer; signatures: Envelope['signatures'] } {
  let parsed: Partial<Envelope> | null;
  try {
    parsed = JSON.parse(content.toString('utf8')) as Partial<Envelope> | null;
  } catch (error) {
    throw new RackwattError('ARCHIVE_INVALID', `${SEAL_FILE} is not JSON`, { cause: error });
  }
  const { payloadType, payload, signatures } = parsed ?? {};
  if (payloadType !== PAYLOAD_TYPE || typeof payload !== 'string' || !Array.isArray(signatures))
    throw new RackwattError('ARCHIVE_INVALID', `${SEAL_FILE} is no signed list of files`);
  return {
    payload: Buffer.from(payload, 'base64'),
    signatures: signatures.filter((entry) => typeof entry?.keyid === 'string' && typeof entry.sig === 'string'),
  };
}

/** What a check of a seal found. */
export interface Sealed {
  list: FileList;
  /** Names of the trusted keys that signed it; empty when nobody did. */
  signers: string[];
}

/**
 * Checks that an archive holds exactly the files of its list, unaltered, and who signed the list.
 * @throws `ARCHIVE_INVALID`, `SIGNATURE_INVALID` when it is signed, but by nobody in `trusted`
 */
export function checkSeal(files: readonly ArchiveFile[], trusted: readonly TrustedKey[], name: string): Sealed {
  const seal = files.find(({ path }) => path === SEAL_FILE);
  if (!seal)
    throw new RackwattError('ARCHIVE_INVALID', `${name} has no ${SEAL_FILE}; make archives with: rackwatt bundle pack`);
  const { payload, signatures } = parseSeal(seal.content);
  const signers: string[] = [];
  for (const { keyid, sig } of signatures) {
    const key = trusted.find(({ id }) => id === keyid);
    if (!key) continue;
    const bytes = Buffer.from(sig, 'base64');
    if (bytes.length !== 64 || !verify(null, preAuthentication(payload), key.key, bytes)) {
      throw new RackwattError(
        'SIGNATURE_INVALID',
        `${name}: the signature of ${key.name} (${keyid}) does not fit its list of files; the archive was altered`,
      );
    }
    signers.push(key.name);
  }
  const list = parseList(payload, name);
  compare(list, files, name);
  if (signatures.length > 0 && signers.length === 0 && trusted.length > 0) {
    throw new RackwattError(
      'SIGNATURE_INVALID',
      `${name} is signed by ${signatures.map(({ keyid }) => keyid).join(', ')}, which is not among the trusted keys (${trusted.map(({ id, name: known }) => `${known} ${id}`).join(', ')})`,
    );
  }
  return { list, signers };
}

function parseList(payload: Buffer, name: string): FileList {
  let list: Partial<FileList> | null;
  try {
    list = JSON.parse(payload.toString('utf8')) as Partial<FileList> | null;
  } catch (error) {
    throw new RackwattError('ARCHIVE_INVALID', `${name}: its list of files is not JSON`, { cause: error });
  }
  const isFine =
    list?.spec === 1 && typeof list.name === 'string' && typeof list.version === 'string' && Array.isArray(list.files);
  if (
    !isFine ||
    !list!.files!.every(
      (file) => typeof file?.path === 'string' && typeof file.sha256 === 'string' && Number.isInteger(file.size),
    )
  ) {
    throw new RackwattError('ARCHIVE_INVALID', `${name}: its list of files is not one of version 1`);
  }
  return list as FileList;
}

function compare(list: FileList, files: readonly ArchiveFile[], name: string): void {
  const listed = new Map(list.files.map((file) => [file.path, file]));
  if (listed.size !== list.files.length)
    throw new RackwattError('ARCHIVE_INVALID', `${name}: its list names a file twice`);
  for (const { path, content } of files) {
    if (path === SEAL_FILE) continue;
    const expected = listed.get(path);
    if (!expected)
      throw new RackwattError('ARCHIVE_INVALID', `${name} holds ${path}, which its list of files does not name`);
    if (expected.size !== content.length || expected.sha256 !== sha256(content))
      throw new RackwattError('ARCHIVE_INVALID', `${name}: ${path} is not the file of its list; it was altered`);
    listed.delete(path);
  }
  const [missing] = listed.keys();
  if (missing !== undefined)
    throw new RackwattError('ARCHIVE_INVALID', `${name} lacks ${missing}, which its list of files names`);
}
