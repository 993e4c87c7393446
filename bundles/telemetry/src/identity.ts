import { RackwattError } from 'rackwatt';
import type { DeviceIdentity } from './device.js';

/** What devices say instead of a serial number that they do not have. */
const NO_SERIAL = /^(0+|x+|-+|\?+|n\/?a|none|null|unknown|not (available|set|applicable))$/i;

/** Vendor and serial, trimmed, by which a device is the same wherever it answers; undefined where it does not tell both. */
export function vendorAndSerial({ vendor = '', serial = '' }: DeviceIdentity): [string, string] | undefined {
  const [maker, number] = [vendor.trim(), serial.trim()];
  return maker === '' || number === '' || NO_SERIAL.test(number) ? undefined : [maker, number];
}

/** Whether both tell vendor and serial, and the same ones. */
export function isSameDevice(one: DeviceIdentity, other: DeviceIdentity): boolean {
  const [left, right] = [vendorAndSerial(one), vendorAndSerial(other)];
  return left !== undefined && right !== undefined && left[0] === right[0] && left[1] === right[1];
}

/** `APC AP8641 5A1234`, for sentences. */
export function identityText({ vendor, model, serial }: DeviceIdentity): string {
  return [vendor, model, serial].filter(Boolean).join(' ') || 'a device that tells neither vendor nor serial';
}

/**
 * Credentials as drivers take them. A secret is text: one that holds an object is that object as JSON.
 * @throws `DEVICE_SETTINGS_INVALID`
 */
export function plainCredentials(credentials: string | Record<string, unknown>): string | Record<string, unknown> {
  if (typeof credentials !== 'string' || !credentials.trimStart().startsWith('{')) return credentials;
  let parsed: unknown;
  try {
    parsed = JSON.parse(credentials);
  } catch (invalid) {
    // The parser's message quotes the secret.
    void invalid;
    throw new RackwattError(
      'DEVICE_SETTINGS_INVALID',
      'The credentials begin with "{", but are not valid JSON: write them again.',
    );
  }
  return parsed as Record<string, unknown>;
}
