import { RackwattError } from 'rackwatt';

/** Codes of the simulator's errors. */
export type SimulatorErrorCode =
  | 'SIMULATOR_PORT_IN_USE'
  | 'SIMULATOR_ADDRESS_INVALID'
  | 'SIMULATOR_RECORDING_UNREADABLE'
  | 'SIMULATOR_RECORDING_EMPTY'
  | 'SIMULATOR_OPTION_INVALID'
  | 'SIMULATOR_PROCESS_ENDED'
  | 'SNMP_MESSAGE_MALFORMED'
  | 'SNMP_NOT_ACKNOWLEDGED'
  | 'SNMP_OID_INVALID'
  | 'SNMP_VALUE_INVALID';

export function simulatorError(
  code: SimulatorErrorCode,
  message: string,
  options: { cause?: unknown; context?: Record<string, unknown> } = {},
): RackwattError {
  return new RackwattError(code, message, options);
}
