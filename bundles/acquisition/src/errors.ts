import { RackwattError } from 'rackwatt';

/** Codes of acquisition's own errors; those of drivers are in `DRIVER_ERRORS`. */
export type AcquisitionErrorCode =
  | 'DEVICE_UNKNOWN'
  | 'DEVICE_EXISTS'
  | 'DEVICE_NAME_INVALID'
  | 'DEVICE_NO_DRIVER'
  | 'DEVICE_SETTINGS_INVALID'
  | 'DEVICE_STOPPED'
  | 'DEVICE_NO_ANSWER'
  | 'DEVICE_ADDRESS_INVALID'
  | 'DEVICE_GARBAGE'
  | 'DEVICE_CONFIGURATION_REFUSED'
  | 'DEVICE_IMPORT_INVALID'
  | 'DEVICE_NO_QUESTION'
  | 'DEVICE_IDENTITY_TAKEN';

export function acquisitionError(
  code: AcquisitionErrorCode,
  message: string,
  options: { cause?: unknown; context?: Record<string, unknown> } = {},
): RackwattError {
  return new RackwattError(code, message, options);
}
