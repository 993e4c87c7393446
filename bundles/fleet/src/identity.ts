import { createHash, randomBytes, type KeyObject, type X509Certificate } from 'node:crypto';
import { Type } from 'typebox';

/** RFC 4648 base32 in small letters. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** Crockford's base32: none of its letters is taken for another, or for a digit. */
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CLAIM_LENGTH = 10;
const CLAIM_CODE = new RegExp(`^[${CROCKFORD}]{${CLAIM_LENGTH}}$`);

/**
 * Id of a gateway, made by the center: 128 random bits. It is the common name of its certificate, the client id of its MQTT
 * session and a level of its topics, so that it has nothing that any of them could take for more.
 */
export const GatewayId = Type.String({ pattern: '^[a-z2-7]{26}$' });
export const TenantId = Type.String({ pattern: '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$' });
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

export function newGatewayId(): string {
  return encode(randomBytes(17), BASE32, 26);
}

/** What a person reads on the gateway and types at the center: 50 random bits in two groups, such as `7KQ2M-X0PDW`. */
export function newClaimCode(): string {
  const code = encode(randomBytes(7), CROCKFORD, CLAIM_LENGTH);
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}

/** A claim code as it was meant: small letters, missing or other dashes, and letters that are taken for digits. Undefined when it is none. */
export function readClaimCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (!CLAIM_CODE.test(code)) return undefined;
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}

/** sha256 of a public key (SubjectPublicKeyInfo), in hex. */
export function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** sha256 of a certificate (DER), in hex: what the administrator of a gateway is told of the center's root. */
export function certificateFingerprint(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}

/** The beginning of a fingerprint as people compare it: `1f2e 3d4c 5b6a 7988`. */
export function shownFingerprint(fingerprint: string): string {
  return fingerprint.slice(0, 16).replace(/(.{4})(?=.)/g, '$1 ');
}

/** Five bits a sign, from the front. */
function encode(bytes: Buffer, alphabet: string, length: number): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < length; i++, bits >>= 5n) text += alphabet[Number(bits & 31n)];
  return text;
}
