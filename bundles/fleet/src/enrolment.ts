import { Type, type Static } from 'typebox';
import { GatewayId, TenantId } from './identity.js';
import { MessageKind } from './message.js';

const Text = (maxLength: number) => Type.String({ maxLength });
const Pem = Type.String({ maxLength: 8192 });

/** What a gateway asks a center for. Of the request for a certificate only the public key is taken. */
export const EnrolmentRequest = Type.Object(
  {
    /** PKCS #10 in PEM, with a key on P-256, signed by it. */
    csr: Pem,
    serial: Text(200),
    model: Text(200),
    runtime: Text(100),
  },
  { additionalProperties: false },
);
export type EnrolmentRequest = Static<typeof EnrolmentRequest>;

/**
 * A center's answer to a request that a person has still to approve, and to whoever asks how it stands: a claim code that was
 * mistyped too often is replaced by another one.
 */
export const PendingEnrolment = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    /** Shown at the gateway, and typed at the center by whoever approves. */
    claimCode: Text(20),
    /** sha256 of the public key, in hex. */
    fingerprint: Text(64),
    /** s until it makes sense to ask. */
    retryAfter: Type.Integer({ minimum: 1, maximum: 3600 }),
    /** s since 1970. */
    expires: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type PendingEnrolment = Static<typeof PendingEnrolment>;

const Keys = Type.Array(
  Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }), key: Text(200) }, { additionalProperties: false }),
  { minItems: 1, maxItems: 10 },
);

/** What an approved gateway gets. */
export const Enrolment = Type.Object(
  {
    gateway: GatewayId,
    tenant: TenantId,
    /** PEM; 90 days. */
    certificate: Pem,
    /** PEM: issuing authorities, the root last. */
    chain: Type.Array(Pem, { minItems: 1, maxItems: 4 }),
    operationsKeys: Keys,
  },
  { additionalProperties: false },
);
export type Enrolment = Static<typeof Enrolment>;

/** Whom a gateway is about to trust: read over a connection whose root was told by the administrator. */
export const Authority = Type.Object(
  { tenant: TenantId, certificates: Type.Array(Pem, { minItems: 1, maxItems: 4 }), operationsKeys: Keys },
  { additionalProperties: false },
);
export type Authority = Static<typeof Authority>;

/** Signed by the operations key, with the nonce that the gateway sent. */
export const SignedTime = Type.Object(
  {
    type: Type.Literal('time'),
    nonce: Type.String({ pattern: '^[A-Za-z0-9_-]{22,64}$' }),
    /** ms since 1970. */
    time: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type SignedTime = Static<typeof SignedTime>;

export const enrolmentRequest = new MessageKind('a request for enrolment', EnrolmentRequest);
export const pendingEnrolment = new MessageKind('the answer to the request for enrolment', PendingEnrolment);
export const enrolment = new MessageKind('the enrolment', Enrolment);
export const authority = new MessageKind('the authority of the center', Authority);
export const signedTime = new MessageKind('the time of the center', SignedTime);
