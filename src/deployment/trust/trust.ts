import semver from 'semver';
import { RackwattError } from '../../errors.js';
import type { ArchiveManifest } from '../archive/manifest.js';
import { signersOf, type Envelope } from './envelope.js';
import type { PublicKey } from './keys.js';

/** Who may sign which bundles: so many of these keys together. */
export interface Role {
  /** Names of bundles: `*`, a scope as `@example/*`, or one name. */
  names: readonly string[];
  /** Ids. */
  keys: readonly string[];
  threshold: number;
}

/** What a node goes by. */
export interface TrustRules {
  /** Where they stand, for sentences. */
  place: string;
  keys: readonly PublicKey[];
  roles: readonly Role[];
  revokedKeys: readonly string[];
  /** Digests (`sha256:...`) and `NAME@RANGE`. */
  revokedArchives: readonly string[];
  /** The lowest version of a bundle that may run. */
  minimums: ReadonlyMap<string, string>;
  /** ISO 8601; afterwards nothing is installed, and what runs goes on. */
  expires?: string | undefined;
}

/** Who signed an archive, as far as this node knows them. */
export interface Judgement {
  /** Names of the trusted keys that signed it. */
  signers: string[];
  /** Their ids. */
  keys: string[];
  /** Ids of keys that are not trusted here, whose signatures say nothing. */
  strangers: string[];
}

export class Trust {
  readonly rules: TrustRules;

  constructor(rules: TrustRules) {
    this.rules = rules;
  }

  /** @throws `SIGNATURE_INVALID` when the signature of a trusted key does not fit */
  judge(envelope: Envelope, name: string): Judgement {
    const signed = signersOf(envelope, this.rules.keys, name);
    return {
      signers: signed.map((key) => key.name),
      keys: signed.map(({ id }) => id),
      strangers: envelope.signatures.map(({ keyid }) => keyid).filter((id) => !signed.some((key) => key.id === id)),
    };
  }

  /**
   * Whether a bundle may run: not revoked, not below its minimum, signed by enough keys that may sign its name.
   * @throws `TRUST_REVOKED`, `TRUST_MINIMUM`, `SIGNATURE_MISSING`, `SIGNATURE_INVALID`, `SIGNATURE_THRESHOLD`
   */
  check(archive: ArchiveManifest, judgement: Judgement, name: string, allowUnsigned: boolean): void {
    const { revokedArchives, minimums, place } = this.rules;
    const digest = `sha256:${archive.archive.sha256}`;
    const revoked = revokedArchives.find((entry) => entry === digest || isNamed(entry, archive));
    if (revoked !== undefined)
      throw new RackwattError('TRUST_REVOKED', `${name} is revoked: ${place} withdraws ${revoked}`);
    const minimum = minimums.get(archive.name);
    if (minimum !== undefined && semver.lt(archive.version, minimum))
      throw new RackwattError(
        'TRUST_MINIMUM',
        `${name} is ${archive.name} ${archive.version}, but this node takes none below ${minimum} any more; install a later one`,
      );
    const roles = this.#rolesFor(archive.name);
    if (roles.some((role) => countOf(role, judgement) >= role.threshold)) return;
    if (!allowUnsigned) throw this.#refusal(archive, judgement, name, roles);
  }

  /** @throws `TRUST_EXPIRED` */
  checkFresh(now: number): void {
    const { expires, place } = this.rules;
    if (expires !== undefined && now > Date.parse(expires))
      throw new RackwattError(
        'TRUST_EXPIRED',
        `${place} expired at ${expires}, so nothing is installed; what runs goes on. Bring the next one with: rackwatt keys trust import FILE`,
      );
  }

  #rolesFor(bundle: string): Role[] {
    return this.rules.roles.filter(({ names }) => names.some((pattern) => matches(pattern, bundle)));
  }

  #refusal(
    archive: ArchiveManifest,
    { keys, strangers }: Judgement,
    name: string,
    roles: readonly Role[],
  ): RackwattError {
    const { place, revokedKeys } = this.rules;
    if (keys.length + strangers.length === 0)
      return new RackwattError(
        'SIGNATURE_MISSING',
        `${name} is not signed; sign it with: rackwatt bundle sign, or allow unsigned bundles in framework.trust.unsigned`,
      );
    const revoked = strangers.find((id) => revokedKeys.includes(id));
    if (revoked !== undefined && keys.length === 0)
      return new RackwattError('SIGNATURE_INVALID', `${name} is signed by the key ${revoked}, which ${place} revoked`);
    if (keys.length === 0)
      return new RackwattError(
        'SIGNATURE_INVALID',
        `${name} is signed by the key ${strangers.join(', ')}, which is not trusted here; if you know whose it is, add it to ${place}`,
      );
    const signed = this.rules.keys.filter(({ id }) => keys.includes(id)).map((key) => key.name);
    const [best] = roles.map((role) => ({ role, count: countOf(role, { keys }) })).sort((a, b) => b.count - a.count);
    if (!best || best.count === 0)
      return new RackwattError(
        'SIGNATURE_INVALID',
        `${name} is signed by ${signed.join(', ')}, who may not sign ${archive.name} by ${place}`,
      );
    return new RackwattError(
      'SIGNATURE_THRESHOLD',
      `${name} is signed by ${best.count} (${signed.join(', ')}) of the ${best.role.threshold} keys that ${archive.name} needs by ${place}; let another one sign it with: rackwatt bundle sign`,
    );
  }
}

/** Who signed, where nobody in particular is trusted. */
export function judge(envelope: Envelope, name: string, trust: Trust | undefined): Judgement {
  return (
    trust?.judge(envelope, name) ?? { signers: [], keys: [], strangers: envelope.signatures.map(({ keyid }) => keyid) }
  );
}

/** Rules where each of some keys may sign everything alone. */
export function plainRules(place: string, keys: readonly PublicKey[]): TrustRules {
  return {
    place,
    keys,
    roles: [{ names: ['*'], keys: keys.map(({ id }) => id), threshold: 1 }],
    revokedKeys: [],
    revokedArchives: [],
    minimums: new Map(),
  };
}

/** The higher of two versions. */
export function higher(a: string | undefined, b: string): string {
  return a !== undefined && semver.gte(a, b) ? a : b;
}

function matches(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name || (pattern.endsWith('/*') && name.startsWith(pattern.slice(0, -1)));
}

/** Distinct keys of a role among those that signed. */
function countOf({ keys }: Role, judgement: Pick<Judgement, 'keys'>): number {
  return new Set(judgement.keys.filter((id) => keys.includes(id))).size;
}

function isNamed(entry: string, { name, version }: ArchiveManifest): boolean {
  const at = entry.lastIndexOf('@');
  return (
    at > 0 && entry.slice(0, at) === name && semver.satisfies(version, entry.slice(at + 1), { includePrerelease: true })
  );
}
