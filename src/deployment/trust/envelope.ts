import { sign, verify, type KeyObject } from 'node:crypto';
import { RackwattError } from '../../errors.js';
import { quoted } from '../../quoted.js';
import { parseStrictly } from '../../strict-json.js';
import { keyId, type PublicKey } from './keys.js';

const SIGNATURES = 16;
const SIGNATURE_BYTES = 64;
const KEY_ID = /^[0-9a-f]{16}$/;

/** An opened DSSE envelope (secure-systems-lab/dsse, protocol 1.0): the signatures are over the bytes as they were received. */
export interface Envelope {
  payloadType: string;
  payload: Buffer;
  /** Of distinct keys; whether they fit is not known yet. */
  signatures: readonly Signature[];
}

export interface Signature {
  keyid: string;
  sig: Buffer;
}

/** JSON of an envelope; the same content gives the same bytes. */
export function writeEnvelope(envelope: Envelope): Buffer {
  return Buffer.from(`${JSON.stringify(envelopeJson(envelope), null, 1)}\n`);
}

export function envelopeJson({ payloadType, payload, signatures }: Envelope): object {
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: sig.toString('base64') })),
  };
}

/** Adds the signature of a key, in the place of one that it gave before. */
export function signEnvelope(envelope: Envelope, key: KeyObject): Envelope {
  const id = keyId(key);
  const others = envelope.signatures.filter(({ keyid }) => keyid !== id);
  return { ...envelope, signatures: [...others, { keyid: id, sig: sign(null, signedBytes(envelope), key) }] };
}

/**
 * @param name begins the sentence of an error
 * @throws RackwattError of the given code
 */
export function openEnvelope(content: Buffer, payloadType: string, name: string, code = 'ARCHIVE_INVALID'): Envelope {
  return envelopeOf(parseStrictly(content, name, code), payloadType, name, code);
}

/** The same for JSON that was parsed strictly. */
export function envelopeOf(json: unknown, payloadType: string, name: string, code = 'ARCHIVE_INVALID'): Envelope {
  const refuse = (what: string): RackwattError => new RackwattError(code, `${name} ${what}`);
  const parsed = (json ?? {}) as { payloadType?: unknown; payload?: unknown; signatures?: unknown };
  if (parsed.payloadType !== payloadType)
    throw refuse(`is of the type ${quoted(String(parsed.payloadType))}, not ${payloadType}`);
  const payload = canonicalBase64(parsed.payload);
  if (!payload || !Array.isArray(parsed.signatures)) throw refuse('is no signed document');
  if (parsed.signatures.length > SIGNATURES) throw refuse(`has more than ${SIGNATURES} signatures`);
  const signatures = parsed.signatures.map((entry: { keyid?: unknown; sig?: unknown } | null) => {
    const sig = canonicalBase64(entry?.sig);
    if (typeof entry?.keyid !== 'string' || !KEY_ID.test(entry.keyid) || !sig)
      throw refuse('has a signature that is none');
    return { keyid: entry.keyid, sig };
  });
  if (new Set(signatures.map(({ keyid }) => keyid)).size !== signatures.length)
    throw refuse('has two signatures of one key');
  return { payloadType, payload, signatures };
}

/**
 * The keys among those given that signed; a signature of another key says nothing.
 * @throws RackwattError of the given code when a signature of one of the keys does not fit
 */
export function signersOf<Key extends PublicKey>(
  envelope: Envelope,
  keys: readonly Key[],
  name: string,
  code = 'SIGNATURE_INVALID',
): Key[] {
  const bytes = signedBytes(envelope);
  return envelope.signatures.flatMap(({ keyid, sig }) => {
    const key = keys.find(({ id }) => id === keyid);
    if (!key) return [];
    if (sig.length !== SIGNATURE_BYTES || !verify(null, bytes, key.key, sig))
      throw new RackwattError(
        code,
        `${name}: the signature of ${key.name} (${keyid}) does not fit; it was altered, or the signature is forged`,
      );
    return [key];
  });
}

function signedBytes({ payloadType, payload }: Envelope): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

/** Base64 in its one canonical spelling. */
function canonicalBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
