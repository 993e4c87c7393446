import { element, integerElement } from './ber.js';
import { encodePdu, type ResponsePdu } from './pdu.js';
import type { EngineClock, UsmUser } from './usm.js';
import { Tag } from './value.js';

export const FLAG = { authentication: 1, privacy: 2, reportable: 4 } as const;
export const USER_SECURITY_MODEL = 3;
const MAX_SIZE = 65507;

export interface SecureMessage {
  id: number;
  /** The authoritative engine: whose clock and keys count. */
  engineId: Buffer;
  clock: EngineClock;
  user: UsmUser | undefined;
  flags: number;
  pdu: ResponsePdu;
  context: Buffer;
}

/** Puts a PDU into a message of SNMP v3, encrypts and signs it as the flags say (RFC 3412, 6; RFC 3414, 2.4). */
export function secureMessage({ id, engineId, clock, user, flags, pdu, context }: SecureMessage): Buffer {
  const scoped = element(
    Tag.Sequence,
    element(Tag.OctetString, engineId),
    element(Tag.OctetString, context),
    encodePdu(pdu),
  );
  const encrypted = flags & FLAG.privacy ? user!.encrypt(scoped, clock) : undefined;
  const data = encrypted ? element(Tag.OctetString, encrypted.data) : scoped;
  const privacy = element(Tag.OctetString, encrypted?.parameters ?? Buffer.alloc(0));
  const digestLength = flags & FLAG.authentication ? user!.digestLength : 0;
  const security = element(
    Tag.Sequence,
    element(Tag.OctetString, engineId),
    integerElement(Tag.Integer, clock.boots),
    integerElement(Tag.Integer, clock.time),
    element(Tag.OctetString, Buffer.from(user?.name ?? '', 'utf8')),
    element(Tag.OctetString, Buffer.alloc(digestLength)),
    privacy,
  );
  const global = element(
    Tag.Sequence,
    integerElement(Tag.Integer, id),
    integerElement(Tag.Integer, MAX_SIZE),
    element(Tag.OctetString, Uint8Array.of(flags)),
    integerElement(Tag.Integer, USER_SECURITY_MODEL),
  );
  const message = element(
    Tag.Sequence,
    integerElement(Tag.Integer, 3),
    global,
    element(Tag.OctetString, security),
    data,
  );
  if (digestLength > 0) {
    const end = message.length - data.length - privacy.length;
    user!.digest(message).copy(message, end - digestLength);
  }
  return message;
}
