import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SnmpCredentials } from '@rackwatt/telemetry';
import { simulatorError } from '../errors.js';

/**
 * Keys and ciphers of SNMP v3's user-based security: RFC 3414 (MD5, SHA, DES), RFC 3826 (AES-128), RFC 7860 (SHA-2),
 * and the two ways in which vendors stretch keys for AES-256 (Blumenthal's draft, Reeder's draft as Cisco has it).
 *
 * Written on node:crypto and apart from the library that the SNMP driver uses, so that a test of one against the other
 * shows a fault of either.
 */

type AuthProtocol = NonNullable<SnmpCredentials['authProtocol']>;
type PrivProtocol = NonNullable<SnmpCredentials['privProtocol']>;

/** Hash, and octets of the digest that a message carries. */
const AUTHENTICATION: Readonly<Record<AuthProtocol, { hash: string; digest: number }>> = {
  md5: { hash: 'md5', digest: 12 },
  sha: { hash: 'sha1', digest: 12 },
  sha224: { hash: 'sha224', digest: 16 },
  sha256: { hash: 'sha256', digest: 24 },
  sha384: { hash: 'sha384', digest: 32 },
  sha512: { hash: 'sha512', digest: 48 },
};

/** Octets of the key, and how a hash that is too short for it is stretched. */
const PRIVACY: Readonly<Record<PrivProtocol, { key: number; cipher: string; stretch?: 'blumenthal' | 'reeder' }>> = {
  des: { key: 16, cipher: 'des-ede3-cbc' },
  aes: { key: 16, cipher: 'aes-128-cfb' },
  aes256b: { key: 32, cipher: 'aes-256-cfb', stretch: 'blumenthal' },
  aes256r: { key: 32, cipher: 'aes-256-cfb', stretch: 'reeder' },
};

/** What the privacy of a message depends on beside the key. */
export interface EngineClock {
  boots: number;
  time: number;
}

/** A user with its keys localised to one engine. */
export class UsmUser {
  readonly name: string;
  readonly #authentication: { hash: string; digest: number; key: Buffer } | undefined;
  readonly #privacy: { protocol: PrivProtocol; key: Buffer } | undefined;
  #salt = randomBytes(8).readBigUInt64BE();

  constructor(credentials: SnmpCredentials, engineId: Buffer) {
    const { user, authProtocol = 'sha', authKey, privProtocol = 'aes', privKey } = credentials;
    if (!user) throw simulatorError('SIMULATOR_OPTION_INVALID', 'A user of SNMP v3 needs a name.');
    if (!(authProtocol in AUTHENTICATION) || !(privProtocol in PRIVACY))
      throw simulatorError(
        'SIMULATOR_OPTION_INVALID',
        `User "${user}": authentication is one of ${Object.keys(AUTHENTICATION).join(', ')}, privacy one of ${Object.keys(PRIVACY).join(', ')}.`,
      );
    for (const [what, key] of [
      ['authentication', authKey],
      ['privacy', privKey],
    ] as const)
      if (key !== undefined && key.length < 8)
        throw simulatorError(
          'SIMULATOR_OPTION_INVALID',
          `User "${user}": the ${what} key needs at least 8 characters (RFC 3414, 11.2).`,
        );
    if (privKey !== undefined && authKey === undefined)
      throw simulatorError('SIMULATOR_OPTION_INVALID', `User "${user}": privacy needs authentication too.`);
    this.name = user;
    if (authKey === undefined) return;
    const { hash, digest } = AUTHENTICATION[authProtocol];
    this.#authentication = { hash, digest, key: localizedKey(hash, authKey, engineId) };
    if (privKey === undefined) return;
    this.#privacy = { protocol: privProtocol, key: privacyKey(hash, privProtocol, privKey, engineId) };
  }

  get authenticates(): boolean {
    return this.#authentication !== undefined;
  }

  get encrypts(): boolean {
    return this.#privacy !== undefined;
  }

  get digestLength(): number {
    return this.#authentication?.digest ?? 0;
  }

  /** Digest over a message whose digest field is zeroed. */
  digest(message: Uint8Array): Buffer {
    const { hash, key, digest } = this.#authentication!;
    return createHmac(hash, key).update(message).digest().subarray(0, digest);
  }

  isAuthentic(message: Buffer, digest: { start: number; end: number }): boolean {
    if (digest.end - digest.start !== this.digestLength) return false;
    const copy = Buffer.from(message);
    copy.fill(0, digest.start, digest.end);
    return timingSafeEqual(this.digest(copy), message.subarray(digest.start, digest.end));
  }

  encrypt(scopedPdu: Buffer, clock: EngineClock): { data: Buffer; parameters: Buffer } {
    const parameters = Buffer.alloc(8);
    this.#salt = BigInt.asUintN(64, this.#salt + 1n);
    parameters.writeBigUInt64BE(this.#salt);
    const { protocol, key } = this.#privacy!;
    const cipher = createCipheriv(PRIVACY[protocol].cipher, ...cipherKey(protocol, key, parameters, clock));
    cipher.setAutoPadding(false);
    const padding = protocol === 'des' ? Buffer.alloc((8 - (scopedPdu.length % 8)) % 8) : Buffer.alloc(0);
    return { data: Buffer.concat([cipher.update(scopedPdu), cipher.update(padding), cipher.final()]), parameters };
  }

  /** @returns undefined when the message cannot have been encrypted with this key's cipher. */
  decrypt(data: Buffer, parameters: Buffer, clock: EngineClock): Buffer | undefined {
    const { protocol, key } = this.#privacy!;
    if (parameters.length !== 8 || (protocol === 'des' && data.length % 8 !== 0)) return undefined;
    const decipher = createDecipheriv(PRIVACY[protocol].cipher, ...cipherKey(protocol, key, parameters, clock));
    decipher.setAutoPadding(false);
    return Buffer.concat([decipher.update(data), decipher.final()]);
  }
}

/** Key and initialisation vector of one message (RFC 3414, 8.1.1.1; RFC 3826, 3.1.2.1). */
function cipherKey(protocol: PrivProtocol, key: Buffer, salt: Buffer, clock: EngineClock): [Buffer, Buffer] {
  if (protocol === 'des') {
    // Triple DES with one key thrice is DES; OpenSSL 3 no longer offers DES itself.
    const once = key.subarray(0, 8);
    return [Buffer.concat([once, once, once]), Buffer.from(key.subarray(8, 16).map((octet, i) => octet ^ salt[i]!))];
  }
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(clock.boots >>> 0, 0);
  vector.writeUInt32BE(clock.time >>> 0, 4);
  salt.copy(vector, 8);
  return [key, vector];
}

/** Password to key, localised to an engine (RFC 3414, A.2). */
function localizedKey(hash: string, password: string | Buffer, engineId: Buffer): Buffer {
  const stretched = createHash(hash)
    .update(Buffer.alloc(1024 * 1024, password as string))
    .digest();
  return createHash(hash).update(stretched).update(engineId).update(stretched).digest();
}

function privacyKey(hash: string, protocol: PrivProtocol, password: string, engineId: Buffer): Buffer {
  const { key: length, stretch } = PRIVACY[protocol];
  let key = localizedKey(hash, password, engineId);
  while (key.length < length) {
    const more =
      stretch === 'reeder' ? localizedKey(hash, lastOf(key, hash), engineId) : createHash(hash).update(key).digest();
    key = Buffer.concat([key, more]);
  }
  return key.subarray(0, length);
}

/** The part of a stretched key that the hash made last. */
function lastOf(key: Buffer, hash: string): Buffer {
  return key.subarray(key.length - createHash(hash).digest().length);
}
