import semver from 'semver';
import { RackwattError } from '../../errors.js';
import { quoted } from '../../quoted.js';
import { parseStrictly } from '../../strict-json.js';
import type { Nearness } from './address.js';
import { failed, requestAll, type Requesting } from './http.js';

/** A version of a package in a registry. */
export interface Release {
  name: string;
  version: string;
  tarball: URL;
  /** sha512, base64. */
  sha512: string;
  /** How near the registry is, which named the address of the archive. */
  namedBy: Nearness;
}

const PACKUMENT_BYTES = 4 << 20;
/** npm's short form, which has what is wanted here. */
const ACCEPT = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8';

/**
 * The highest version in range that a registry has. The registry is trusted for nothing: what it gives is verified as any archive.
 * @param range semver range, or a tag such as `latest`
 * @throws `REGISTRY_FAILED`, `BUNDLE_NOT_FOUND`, `DOWNLOAD_...`
 */
export async function findRelease(name: string, range: string, registry: URL, options: Requesting): Promise<Release> {
  const url = new URL(name.replace('/', '%2f'), registry.href.endsWith('/') ? registry : `${registry.href}/`);
  const { body, answer } = await requestAll(url, PACKUMENT_BYTES, {
    ...options,
    headers: { accept: ACCEPT },
  });
  const { statusCode = 0 } = answer.response;
  if (statusCode === 404)
    throw new RackwattError('BUNDLE_NOT_FOUND', `${registry.host} has no package ${name}, or shows it to others only`);
  if (statusCode === 401 || statusCode === 403)
    throw registryFailed(registry, `answers ${statusCode}: it wants a token, or another one (see .npmrc)`);
  if (statusCode !== 200) throw failed(url, `it answers ${statusCode}`);
  const packument = parseStrictly(body, `${registry.host}: ${name}`, 'REGISTRY_FAILED') as Packument | null;
  const version = choose(packument, range);
  if (version === undefined) {
    const known = versionsOf(packument).slice(-5).join(', ');
    throw new RackwattError(
      'BUNDLE_NOT_FOUND',
      `${registry.host} has no version of ${name} in ${quoted(range)}${known === '' ? '' : `; it has ${known}`}`,
    );
  }
  const dist = packument!.versions![version]?.dist;
  const tarball = typeof dist?.tarball === 'string' ? URL.parse(dist.tarball) : undefined;
  const sha512 = sha512Of(dist?.integrity);
  if (!tarball || tarball.protocol !== registry.protocol)
    throw registryFailed(
      registry,
      `names no archive of ${name} ${version} that could be downloaded by ${registry.protocol.slice(0, -1)}`,
    );
  if (sha512 === undefined) throw registryFailed(registry, `says no sha512 of ${name} ${version}`);
  return { name, version, tarball, sha512, namedBy: answer.nearness };
}

interface Packument {
  'dist-tags'?: Record<string, unknown>;
  versions?: Record<string, { dist?: { tarball?: unknown; integrity?: unknown } } | undefined>;
}

function choose(packument: Packument | null, range: string): string | undefined {
  const tags = packument?.['dist-tags'];
  const tagged = typeof tags === 'object' && tags !== null && Object.hasOwn(tags, range) ? tags[range] : undefined;
  const versions = versionsOf(packument);
  if (typeof tagged === 'string') return versions.includes(tagged) ? tagged : undefined;
  return semver.maxSatisfying(versions, range) ?? undefined;
}

function versionsOf(packument: Packument | null): string[] {
  const versions = packument?.versions;
  return typeof versions === 'object' && versions !== null
    ? Object.keys(versions).filter((version) => semver.valid(version) === version)
    : [];
}

/** The strongest of the digests that npm notes (W3C Subresource Integrity). */
function sha512Of(integrity: unknown): string | undefined {
  if (typeof integrity !== 'string') return undefined;
  return integrity
    .split(/\s+/)
    .map((each) => /^sha512-([A-Za-z0-9+/]{86}==)(?:\?|$)/.exec(each)?.[1])
    .find((each) => each !== undefined);
}

/** @throws `REGISTRY_FAILED` */
export function registryOf(text: string): URL {
  const url = URL.parse(text);
  if (url && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '')
    return url;
  throw new RackwattError(
    'REGISTRY_FAILED',
    `${quoted(text)} is no address of a registry, such as https://registry.npmjs.org/`,
  );
}

function registryFailed(registry: URL, what: string): RackwattError {
  return new RackwattError('REGISTRY_FAILED', `${registry.host} ${what}`);
}
