import { RackwattError } from 'rackwatt';

/** Codes of errors of the center, and the HTTP status that each is answered with. */
const STATUS = {
  /** The configuration says something that cannot be: an address, a name. */
  FLEET_CONFIGURATION: 500,
  /** The center's keys and certificates are missing, damaged, of another tenant, or readable by others. */
  FLEET_AUTHORITY: 500,
  /** What the center remembers cannot be read or written. */
  FLEET_STATE: 503,
  /** There is no such thing at the gateways' port. */
  FLEET_ROUTE: 404,
  /** A body is too long. */
  FLEET_TOO_LARGE: 413,
  /** The request for a certificate is none, not signed by its key, or of another kind of key. */
  FLEET_CSR: 400,
  /** Too much at once; later. */
  FLEET_BUSY: 429,
  /** The connection has no certificate of a gateway that is enrolled here. */
  FLEET_IDENTITY: 401,
  FLEET_ENROLMENT_UNKNOWN: 404,
  /** A person did not want that gateway. */
  FLEET_ENROLMENT_DENIED: 403,
  /** Nobody decided in time. */
  FLEET_ENROLMENT_EXPIRED: 410,
  /** Somebody decided meanwhile. */
  FLEET_ENROLMENT_DECIDED: 409,
  /** Not the claim code that the gateway shows. */
  FLEET_CLAIM_CODE: 403,
  FLEET_GATEWAY_UNKNOWN: 404,
  FLEET_GATEWAY_REVOKED: 403,
  /** A name that another gateway has, or that is none. */
  FLEET_GATEWAY_NAME: 409,
  /** A gateway was not told yet what it shall run. */
  FLEET_DESIRED_NONE: 404,
  /** What a gateway shall run cannot be said so. */
  FLEET_DESIRED_INVALID: 400,
  /** An older version, and nobody said that it may be. */
  FLEET_DOWNGRADE: 409,
  /** Somebody else set the desired state meanwhile. */
  FLEET_DESIRED_CHANGED: 409,
  /** The gateway has taken a later order than this center knows. */
  FLEET_SEQUENCE_AHEAD: 409,
  /** It cannot be said what ran before. */
  FLEET_ROLLBACK_IMPOSSIBLE: 409,
  FLEET_ARTIFACT_UNKNOWN: 404,
  /** The gateway did not come to run what it shall. */
  FLEET_NOT_CONVERGED: 409,
} as const;

export type CenterErrorCode = keyof typeof STATUS;

/** @param message one sentence: what is wrong, where, what to do */
export function centerError(
  code: CenterErrorCode,
  message: string,
  { cause, context }: { cause?: unknown; context?: Record<string, unknown> } = {},
): RackwattError {
  return new RackwattError(code, message, { cause, context: { status: STATUS[code], ...context } });
}
