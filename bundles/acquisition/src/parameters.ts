import type { IdentityAnswer, OutletCommand } from '@rackwatt/telemetry';
import { acquisitionError } from './errors.js';
import { DEVICE_PID } from './settings.js';

const COMMANDS: readonly string[] = ['on', 'off', 'cycle'] satisfies OutletCommand[];

/** Parameters of the admin method `outlet.switch`: `{ device, part, command }`. */
export function switchParameters(given: unknown): [device: string, part: string, command: OutletCommand] {
  const { device, part, command } = (typeof given === 'object' && given !== null ? given : {}) as Record<
    string,
    unknown
  >;
  if (
    typeof device !== 'string' ||
    typeof part !== 'string' ||
    typeof command !== 'string' ||
    !COMMANDS.includes(command)
  )
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      'outlet.switch takes { "device", "part", "command": "on", "off" or "cycle" }.',
    );
  return [device, part, command as OutletCommand];
}

/** Parameters of the admin method `device.identity.accept`: `{ device, answer }`. */
export function acceptParameters(given: unknown): [device: string, answer: IdentityAnswer] {
  const { device, answer } = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  if (typeof device !== 'string' || (answer !== 'replaced' && answer !== 'same'))
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      'An identity is accepted as "replaced" (another unit, whose history begins) or "same" (its history goes on).',
    );
  return [device, answer];
}

/** NAME of `rackwatt.device~NAME`. */
export function deviceName(pid: string | undefined): string {
  const prefix = `${DEVICE_PID}~`;
  if (pid?.startsWith(prefix) && pid.length > prefix.length) return pid.slice(prefix.length);
  throw acquisitionError(
    'DEVICE_NAME_INVALID',
    `A device is configured as "${DEVICE_PID}~NAME", not as "${pid ?? ''}".`,
  );
}
