import type { DeviceIdentity } from '@rackwatt/telemetry';

/** What devices say instead of a serial number that they do not have. */
const NO_SERIAL = /^(0+|x+|-+|\?+|n\/?a|none|null|unknown|not (available|set|applicable))$/i;

/** `gateway/device`, safe in a URL. */
export function sourceKey(gateway: string, device: string): string {
  return `${safe(gateway)}/${safe(device)}`;
}

/** `vendor:serial` where the device tells both, so that two gateways that read one PDU mean one device; else `gateway/device`. */
export function deviceKey(gateway: string, device: string, { vendor, serial }: DeviceIdentity): string {
  const number = serial?.trim() ?? '';
  if (!vendor?.trim() || number === '' || NO_SERIAL.test(number)) return sourceKey(gateway, device);
  return `${safe(vendor.trim())}:${safe(number)}`;
}

function safe(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('~', '~7E').replaceAll('%', '~');
}
