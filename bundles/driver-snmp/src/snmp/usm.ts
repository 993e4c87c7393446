import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { SnmpCredentials } from '@rackwatt/telemetry';

/**
 * The user-based security model: RFC 3414 (MD5, SHA, DES), RFC 3826 (AES-128), RFC 7860 (SHA-2), and the two ways in which
 * vendors lengthen keys for AES-256 (Blumenthal's draft, and Reeder's, which Cisco took).
 */

export type AuthProtocol = NonNullable<SnmpCredentials['authProtocol']>;
export type PrivProtocol = NonNullable<SnmpCredentials['privProtocol']>;

/** A user as configuration says it. */
export interface User {
  name: string;
  authentication?: { protocol: AuthProtocol; password: string };
  privacy?: { protocol: PrivProtocol; password: string };
}

/** Security level as the flags of a message say it. */
export const Flag = { authentication: 1, privacy: 2, reportable: 4 } as const;

export function levelOf(user: User): number {
  return (user.authentication ? Flag.authentication : 0) | (user.privacy ? Flag.privacy : 0);
}

/** Hash, and octets of it that a message carries. */
const AUTHENTICATION: Readonly<Record<AuthProtocol, readonly [hash: string, digest: number]>> = {
  md5: ['md5', 12],
  sha: ['sha1', 12],
  sha224: ['sha224', 16],
  sha256: ['sha256', 24],
  sha384: ['sha384', 32],
  sha512: ['sha512', 48],
};

/** Cipher, and octets of the key. Triple DES with one key three times is DES, which OpenSSL 3 has no more. */
const PRIVACY: Readonly<Record<PrivProtocol, readonly [cipher: string, key: number]>> = {
  des: ['des-ede3-cbc', 16],
  aes: ['aes-128-cfb', 16],
  aes256b: ['aes-256-cfb', 32],
  aes256r: ['aes-256-cfb', 32],
};

const DES_BLOCK = 8;
const SALT = 8;

/** Clock of the authoritative engine of a message. */
export interface EngineClock {
  boots: number;
  /** s */
  time: number;
}

interface Privacy {
  cipher: string;
  key: KeyObject;
  /** What the salt is mixed with, of DES; AES mixes it with the clock. */
  preVector: Buffer | undefined;
}

/** A user with keys that count at one engine. Keys are objects: given as octets they are made into such for each message. */
export class LocalUser {
  readonly digestLength: number;
  readonly #hash: string;
  readonly #authKey: KeyObject | undefined;
  readonly #privacy: Privacy | undefined;
  #salt = randomBytes(SALT).readBigUInt64BE();

  constructor({ authentication, privacy }: User, engineId: Uint8Array) {
    const [hash, digest] = authentication ? AUTHENTICATION[authentication.protocol] : ['', 0];
    this.#hash = hash;
    this.digestLength = digest;
    if (authentication) this.#authKey = createSecretKey(localKey(hash, authentication.password, engineId));
    if (!privacy) return;
    const [cipher, length] = PRIVACY[privacy.protocol];
    const key = longKey(privacy.protocol, length, hash, privacy.password, engineId);
    const single = key.subarray(0, DES_BLOCK);
    this.#privacy =
      privacy.protocol === 'des'
        ? {
            cipher,
            key: createSecretKey(Buffer.concat([single, single, single])),
            preVector: key.subarray(DES_BLOCK, 2 * DES_BLOCK),
          }
        : { cipher, key: createSecretKey(key), preVector: undefined };
  }

  /** Digest of a message whose digest, at this place, counts as zeros. */
  digest(message: Uint8Array, at: number): Buffer {
    const { digestLength } = this;
    return createHmac(this.#hash, this.#authKey!)
      .update(message.subarray(0, at))
      .update(ZEROS.subarray(0, digestLength))
      .update(message.subarray(at + digestLength))
      .digest()
      .subarray(0, digestLength);
  }

  isAuthentic(message: Uint8Array, at: number, length: number): boolean {
    const { digestLength } = this;
    if (digestLength === 0 || length !== digestLength || at + length > message.length) return false;
    return timingSafeEqual(this.digest(message, at), message.subarray(at, at + length));
  }

  encrypt(plain: Buffer, clock: EngineClock): { data: Buffer; salt: Buffer } {
    const salt = Buffer.alloc(SALT);
    this.#salt = BigInt.asUintN(64, this.#salt + 1n);
    salt.writeBigUInt64BE(this.#salt);
    const { cipher, key, preVector } = this.#privacy!;
    const padding = preVector ? ZEROS.subarray(0, -plain.length & (DES_BLOCK - 1)) : NONE;
    const encryption = createCipheriv(cipher, key, vectorOf(preVector, salt, clock)).setAutoPadding(false);
    return { data: Buffer.concat([encryption.update(plain), encryption.update(padding), encryption.final()]), salt };
  }

  /** @returns undefined when it cannot have been encrypted this way */
  decrypt(data: Buffer, salt: Buffer, clock: EngineClock): Buffer | undefined {
    const { cipher, key, preVector } = this.#privacy!;
    if (salt.length !== SALT || data.length === 0 || (preVector && data.length % DES_BLOCK !== 0)) return undefined;
    const decryption = createDecipheriv(cipher, key, vectorOf(preVector, salt, clock)).setAutoPadding(false);
    return Buffer.concat([decryption.update(data), decryption.final()]);
  }
}

const NONE = Buffer.alloc(0);
const ZEROS = Buffer.alloc(48);

/** Initialisation vector of a message: RFC 3414 section 8.1.1.1, RFC 3826 section 3.1.2.1. */
function vectorOf(preVector: Buffer | undefined, salt: Buffer, { boots, time }: EngineClock): Buffer {
  if (preVector) return Buffer.from(preVector.map((octet, i) => octet ^ salt[i]!));
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(boots, 0);
  vector.writeUInt32BE(time, 4);
  salt.copy(vector, 8);
  return vector;
}

/** Keys of passwords, which take a megabyte of hashing each: hundreds of devices have the same few. */
const stretched = new Map<string, Buffer>();
const MOST_STRETCHED = 256;
const STRETCHED_LENGTH = 2 ** 20;

/** RFC 3414 section A.2. */
function localKey(hash: string, password: string | Buffer, engineId: Uint8Array): Buffer {
  const key = typeof password === 'string' ? stretchedOnce(hash, password) : stretch(hash, password);
  return createHash(hash).update(key).update(engineId).update(key).digest();
}

function stretchedOnce(hash: string, password: string): Buffer {
  const name = `${hash} ${password}`;
  const known = stretched.get(name);
  if (known) return known;
  const key = stretch(hash, password);
  if (stretched.size >= MOST_STRETCHED) stretched.delete(stretched.keys().next().value!);
  stretched.set(name, key);
  return key;
}

function stretch(hash: string, password: string | Buffer): Buffer {
  return createHash(hash)
    .update(Buffer.alloc(STRETCHED_LENGTH, password as string))
    .digest();
}

function longKey(protocol: PrivProtocol, length: number, hash: string, password: string, engineId: Uint8Array): Buffer {
  let last = localKey(hash, password, engineId);
  let key = last;
  while (key.length < length) {
    last = protocol === 'aes256r' ? localKey(hash, last, engineId) : createHash(hash).update(key).digest();
    key = Buffer.concat([key, last]);
  }
  return key.subarray(0, length);
}
