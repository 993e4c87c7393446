import { type ConfigurationAdmin, type Live, RackwattError, type Runtime, type SecretResolver } from 'rackwatt';
import type { Devices, Discovery, Store } from '@rackwatt/telemetry';

/** What the routes work on; store, devices and discovery may be absent for a while. */
export interface Services {
  store: Live<Store>;
  devices: Live<Devices>;
  discovery: Live<Discovery>;
  configuration: ConfigurationAdmin;
  runtime: Runtime;
  secrets: SecretResolver;
}

/** @throws RackwattError `STORE_ABSENT` while no bundle keeps readings. */
export function storeOf(services: Pick<Services, 'store'>): Store {
  const store = services.store.service;
  if (store) return store;
  throw new RackwattError('STORE_ABSENT', 'No store is running on this node, so there are no readings to show.', {
    context: { status: 503 },
  });
}

/** @throws RackwattError `DEVICES_ABSENT` while no bundle reads devices. */
export function devicesOf(services: Pick<Services, 'devices'>): Devices {
  const devices = services.devices.service;
  if (devices) return devices;
  throw new RackwattError(
    'DEVICES_ABSENT',
    'This node reads no devices: the bundle acquisition is not running on it.',
    { context: { status: 503 } },
  );
}

/** What the store's errors mean for who asked. */
export const STORE_STATUSES: Readonly<Record<string, number>> = {
  STORE_DEVICE_UNKNOWN: 404,
  STORE_POINT_UNKNOWN: 404,
  STORE_QUERY_INVALID: 400,
  STORE_CLOSED: 503,
};

/** Gives an error of another service the HTTP status that its code means here. */
export async function withStatus<T>(statuses: Readonly<Record<string, number>>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code, message, context } = error as Partial<RackwattError>;
    const status = code === undefined ? undefined : statuses[code];
    if (code === undefined || status === undefined) throw error;
    throw new RackwattError(code, String(message), { cause: error, context: { ...context, status } });
  }
}
