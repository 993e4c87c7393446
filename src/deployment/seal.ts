import { sign, verify, type KeyObject } from 'node:crypto';
import { RackwattError } from '../errors.js';
import { SEAL_FILE, sha256, type ArchiveFile } from './archive.js';
import { keyId, type TrustedKey } from './keys.js';
import { quoted } from './paths.js';
import { parseStrictly } from './strict-json.js';

const PAYLOAD_TYPE = 'application/vnd.rackwatt.bundle+json';
const SIGNATURES = 16;
const KEY_ID = /^[0-9a-f]{16}$/;
const DIGEST = /^[0-9a-f]{64}$/;

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

interface OpenEnvelope {
  payload: Buffer;
  signatures: { keyid: string; sig: Buffer }[];
}

/** What a check of a seal found. */
export interface Sealed {
  list: FileList;
  /** Names of the trusted keys that signed it; empty when none did. */
  signers: string[];
  /** Ids of keys that are not trusted here, whose signatures say nothing. */
  strangers: string[];
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

/**
 * Signs the list of an archive, which must be that of its files; one key signs once.
 * @returns the files with the new seal
 * @throws `ARCHIVE_INVALID`
 */
export function signFiles(files: readonly ArchiveFile[], key: KeyObject, name: string): ArchiveFile[] {
  checkSeal(files, [], name);
  const { payload, signatures } = openEnvelope(files, name);
  const id = keyId(key);
  const kept = signatures.filter(({ keyid }) => keyid !== id);
  const seal = envelope(payload, [...kept, { keyid: id, sig: sign(null, preAuthentication(payload), key) }]);
  return [seal, ...files.filter(({ path }) => path !== SEAL_FILE)];
}

/**
 * Checks that an archive holds exactly the files of its list, unaltered, and who signed the list.
 * @throws `ARCHIVE_INVALID`; `SIGNATURE_INVALID` when a trusted key's signature does not fit
 */
export function checkSeal(files: readonly ArchiveFile[], trusted: readonly TrustedKey[], name: string): Sealed {
  const { payload, signatures } = openEnvelope(files, name);
  const signers: string[] = [];
  const strangers: string[] = [];
  for (const { keyid, sig } of signatures) {
    const key = trusted.find(({ id }) => id === keyid);
    if (!key) {
      strangers.push(keyid);
      continue;
    }
    if (sig.length !== 64 || !verify(null, preAuthentication(payload), key.key, sig)) {
      throw new RackwattError(
        'SIGNATURE_INVALID',
        `${name}: the signature of ${key.name} (${keyid}) does not fit its list of files; the archive was altered`,
      );
    }
    signers.push(key.name);
  }
  const list = parseList(payload, name);
  compare(list, files, name);
  return { list, signers, strangers };
}

function preAuthentication(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
}

function envelope(payload: Buffer, signatures: OpenEnvelope['signatures']): ArchiveFile {
  const content: Envelope = {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: sig.toString('base64') })),
  };
  return { path: SEAL_FILE, content: Buffer.from(`${JSON.stringify(content, null, 1)}\n`) };
}

function openEnvelope(files: readonly ArchiveFile[], name: string): OpenEnvelope {
  const refuse = (what: string): RackwattError => new RackwattError('ARCHIVE_INVALID', `${name}: ${SEAL_FILE} ${what}`);
  const seal = files.find(({ path }) => path === SEAL_FILE);
  if (!seal)
    throw new RackwattError('ARCHIVE_INVALID', `${name} has no ${SEAL_FILE}; make archives with: rackwatt bundle pack`);
  const { payloadType, payload, signatures } = (parseStrictly(seal.content, `${name}: ${SEAL_FILE}`) ??
    {}) as Partial<Envelope>;
  if (payloadType !== PAYLOAD_TYPE) throw refuse(`is of the type ${quoted(String(payloadType))}, not ${PAYLOAD_TYPE}`);
  const bytes = decoded(payload);
  if (!bytes || !Array.isArray(signatures)) throw refuse('is no signed list of files');
  if (signatures.length > SIGNATURES) throw refuse(`has more than ${SIGNATURES} signatures`);
  const opened = signatures.map((entry: Partial<Envelope['signatures'][number]> | null) => {
    const sig = decoded(entry?.sig);
    if (typeof entry?.keyid !== 'string' || !KEY_ID.test(entry.keyid) || !sig)
      throw refuse('has a signature that is none');
    return { keyid: entry.keyid, sig };
  });
  if (new Set(opened.map(({ keyid }) => keyid)).size !== opened.length) throw refuse('has two signatures of one key');
  return { payload: bytes, signatures: opened };
}

/** Base64 in its one canonical spelling. */
function decoded(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function parseList(payload: Buffer, name: string): FileList {
  const list = parseStrictly(payload, `${name}: its list of files`) as Partial<FileList> | null;
  const isFile = (file: Partial<FileList['files'][number]> | null): boolean =>
    typeof file?.path === 'string' &&
    typeof file.sha256 === 'string' &&
    DIGEST.test(file.sha256) &&
    Number.isInteger(file.size);
  if (
    list?.spec !== 1 ||
    typeof list.name !== 'string' ||
    typeof list.version !== 'string' ||
    !Array.isArray(list.files) ||
    !list.files.every(isFile)
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
    throw new RackwattError('ARCHIVE_INVALID', `${name} lacks ${quoted(missing)}, which its list of files names`);
}
