import { join } from 'node:path';
import { AdminMethod, component, contract, HealthCheck, many, one, optional, SecretResolver } from 'rackwatt';
import { Devices, Driver, Outbox, OutletControl } from '@rackwatt/telemetry';
import { Acquisition } from './acquisition.js';
import { DEVICE_PID, DeviceSchema, type DeviceSettings, deviceSettings } from './settings.js';
import { acceptParameters, deviceName, switchParameters } from './parameters.js';

export { Acquisition, type AcquisitionParts, type DeviceView } from './acquisition.js';
export { Schedule } from './schedule.js';
export type { TimeSource } from './time.js';
export { DEVICE_PID, type DeviceConfiguration, DeviceSchema, type DeviceSettings, deviceSettings } from './settings.js';

/** Where the components of devices report to; private to this bundle. */
interface Readings {
  add(id: string, settings: DeviceSettings): (reason: 'stopped' | 'removed') => Promise<void>;
}

const Readings = contract<Readings>('rackwatt.acquisition/Readings', { major: 1, local: true });

/** Schedules the reads of all devices; needs the outbox, and takes drivers as they come and go. */
export const acquisition = component({
  name: 'rackwatt.acquisition',
  provides: [Devices, OutletControl, Readings],
  references: { drivers: many(Driver, { dynamic: true }), outbox: one(Outbox), secrets: optional(SecretResolver) },
  activate({ drivers, outbox, secrets, log, context }) {
    const identityFile = join(context.dataFolder(), 'identities.json');
    const devices = new Acquisition({ drivers, outbox, log, identityFile, ...(secrets && { secrets }) });
    context.provide(HealthCheck, { check: async () => devices.health() }, { name: 'devices' });
    context.provide(AdminMethod, { call: async () => devices.views() }, { name: 'device.status' });
    context.provide(AdminMethod, { call: async () => devices.identities() }, { name: 'device.identities' });
    context.provide(
      AdminMethod,
      { call: async (given) => devices.acceptIdentity(...acceptParameters(given)) },
      { name: 'device.identity.accept' },
    );
    context.provide(
      AdminMethod,
      { call: async (given) => devices.switchOutlet(...switchParameters(given)) },
      { name: 'outlet.switch' },
    );
    return devices;
  },
  deactivate: (devices) => devices.stop(),
});

/** One for each `rackwatt.device~NAME`. */
export const device = component({
  name: DEVICE_PID,
  references: { readings: one(Readings) },
  configuration: { policy: 'require', schema: DeviceSchema },
  activate({ readings, config, context }) {
    if (!config.enabled) return async () => undefined;
    return readings.add(deviceName(context.pid), deviceSettings(config));
  },
  deactivate: (end: (reason: 'stopped' | 'removed') => Promise<void>, reason) =>
    end(reason === 'configuration-deleted' ? 'removed' : 'stopped'),
});
