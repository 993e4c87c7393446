import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { isOfSmallOrder, quoted, RackwattError } from 'rackwatt';
import { LONGEST_MESSAGE } from './message.js';

/** A public key with which a center signs what its gateways shall do. Release keys are others: this one cannot make code. */
export interface OperationsKey {
  /** First 16 hex digits of its fingerprint. */
  id: string;
  /** SubjectPublicKeyInfo in base64. */
  key: string;
}

/** What every order has, besides what its kind says. Times are s since 1970. */
export interface OrderClaims {
  type: string;
  tenant: string;
  /** Id of the gateway that it is for. */
  audience: string;
  issued: number;
  expires: number;
}

/** What an order is measured by. */
export interface OrderExpectation {
  keys: readonly OperationsKey[];
  tenant: string;
  gateway: string;
  /** s since 1970, as far as it is trusted. */
  now: number;
}

/** s by which the clocks of center and gateway may differ. */
const SKEW = 300;
/** A compact JWS has its payload in base64url, and a header and a signature of some hundred bytes. */
const LONGEST_TOKEN = Math.ceil((LONGEST_MESSAGE * 4) / 3) + 1024;

/** @throws `KEY_INVALID` when it is no Ed25519 key, or one under which anybody can sign */
export function operationsKeyOf(key: KeyObject): OperationsKey {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  checkKey(half, 'the operations key');
  const der = half.export({ type: 'spki', format: 'der' });
  return { id: idOf(der), key: der.toString('base64') };
}

/** Signs an order as a compact JWS (RFC 7515) with EdDSA (RFC 8037). @param key private, Ed25519 */
export function signOrder(order: object, key: KeyObject): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(order)))
    .setProtectedHeader({ alg: 'EdDSA', kid: operationsKeyOf(key).id })
    .sign(key);
}

/**
 * What an order says, once it is certain that the center of this gateway says it, to this gateway, now. Its sequence is for the
 * caller to look at, who alone knows which one came before.
 * @throws `FLEET_MESSAGE`, `ORDER_SIGNATURE`, `ORDER_AUDIENCE`, `ORDER_EXPIRED`
 */
export async function openOrder<Order extends OrderClaims>(
  token: string,
  kind: { readonly name: string; parse(content: Uint8Array): Order },
  type: string,
  expected: OrderExpectation,
): Promise<Order> {
  const claims = kind.parse(await verified(token, expected.keys, kind.name));
  if (claims.type !== type)
    throw new RackwattError('FLEET_MESSAGE', `${kind.name} is of the type ${quoted(claims.type)}, not ${type}`);
  if (claims.audience !== expected.gateway || claims.tenant !== expected.tenant)
    throw new RackwattError(
      'ORDER_AUDIENCE',
      `${kind.name} is for ${quoted(`${claims.tenant}/${claims.audience}`)}, not for this gateway`,
    );
  if (claims.issued > expected.now + SKEW)
    throw new RackwattError(
      'ORDER_EXPIRED',
      `${kind.name} was issued ${claims.issued - expected.now} s in the future; one of the clocks is wrong`,
    );
  if (claims.expires < expected.now)
    throw new RackwattError('ORDER_EXPIRED', `${kind.name} expired ${expected.now - claims.expires} s ago`);
  return claims;
}

/** The payload of a JWS that one of the keys signed. @throws `FLEET_MESSAGE`, `ORDER_SIGNATURE` */
export async function verified(token: string, keys: readonly OperationsKey[], name: string): Promise<Uint8Array> {
  if (token.length > LONGEST_TOKEN)
    throw new RackwattError('FLEET_MESSAGE', `${name} has more than ${LONGEST_TOKEN} bytes`);
  const refuse = (why: string, cause?: unknown): RackwattError =>
    new RackwattError('ORDER_SIGNATURE', `${name} ${why}; nothing of it is done`, { cause });
  let header: Record<string, unknown>;
  try {
    header = decodeProtectedHeader(token);
  } catch (error) {
    throw refuse('is no signed order', error);
  }
  // Nothing that a header can say is of use, and much of it has been the way in elsewhere.
  const more = Object.keys(header).find((key) => key !== 'alg' && key !== 'kid');
  if (more !== undefined) throw refuse(`has ${quoted(more)} in its header`);
  if (header['alg'] !== 'EdDSA') throw refuse(`is signed with ${quoted(String(header['alg']))}, not EdDSA`);
  const known = keys.find(({ id }) => id === header['kid']);
  if (!known) throw refuse(`is signed by the key ${quoted(String(header['kid']))}, which this gateway was not given`);
  const key = keyOf(known);
  try {
    return (await compactVerify(token, key, { algorithms: ['EdDSA'] })).payload;
  } catch (error) {
    throw refuse('has a signature that does not fit', error);
  }
}

/** @throws `KEY_INVALID` */
function keyOf({ id, key }: OperationsKey): KeyObject {
  const der = Buffer.from(key, 'base64');
  let parsed: KeyObject;
  try {
    parsed = createPublicKey({ key: der, type: 'spki', format: 'der' });
  } catch (error) {
    throw new RackwattError('KEY_INVALID', `the operations key ${quoted(id)} is no key`, { cause: error });
  }
  checkKey(parsed, `the operations key ${quoted(id)}`);
  if (idOf(der) !== id) throw new RackwattError('KEY_INVALID', `the operations key ${quoted(id)} has another id`);
  return parsed;
}

function checkKey(key: KeyObject, name: string): void {
  if (key.asymmetricKeyType !== 'ed25519')
    throw new RackwattError('KEY_INVALID', `${name} is of the type ${key.asymmetricKeyType}, not ed25519`);
  if (isOfSmallOrder(Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url')))
    throw new RackwattError('KEY_INVALID', `${name} is of small order: anybody can sign under it`);
}

function idOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}
