import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw, createInflateRaw, deflateRawSync, type InflateRaw } from 'node:zlib';
import { errorMessage } from '../../errors.js';
import type { ArchiveFile } from './archive-file.js';
import { incomplete, invalid } from './format.js';

/** RFC 1952: deflate, no name, no time, best compression, no operating system. The one header that is written and read. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
const TRAILER_BYTES = 8;
const CHUNK = 64 << 10;

/** A gzip member of its own: several behind each other unzip to their contents behind each other. */
export function gzipMember(content: Buffer): Buffer {
  return Buffer.concat([HEADER, deflateRawSync(content, { level: 9 }), trailerOf(crc32(content), content.length)]);
}

function trailerOf(crc: number, length: number): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return trailer;
}

/** The bytes of a member whose content comes piece by piece. @param level of compression, 1 to 9 */
export async function* gzipMemberOf(content: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  let [crc, length] = [0, 0];
  async function* measured(): AsyncGenerator<Buffer> {
    for await (const part of content) {
      crc = crc32(part, crc);
      length += part.length;
      yield part;
    }
  }
  yield HEADER;
  const deflate = createDeflateRaw({ level });
  const filled = pipeline(Readable.from(measured(), { objectMode: false }), deflate);
  // Whoever reads the end of it is told of a failure, and nobody before.
  filled.catch((error: unknown) => deflate.destroy(error as Error));
  for await (const part of deflate) yield part as Buffer;
  await filled;
  yield trailerOf(crc, length);
}

/** Reads one member of a file as it is asked to, so that no more of it is held, or unzipped, than is wanted. */
export class GzipMember {
  readonly #file: ArchiveFile;
  readonly #name: string;
  readonly #start: number;
  readonly #end: number;
  readonly #source: Readable;
  readonly #inflate: InflateRaw;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #crc = 0;
  #length = 0;

  private constructor(file: ArchiveFile, region: { start: number; end: number }, name: string) {
    this.#file = file;
    this.#name = name;
    this.#start = region.start + HEADER.length;
    this.#end = region.end;
    this.#source = Readable.from(chunksOf(file, this.#start, region.end), { objectMode: false });
    this.#inflate = createInflateRaw({ chunkSize: CHUNK });
    this.#source.on('error', (error) => this.#inflate.destroy(error));
    this.#source.pipe(this.#inflate);
    this.#chunks = this.#inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /**
   * @param region of the file; the member may end before its end
   * @throws `ARCHIVE_INVALID`, `ARCHIVE_INCOMPLETE`
   */
  static async open(file: ArchiveFile, region: { start: number; end: number }, name: string): Promise<GzipMember> {
    const header = await file.read(region.start, Math.min(HEADER.length, region.end - region.start));
    if (!header.subarray(0, 2).equals(HEADER.subarray(0, Math.min(2, header.length))))
      throw invalid(name, 'is not a gzipped tar');
    if (!header.equals(HEADER.subarray(0, header.length)))
      throw invalid(name, 'has a gzip header with more than "rackwatt bundle pack" writes');
    if (region.end - region.start <= HEADER.length) throw incomplete(name, 'is cut off: its end is missing');
    return new GzipMember(file, region, name);
  }

  /** The next bytes, at most so many; empty at the end. */
  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const next = await this.#next();
      if (next === undefined) return this.#rest;
      this.#rest = next;
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** @throws `ARCHIVE_INCOMPLETE` when there are fewer */
  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      const part = await this.some(missing);
      if (part.length === 0) throw incomplete(this.#name, 'ends before the end of its tar');
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
  }

  /**
   * Must be called where the content should end.
   * @returns place in the file behind the member
   * @throws `ARCHIVE_INVALID`, `ARCHIVE_INCOMPLETE`
   */
  async end(): Promise<number> {
    if ((await this.some(1)).length > 0) throw invalid(this.#name, 'holds something behind the end of its tar');
    const end = this.#start + this.#inflate.bytesWritten;
    const trailer = await this.#file.read(end, Math.max(0, Math.min(TRAILER_BYTES, this.#end - end)));
    if (trailer.length < TRAILER_BYTES) throw incomplete(this.#name, 'is cut off: its end is missing');
    if (trailer.readUInt32LE(0) !== this.#crc || trailer.readUInt32LE(4) !== this.#length % 2 ** 32)
      throw invalid(this.#name, 'cannot be unzipped: its check sum is wrong');
    return end + TRAILER_BYTES;
  }

  close(): void {
    this.#source.destroy();
    this.#inflate.destroy();
  }

  async #next(): Promise<Buffer | undefined> {
    let next: IteratorResult<Buffer>;
    try {
      next = await this.#chunks.next();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR')
        throw incomplete(this.#name, 'is cut off: its end is missing', error);
      throw invalid(this.#name, `cannot be unzipped: ${errorMessage(error)}`, error);
    }
    if (next.done) return undefined;
    this.#crc = crc32(next.value, this.#crc);
    this.#length += next.value.length;
    return next.value;
  }
}

async function* chunksOf(file: ArchiveFile, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += CHUNK) yield file.read(at, Math.min(CHUNK, end - at));
}
