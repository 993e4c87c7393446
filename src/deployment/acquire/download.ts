import { constants } from 'node:fs';
import { open, readFile, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { errorMessage, RackwattError } from '../../errors.js';
import { BUDGET, tooLarge } from '../archive/format.js';
import { quoted } from '../../quoted.js';
import { bytesOf, cancelled, failed, refused, request, type Answer, type Requesting } from './http.js';

export interface Downloading extends Requesting {
  onProgress?: ((progress: Progress) => void) | undefined;
  /** ms before each further try. */
  retries: readonly number[];
}

export interface Progress {
  /** Bytes that are on the disk. */
  received: number;
  /** Bytes that there are; absent where the server does not say. */
  total?: number;
}

/** What a half downloaded file is a part of. */
interface PartOf {
  url: string;
  etag: string;
  length: number;
}

const MOST = BUDGET.archive + BUDGET.manifest;
const GZIP = Buffer.from([0x1f, 0x8b]);
/** A new or a half downloaded file of our own, not a link that somebody put there. */
const PART = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/**
 * Downloads an archive into `<file>.part`, going on where an earlier try was cut off, if the server still has the same. After a failure the part stays for the
 * next time; after a cancellation nothing does.
 * @returns path of the part, complete
 * @throws `DOWNLOAD_FAILED`, `DOWNLOAD_REFUSED`, `DOWNLOAD_CANCELLED`, `ARCHIVE_TOO_LARGE`
 */
export async function download(url: URL, file: string, options: Downloading): Promise<string> {
  const part = `${file}.part`;
  for (let tries = 0; ; tries++) {
    try {
      await fetchInto(url, part, options);
      await rm(`${part}.json`, { force: true });
      return part;
    } catch (error) {
      const code = error instanceof RackwattError ? error.code : '';
      const wait = options.retries[tries];
      if (code === 'DOWNLOAD_FAILED' && wait !== undefined) {
        await pause(wait, undefined, { signal: options.signal }).catch(
          (aborted: unknown) => void errorMessage(aborted),
        );
        if (!options.signal?.aborted) continue;
      }
      const stopped = cancelled(options.signal);
      if (stopped || code !== 'DOWNLOAD_FAILED') await forget(part);
      throw stopped ?? error;
    }
  }
}

/** Removes what was downloaded of a file. */
export async function forget(part: string): Promise<void> {
  for (const each of [part, `${part}.json`]) await rm(each, { force: true });
}

async function fetchInto(url: URL, part: string, options: Downloading): Promise<void> {
  const known = await knownPart(url, part);
  const answer = await request(url, {
    ...options,
    headers: { ...options.headers, ...(known ? { range: `bytes=${known.size}-`, 'if-range': known.etag } : {}) },
  });
  let handle: FileHandle | undefined;
  try {
    const start = startOf(answer, known);
    if (start === undefined) {
      await forget(part);
      throw failed(url, 'it changed while it was downloaded');
    }
    const total = totalOf(answer, start);
    if (total !== undefined && total > MOST) throw tooLarge(url.host, `has more than ${BUDGET.archive} bytes to send`);
    const etag = strongTag(answer);
    if (etag !== undefined && total !== undefined)
      await writeFile(`${part}.json`, JSON.stringify({ url: url.href, etag, length: total } satisfies PartOf), {
        mode: 0o600,
      });
    else await rm(`${part}.json`, { force: true });
    handle = await open(part, PART, 0o600);
    await handle.truncate(start);
    let received = start;
    for await (const bytes of bytesOf(answer, options)) {
      if (received === 0 && !GZIP.equals(bytes.subarray(0, 2)) && bytes.length > 1) throw noArchive(answer);
      received += bytes.length;
      if (received > MOST || received > (total ?? MOST))
        throw tooLarge(url.host, `sends more than ${total ?? BUDGET.archive} bytes`);
      await writeAt(handle, bytes, received - bytes.length);
      options.onProgress?.({ received, ...(total === undefined ? {} : { total }) });
    }
    if (total !== undefined && received < total)
      throw failed(url, `the connection ended after ${received} of ${total} bytes`);
    await handle.sync();
  } finally {
    answer.close();
    await handle?.close();
  }
}

async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; )
      done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  } catch (error) {
    throw new RackwattError('STORE_WRITE', `what is downloaded cannot be kept: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** Where to write on; undefined when what is there is a part of something else. @throws `DOWNLOAD_FAILED`, `DOWNLOAD_REFUSED` */
function startOf({ response, url }: Answer, known: (PartOf & { size: number }) | undefined): number | undefined {
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return 0;
  if (statusCode === 206 && known) {
    const [, start, end, length] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    const isSame = headers.etag === undefined || headers.etag === known.etag;
    const fits =
      Number(start) === known.size && Number(length) === known.length && Number(end) === known.length - 1 && isSame;
    return fits ? known.size : undefined;
  }
  if (statusCode === 416) return undefined;
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) throw failed(url, `it answers ${statusCode}`);
  throw refused(
    `${url.host} answers ${statusCode}${statusCode === 404 ? ': there is no such archive' : ''}${statusCode === 401 || statusCode === 403 ? ': it wants a token, or another one' : ''}`,
  );
}

function totalOf({ response }: Answer, start: number): number | undefined {
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(length) ? start + length : undefined;
}

/** RFC 9110 8.8.3: a weak one does not promise the same bytes. */
function strongTag({ response }: Answer): string | undefined {
  const { etag } = response.headers;
  return etag !== undefined && /^"[^"\r\n]{0,200}"$/.test(etag) ? etag : undefined;
}

function noArchive({ response, url }: Answer): RackwattError {
  const type = response.headers['content-type'];
  return refused(
    `${url.host} answers with ${type === undefined ? 'something that' : quoted(type) + ', which'} is no archive; does a login page or a proxy stand between?`,
  );
}

async function knownPart(url: URL, part: string): Promise<(PartOf & { size: number }) | undefined> {
  try {
    const about = JSON.parse(await readFile(`${part}.json`, 'utf8')) as PartOf;
    const { size } = await stat(part);
    return about.url === url.href && size > 0 && size < about.length ? { ...about, size } : undefined;
  } catch (error) {
    // Nothing there, or nothing that can be gone on with.
    void errorMessage(error);
    return undefined;
  }
}
