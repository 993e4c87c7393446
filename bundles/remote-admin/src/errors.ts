import { RackwattError } from 'rackwatt';

/** Codes of this bundle's errors; those of messages and orders are in `@rackwatt/fleet`. */
export type RemoteAdminErrorCode =
  /** Remote administration is off, or no center is configured. */
  | 'REMOTE_ADMIN_OFF'
  /** The private key of this gateway is damaged, or others can read it. */
  | 'REMOTE_ADMIN_KEY'
  /** A file that this bundle keeps is damaged. */
  | 'REMOTE_ADMIN_STATE'
  /** This gateway is enrolled at a center with another root than the one that is configured. */
  | 'REMOTE_ADMIN_OTHER_CENTER'
  /** No connection to the center: name, proxy, network. */
  | 'CENTER_UNREACHABLE'
  /** Whoever answers is not the center whose root is pinned. */
  | 'CENTER_CERTIFICATE'
  /** The center's certificate is genuine and not valid now: one of the clocks is wrong. */
  | 'CENTER_CERTIFICATE_DATE'
  /** The center's signed time cannot be right. */
  | 'CENTER_TIME'
  /** The center answered what cannot be used. */
  | 'CENTER_ANSWER'
  /** The center does not let this gateway in. */
  | 'CENTER_DENIED'
  /** The request for enrolment was denied at the center. */
  | 'ENROLMENT_DENIED'
  /** The request for enrolment was not approved in time. */
  | 'ENROLMENT_EXPIRED'
  /** The certificate that the center gave is not one for this gateway's key. */
  | 'ENROLMENT_CERTIFICATE'
  /** An order that only the administrator at the gateway may carry out. */
  | 'ORDER_FORBIDDEN'
  /** An order that needs a capability that is not granted. */
  | 'ORDER_CAPABILITY'
  /** An order with an older version than what runs, without leave for it. */
  | 'ORDER_DOWNGRADE'
  /** An order that was tried as often as it may be. */
  | 'ORDER_GIVEN_UP'
  /** An archive did not come whole. */
  | 'ARTIFACT_FAILED'
  /** An archive that came is another one than the order names. */
  | 'ARTIFACT_DIGEST'
  /** There is no room for an archive. */
  | 'ARTIFACT_SPACE';

export function remoteAdminError(
  code: RemoteAdminErrorCode,
  message: string,
  options: { cause?: unknown; context?: Record<string, unknown> } = {},
): RackwattError {
  return new RackwattError(code, message, options);
}

/** The code of anything that was thrown; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
