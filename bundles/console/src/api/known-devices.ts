import type { DeviceStatus, StoredDevice } from '@rackwatt/telemetry';
import type { DevicePower, InletPower } from './inlet-power.js';
import { type Services, storeOf } from './services.js';
import type { DeviceView } from './views.js';

/** PID of configured devices: `rackwatt.device~<name>`. */
export const DEVICE_PID = 'rackwatt.device';

const NO_POWER: DevicePower = { kW: null, complete: false };

/** All that is known of the devices: what the store holds, those of this node that never gave a sample, and units that were replaced. */
export async function knownDevices(
  services: Services,
  power: InletPower,
  now: number,
): Promise<{ views: DeviceView[]; past: DeviceView[]; stored: Map<string, StoredDevice> }> {
  const store = storeOf(services);
  const [all, statuses, configured, node] = await Promise.all([
    store.devices(),
    services.devices.service?.status() ?? [],
    configuredDevices(services),
    services.runtime.node(),
  ]);
  const stored = all.filter((device) => device.status.state !== 'removed' || configured.has(device.device));
  const [present, replaced] = byPresence(stored);
  const watts = await power.of(store, present, now);
  const own = new Map(statuses.map((status) => [status.device, status]));
  const views = present.map((device) => {
    const here = device.gateway === node.id ? own.get(device.device) : undefined;
    if (here) own.delete(device.device);
    return storedView(device, here, watts.get(device.id) ?? NO_POWER, configured.get(device.device), now);
  });
  const names = new Set(stored.filter((device) => device.gateway === node.id).map((device) => device.device));
  for (const [device, configuration] of configured) {
    if (!names.has(device) && !stored.some((one) => one.device === device)) {
      views.push(unreadView(device, node.id, own.get(device), configuration, now));
    }
  }
  const past = replaced.map((device) => storedView(device, undefined, NO_POWER, undefined, now));
  return { views, past, stored: new Map(stored.map((device) => [device.id, device])) };
}

/** Devices that were read last under their names, and the units that they took the place of, whose history is kept. */
function byPresence(stored: readonly StoredDevice[]): [present: StoredDevice[], replaced: StoredDevice[]] {
  const last = new Map<string, StoredDevice>();
  for (const device of stored) {
    const key = JSON.stringify([device.gateway, device.device]);
    const other = last.get(key);
    if (!other || (device.lastSample ?? 0) > (other.lastSample ?? 0)) last.set(key, device);
  }
  const present = new Set(last.values());
  return [stored.filter((device) => present.has(device)), stored.filter((device) => !present.has(device))];
}

function storedView(
  device: StoredDevice,
  here: DeviceStatus | undefined,
  power: DevicePower,
  configuration: Record<string, unknown> | undefined,
  now: number,
): DeviceView {
  const { state, detail, since } = statusOf(configuration, here ?? device.status);
  return {
    id: device.id,
    gateway: device.gateway,
    device: device.device,
    identity: device.identity,
    location: device.location,
    interval: device.interval,
    status: { state, ...(detail !== undefined && { detail }), since },
    lastSample: device.lastSample,
    age: device.lastSample === null ? null : Math.max(0, now - device.lastSample),
    ...power,
    pid: configuration ? `${DEVICE_PID}~${device.device}` : null,
  };
}

function unreadView(
  device: string,
  gateway: string,
  status: DeviceStatus | undefined,
  configuration: Record<string, unknown>,
  now: number,
): DeviceView {
  const { state, detail, since } = statusOf(configuration, status ?? { state: 'connecting', since: now });
  const location = configuration['location'];
  return {
    id: device,
    gateway,
    device,
    identity: {},
    location: typeof location === 'object' && location !== null ? location : {},
    interval: 0,
    status: { state, ...(detail !== undefined && { detail }), since },
    lastSample: null,
    age: null,
    ...NO_POWER,
    pid: `${DEVICE_PID}~${device}`,
  };
}

function statusOf(
  configuration: Record<string, unknown> | undefined,
  status: Omit<DeviceStatus, 'device'>,
): DeviceView['status'] {
  if (configuration?.['enabled'] !== false) return status;
  return { state: 'disabled', detail: 'Configured, but "enabled" is off in its settings.', since: status.since };
}

/** Devices of this node's configuration file by name. */
export async function configuredDevices({
  configuration,
}: Pick<Services, 'configuration'>): Promise<Map<string, Record<string, unknown>>> {
  const { document } = await configuration.read();
  const all = (document as { configurations?: Record<string, unknown> } | null)?.configurations ?? {};
  return new Map(
    Object.entries(all)
      .filter(([pid]) => pid.startsWith(`${DEVICE_PID}~`))
      .map(([pid, value]) => [pid.slice(DEVICE_PID.length + 1), (value ?? {}) as Record<string, unknown>]),
  );
}
