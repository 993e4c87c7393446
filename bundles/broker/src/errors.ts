import { RackwattError } from 'rackwatt';

/** Codes of this bundle's errors. */
export type BrokerErrorCode =
  | 'BROKER_PORT_IN_USE'
  | 'BROKER_HOST_NOT_LOCAL'
  | 'BROKER_LISTEN_FAILED'
  | 'BROKER_PACKET_TOO_LARGE';

export function brokerError(
  code: BrokerErrorCode,
  message: string,
  context: Record<string, unknown>,
  cause?: unknown,
): RackwattError {
  return new RackwattError(code, message, { cause, context });
}
