import type { KeyObject } from 'node:crypto';
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { errorMessage, parseStrictly } from 'rackwatt';

/** Of the header `Authorization`, in front of the proof. */
export const POSSESSION_SCHEME = 'PoP';
/** A proof names an enrolment and nothing else. */
const LONGEST_PROOF = 1024;

/**
 * Proves that whoever asks for an enrolment holds the key that asked to be enrolled: a compact JWS with ES256. It has no time in it,
 * since a gateway that is not enrolled may not know the time, and what it gets is of use with that key alone.
 * @param key private, P-256
 */
export function signPossession(enrolment: string, key: KeyObject): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify({ type: 'possession', enrolment })))
    .setProtectedHeader({ alg: 'ES256' })
    .sign(key);
}

/** Whether a proof was made for this enrolment by the holder of a key. @param key public, P-256 */
export async function provesPossession(token: string, enrolment: string, key: KeyObject): Promise<boolean> {
  if (token.length > LONGEST_PROOF) return false;
  try {
    const header = decodeProtectedHeader(token);
    if (Object.keys(header).some((name) => name !== 'alg')) return false;
    const { payload } = await compactVerify(token, key, { algorithms: ['ES256'] });
    const said = parseStrictly(Buffer.from(payload), 'the proof of possession', 'FLEET_MESSAGE') as Record<
      string,
      unknown
    > | null;
    return said?.['type'] === 'possession' && said['enrolment'] === enrolment;
  } catch (error) {
    // Whatever is wrong with it, it proves nothing.
    void errorMessage(error);
    return false;
  }
}
