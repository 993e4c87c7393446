import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { realFileSystem } from '../../durable/index.cjs';
import { RackwattError } from '../../errors.js';
import { invalid } from '../archive/format.js';
import { quoted } from '../../quoted.js';
import { download, type Progress } from './download.js';
import type { Requesting } from './http.js';
import { readNpmrc, type TokenSources } from './npmrc.js';
import { findRelease, registryOf } from './registry.js';

export interface AcquireOptions {
  /** Where downloads are kept while they are used. */
  folder: string;
  /** Folder of `.npmrc`. */
  home: string;
  /** Address of the npm registry; that of `.npmrc`, else npm's own, when absent. */
  registry?: string | undefined;
  /** `sha256:...` of the bundle or of the file; then plain http will do. */
  digest?: string | undefined;
  /** A secret of the node, for the token of a registry. */
  secret?: TokenSources['secret'];
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** ms in which something must come, and before each further try. */
  patience?: number;
  retries?: readonly number[];
}

/** An archive that lies in a file, not verified yet. */
export interface Acquired {
  file: string;
  /** For sentences. */
  name: string;
  /** What it must be, by what was asked for. */
  expect: { name?: string; version?: string; digest?: string };
  /** Removes what was downloaded. */
  dispose(): Promise<void>;
}

const NPM = 'https://registry.npmjs.org/';
const PATIENCE = 30_000;
const RETRIES = [1_000, 3_000, 10_000];
/** ms after which a half downloaded file is not gone on with any more. */
const STALE = 24 * 60 * 60 * 1_000;
const PACKAGE = /^((?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*)(?:@([^/@]+))?$/;
const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/;

/** Files that are being downloaded by this process. */
const active = new Set<string>();

/**
 * Brings an archive to this machine: a file, an `https:` address, or `NAME@RANGE` of an npm registry. Whoever uses it verifies it.
 * @throws `USAGE`, `BUNDLE_NOT_FOUND`, `DOWNLOAD_...`, `REGISTRY_FAILED`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_INVALID`
 */
export async function acquireArchive(spec: string, options: AcquireOptions): Promise<Acquired> {
  const digest = digestOf(options.digest);
  const expect = digest === undefined ? {} : { digest };
  if (/^https?:\/\//i.test(spec)) {
    const url = URL.parse(spec);
    if (!url || url.username !== '' || url.password !== '')
      throw new RackwattError(
        'USAGE',
        `${quoted(spec.replace(/\/\/[^/]*@/, '//'))} is no address without a password in it`,
      );
    const { tokenFor } = await npmrc(options);
    const token = await tokenFor(url);
    return fetchArchive(url, { ...options, name: basename(url.pathname) || url.host, expect, token });
  }
  if (/\.(?:tgz|tar\.gz)$/.test(spec) || existsSync(spec))
    return { file: resolve(spec), name: basename(spec), expect, dispose: async () => undefined };
  const [, name, range = 'latest'] = PACKAGE.exec(spec) ?? [];
  if (name === undefined)
    throw new RackwattError(
      'USAGE',
      `${quoted(spec)} is no archive: name a file, an https address, or a package as @example/acme@^1.0.0`,
    );
  return fromRegistry(name, range, options, expect);
}

async function fromRegistry(
  name: string,
  range: string,
  options: AcquireOptions,
  expect: Acquired['expect'],
): Promise<Acquired> {
  const { registryFor, tokenFor } = await npmrc(options);
  const registry = registryOf(options.registry ?? registryFor(name) ?? NPM);
  const token = await tokenFor(registry);
  const release = await findRelease(name, range, registry, requesting(options, token));
  const { version, tarball, sha512, namedBy } = release;
  const acquired = await fetchArchive(tarball, {
    ...options,
    namedBy,
    name: `${name}@${version}`,
    expect: { ...expect, name, version },
    token: tarball.origin === registry.origin ? token : undefined,
  });
  if ((await hashOf(acquired.file)) === sha512) return acquired;
  await acquired.dispose();
  throw invalid(acquired.name, `from ${tarball.host} is not what ${registry.host} announced: its sha512 is another`);
}

interface Fetching extends AcquireOptions {
  name: string;
  expect: Acquired['expect'];
  token: string | undefined;
  namedBy?: Requesting['namedBy'];
}

async function fetchArchive(url: URL, { name, expect, token, namedBy, ...options }: Fetching): Promise<Acquired> {
  const file = join(options.folder, `${createHash('sha256').update(url.href).digest('hex').slice(0, 32)}.tgz`);
  if (active.has(file)) throw new RackwattError('DOWNLOAD_FAILED', `${name} is being downloaded already`);
  active.add(file);
  const dispose = async (): Promise<void> => {
    await rm(file, { force: true });
    active.delete(file);
  };
  try {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await sweep(options.folder);
    const part = await download(url, file, {
      ...requesting(options, token),
      ...(namedBy === undefined ? {} : { namedBy }),
      onProgress: options.onProgress,
      retries: options.retries ?? RETRIES,
    });
    await rename(part, file);
    return { file, name, expect, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function requesting({ digest, patience, signal }: AcquireOptions, token: string | undefined): Requesting {
  return {
    patience: patience ?? PATIENCE,
    signal,
    allowHttp: digest !== undefined,
    authorization: token === undefined ? undefined : `Bearer ${token}`,
  };
}

function npmrc({ home, secret }: AcquireOptions): ReturnType<typeof readNpmrc> {
  return readNpmrc(join(home, '.npmrc'), { environment: process.env, secret });
}

function digestOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const digest = DIGEST.exec(text)?.[1];
  if (digest === undefined)
    throw new RackwattError('USAGE', `${quoted(text)} is no digest; it has the form sha256:... with 64 hex digits`);
  return digest;
}

/** Removes what was left by processes that were killed, and parts that nobody went on with. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (active.has(path.replace(/\.part(?:\.json)?$/, ''))) continue;
    const { changed = Infinity } = (await realFileSystem.attributes(path)) ?? {};
    if (path.endsWith('.tgz') || Date.now() - changed > STALE) await rm(path, { force: true });
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
  return hash.digest('base64');
}
