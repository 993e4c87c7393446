import semver from 'semver';
import { RackwattError } from '../../errors.js';
import { sha256 } from '../archive/format.js';
import { quoted } from '../../quoted.js';
import { parseStrictly } from '../../strict-json.js';
import { envelopeJson, envelopeOf, signersOf, type Envelope } from './envelope.js';
import { publicKeyOf, type PublicKey } from './keys.js';
import type { Role, TrustRules } from './trust.js';

export const TRUST_FILE = 'trust.json';
export const ROOT_TYPE = 'application/vnd.rackwatt.trust+json';
const MOST_ROOTS = 1_000;

/** What a trust file says, as it is signed. */
export interface RootDocument {
  spec: 1;
  /** Each version is signed by enough root keys of the one before and of its own. */
  version: number;
  expires?: string;
  /** Every key that is named below; `public` is base64 of its DER (SPKI). */
  keys: { name: string; public: string }[];
  root: { keys: string[]; threshold: number };
  release: { names: string[]; keys: string[]; threshold: number }[];
  revoked: { keys: string[]; archives: string[] };
  minimums: Record<string, string>;
}

/** A version of the trust file, opened. */
export interface Root {
  document: RootDocument;
  keys: PublicKey[];
  envelope: Envelope;
  /** sha256 of the payload. */
  digest: string;
}

const SCOPE = /^@[a-z0-9][\w.-]*\/\*$/;
const NAME = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Everything that a trust file holds, each version after the other; signatures are not checked yet. @throws `TRUST_INVALID` */
export function parseRoots(content: Buffer, name: string): Root[] {
  const json = parseStrictly(content, name, 'TRUST_INVALID') as { roots?: unknown } | null;
  const roots = json?.roots;
  if (!Array.isArray(roots) || roots.length === 0 || roots.length > MOST_ROOTS)
    throw refuse(name, 'holds no list of trust roots');
  const opened = roots.map((entry: unknown) => openRoot(envelopeOf(entry, ROOT_TYPE, name, 'TRUST_INVALID'), name));
  for (const [index, { document }] of opened.entries())
    if (document.version !== opened[0]!.document.version + index)
      throw refuse(name, 'does not hold its versions one after the other');
  return opened;
}

/** @throws `TRUST_INVALID` */
export function openRoot(envelope: Envelope, name: string): Root {
  const json = parseStrictly(envelope.payload, name, 'TRUST_INVALID');
  const wrong = wrongShape(json);
  if (wrong !== undefined) throw refuse(name, `is no trust root: ${wrong}`);
  const document = json as RootDocument;
  let keys: PublicKey[];
  try {
    keys = document.keys.map((key) => publicKeyOf(key.name, key.public));
  } catch (error) {
    throw refuse(name, `holds a key that is none: ${(error as Error).message}`, error);
  }
  const ids = new Set(keys.map(({ id }) => id));
  if (ids.size !== keys.length) throw refuse(name, 'holds one key twice');
  for (const role of [document.root, ...document.release]) {
    const usable = role.keys.filter((id) => ids.has(id) && !document.revoked.keys.includes(id));
    if (new Set(role.keys).size !== role.keys.length || usable.length !== role.keys.length)
      throw refuse(name, 'gives a role to a key twice, to a revoked one, or to one that it does not hold');
    if (role.threshold > role.keys.length)
      throw refuse(name, `wants ${role.threshold} signatures of ${role.keys.length} keys`);
  }
  return { document, keys, envelope, digest: sha256(envelope.payload) };
}

/** What is still missing before a version counts; undefined when nothing is. @throws `TRUST_INVALID` */
export function missingSignatures(root: Root, previous: Root | undefined, name: string): string | undefined {
  for (const by of previous ? [previous, root] : [root]) {
    const { keys, threshold } = by.document.root;
    const rootKeys = by.keys.filter(({ id }) => keys.includes(id));
    const signed = signersOf(root.envelope, rootKeys, name, 'TRUST_INVALID');
    if (signed.length < threshold)
      return `version ${root.document.version} is signed by ${signed.length} of the ${threshold} root keys of version ${by.document.version} that it needs (${rootKeys.map((key) => `${key.name}${signed.includes(key) ? ' has signed' : ''}`).join(', ')})`;
  }
  return undefined;
}

/**
 * Checks a chain of roots.
 * @param known the version that is trusted already; the chain must contain or follow it
 * @returns the last version, or `known` when the chain is older
 * @throws `TRUST_INVALID`
 */
export function followRoots(roots: readonly Root[], known: Root | undefined, name: string): Root {
  let previous: Root | undefined;
  for (const root of roots) {
    const isKnown = known?.document.version === root.document.version;
    if (isKnown && known.digest !== root.digest)
      throw refuse(name, `holds another version ${root.document.version} than the one that is trusted here`);
    if (known?.document.version === root.document.version - 1) previous = known;
    const missing = missingSignatures(root, previous, name);
    if (missing !== undefined) throw refuse(name, `does not count: ${missing}`);
    previous = root;
  }
  const last = roots.at(-1)!;
  if (known && last.document.version <= known.document.version) return known;
  if (known && roots[0]!.document.version > known.document.version + 1)
    throw refuse(
      name,
      `begins with version ${roots[0]!.document.version}, but version ${known.document.version} is trusted here; bring the versions between too`,
    );
  return last;
}

export function writeRoots(envelopes: readonly Envelope[]): Buffer {
  return Buffer.from(`${JSON.stringify({ roots: envelopes.map(envelopeJson) }, null, 1)}\n`);
}

/** @param floors local ones; the higher counts */
export function rulesOf({ document, keys }: Root, place: string): TrustRules {
  const roles: Role[] = document.release;
  const used = new Set(roles.flatMap((role) => role.keys));
  return {
    place,
    keys: keys.filter(({ id }) => used.has(id)),
    roles,
    revokedKeys: document.revoked.keys,
    revokedArchives: document.revoked.archives,
    minimums: new Map(Object.entries(document.minimums)),
    expires: document.expires,
  };
}

function wrongShape(json: unknown): string | undefined {
  if (!isRecord(json) || json['spec'] !== 1) return 'its "spec" is not 1';
  const { version, expires, keys, root, release, revoked, minimums } = json;
  if (!Number.isSafeInteger(version) || (version as number) < 1) return 'its "version" is no number from 1';
  if (expires !== undefined && (typeof expires !== 'string' || Number.isNaN(Date.parse(expires))))
    return '"expires" is no time such as 2030-01-01T00:00:00Z';
  if (!Array.isArray(keys) || !keys.every((key) => isRecord(key) && isText(key['name']) && isText(key['public'])))
    return '"keys" is not a list of names and public keys';
  if (!isRole(root)) return '"root" is not a list of key ids with a threshold';
  if (!Array.isArray(release) || !release.every((role) => isRole(role) && isNames(role['names'])))
    return '"release" is not a list of names, key ids and thresholds';
  if (
    !isRecord(revoked) ||
    !isTexts(revoked['keys']) ||
    !isTexts(revoked['archives']) ||
    !revoked['archives'].every(isRevocation)
  )
    return '"revoked" does not list key ids, and digests or NAME@RANGE';
  if (!isRecord(minimums) || !Object.entries(minimums).every(([name, least]) => NAME.test(name) && isVersion(least)))
    return '"minimums" does not give versions to names';
  return undefined;
}

/** Whether a text names archives: `sha256:...` or `NAME@RANGE`. */
export function isRevocation(text: string): boolean {
  if (DIGEST.test(text)) return true;
  const at = text.lastIndexOf('@');
  return at > 0 && NAME.test(text.slice(0, at)) && semver.validRange(text.slice(at + 1)) !== null;
}

/** Whether a text names bundles: one name, `@scope/*`, or `*`. */
export function isPattern(text: string): boolean {
  return text === '*' || SCOPE.test(text) || NAME.test(text);
}

export function isVersion(value: unknown): boolean {
  return typeof value === 'string' && semver.valid(value) === value;
}

export function refuse(name: string, what: string, cause?: unknown): RackwattError {
  return new RackwattError('TRUST_INVALID', `${name} ${what}`, { cause });
}

function isRole(value: unknown): value is Record<string, unknown> {
  return (
    isRecord(value) &&
    isTexts(value['keys']) &&
    Number.isSafeInteger(value['threshold']) &&
    (value['threshold'] as number) >= 1
  );
}

function isNames(value: unknown): boolean {
  return isTexts(value) && value.length > 0 && value.every(isPattern);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** Names are shown to people: short, on one line. */
function isText(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= 200 &&
    quoted(value).length >= value.length &&
    !/[^ -~]/.test(value)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
