import type { KeyObject } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import {
  makeArchive,
  MANIFEST_FILE,
  SBOM_FILE,
  sbomOf,
  sha256,
  signEnvelope,
  writeEnvelope,
  type ArchiveManifest,
  type BundleFile,
} from './built.js';
import { filesOf } from './support.js';

/** An entry of a tar, each field of whose header can be what no tool writes. */
export interface RawEntry {
  /** As it stands in the header, `package/` and all. */
  name: string | Buffer;
  content?: string | Buffer;
  /** ustar type flag; `0` is a file. */
  type?: string;
  link?: string;
  /** What the header says, where that is a lie: a number, or the field as it stands. */
  size?: number | Buffer;
  mode?: string;
  /** Checksum that does not fit. */
  broken?: boolean;
}

/** How an archive is spoilt, at any of its layers; everything outside of what is spoilt is sound, and signed by a trusted key. */
export interface Spoil {
  files?: readonly BundleFile[];
  /** The entries, or the whole tar. */
  tar?: (entries: RawEntry[]) => RawEntry[] | Buffer;
  /** The gzip of the content, of its tar. */
  gzip?: (tar: Buffer) => Buffer;
  /** The manifest before it is signed, digest and length of the spoilt content in place. */
  manifest?: (manifest: ArchiveManifest) => unknown;
  /** The manifest's text before it is signed. */
  payload?: (text: string) => string | Buffer;
  /** The envelope after it was signed. */
  envelope?: (envelope: RawEnvelope) => unknown;
  /** The envelope's text after it was signed. */
  envelopeText?: (text: string) => string | Buffer;
  /** The entries in front. */
  front?: (entries: RawEntry[]) => RawEntry[];
  /** The whole file. */
  file?: (archive: Buffer) => Buffer;
  /** Keys that sign; the trusted one when absent. */
  keys?: KeyObject[];
}

export interface RawEnvelope {
  payloadType: unknown;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** The files of the bundle that is spoilt, as `bundle pack` would have them. */
export function soundFiles(more: Record<string, string | Buffer> = {}): BundleFile[] {
  return [...filesOf('1.0.0', more), { path: SBOM_FILE, content: sbomOf({ name: '@example/acme', version: '1.0.0' }) }];
}

export function spoilt(key: KeyObject, spoil: Spoil): Buffer {
  const files = spoil.files ?? soundFiles();
  const sound = makeArchive({ name: '@example/acme', version: '1.0.0', needs: {}, capabilities: [] }, files);
  const entries = files.map(({ path, content }) => ({ name: `package/${path}`, content }));
  const tar = spoil.tar?.(entries) ?? entries;
  const bytes = Buffer.isBuffer(tar) ? tar : rawTar(tar);
  const content = spoil.gzip?.(bytes) ?? rawGzip(bytes);
  const manifest = JSON.parse(sound.envelope.payload.toString()) as ArchiveManifest;
  Object.assign(manifest.archive, { sha256: sha256(content), length: content.length });
  const text = JSON.stringify(spoil.manifest ? spoil.manifest(manifest) : manifest);
  const payload = Buffer.from(spoil.payload?.(text) ?? text);
  const envelope = (spoil.keys ?? [key]).reduce(signEnvelope, { ...sound.envelope, payload });
  const raw = JSON.parse(writeEnvelope(envelope).toString()) as RawEnvelope;
  const envelopeText = JSON.stringify(spoil.envelope ? spoil.envelope(raw) : raw);
  const front = [{ name: `package/${MANIFEST_FILE}`, content: spoil.envelopeText?.(envelopeText) ?? envelopeText }];
  const archive = Buffer.concat([rawGzip(rawTar(spoil.front?.(front) ?? front, 0)), content]);
  return spoil.file?.(archive) ?? archive;
}

/** A tar written by hand, so that it can be what no tool writes. */
export function rawTar(entries: readonly RawEntry[], trailer = 1024): Buffer {
  const blocks = entries.flatMap((entry) => {
    const body = Buffer.from(entry.content ?? '');
    return [rawHeader(entry, body.length), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(trailer)]);
}

export function rawHeader(
  { name, type = '0', link = '', size, mode = '0000644', broken }: RawEntry,
  length = 0,
): Buffer {
  const header = Buffer.alloc(512);
  Buffer.from(name).copy(header, 0, 0, 100);
  header.write(`${mode}\0`, 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (Buffer.isBuffer(size)) size.copy(header, 124, 0, 12);
  else header.write(`${(size ?? length).toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257, 'latin1');
  header.write('0000000\0', 329);
  header.write('0000000\0', 337);
  const sum = header.reduce((all, byte) => all + byte, 0) + (broken ? 1 : 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** A gzip written by hand (RFC 1952). */
export function rawGzip(
  content: Buffer,
  { header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff], sum = crc32(content), length = content.length } = {},
): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(sum, 0);
  trailer.writeUInt32LE(length, 4);
  return Buffer.concat([Buffer.from(header), deflateRawSync(content, { level: 9 }), trailer]);
}
