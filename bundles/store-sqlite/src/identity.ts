import { type DeviceIdentity, vendorAndSerial } from '@rackwatt/telemetry';

/** `gateway/device`, safe in a URL. */
export function sourceKey(gateway: string, device: string): string {
  return `${safe(gateway)}/${safe(device)}`;
}

/** `vendor:serial` where the device tells both, so that two gateways that read one PDU mean one device; else `gateway/device`. */
export function deviceKey(gateway: string, device: string, identity: DeviceIdentity): string {
  const both = vendorAndSerial(identity);
  return both ? both.map(safe).join(':') : sourceKey(gateway, device);
}

function safe(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('~', '~7E').replaceAll('%', '~');
}
