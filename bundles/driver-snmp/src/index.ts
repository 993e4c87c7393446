import { Discovery, Driver } from '@rackwatt/telemetry';
import { component } from 'rackwatt';
import { Type } from 'typebox';
import { SnmpDiscovery } from './discovery/discovery.js';
import { SnmpDriver } from './driver.js';
import { readProfiles } from './profile-files.js';
import { SESSION_DEFAULTS } from './session.js';

const Configuration = Type.Object(
  {
    timeout: Type.Integer({
      minimum: 50,
      maximum: 60_000,
      default: SESSION_DEFAULTS.timeout,
      description: 'Milliseconds of one try.',
    }),
    retries: Type.Integer({
      minimum: 0,
      maximum: 10,
      default: SESSION_DEFAULTS.retries,
      description: 'Tries after the first.',
    }),
    relearn: Type.Integer({
      minimum: 10_000,
      default: SESSION_DEFAULTS.relearn,
      description: 'Milliseconds between two looks at names, scales and rows of a device.',
    }),
    requestsInFlight: Type.Integer({
      minimum: 1,
      maximum: 16,
      default: SESSION_DEFAULTS.requestsInFlight,
      description: 'Requests in flight to one agent, of all devices behind it.',
    }),
    requestsPerSecond: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: SESSION_DEFAULTS.requestsPerSecond,
      description: 'Requests to one agent within a second, of all devices behind it.',
    }),
    profiles: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Folder of profiles of your own (*.json); one of the same name replaces what comes with Rackwatt.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Reads and switches PDUs over SNMP, and looks for them; a discovery that runs is cancelled when the bundle goes. */
export const snmpDriver = component({
  name: 'rackwatt.driver.snmp',
  provides: Driver,
  properties: { scheme: 'snmp' },
  configuration: { schema: Configuration },
  wiring: {
    driver: ({ config: { profiles: folder, ...options }, log, scope }) => {
      const profiles = folder === undefined ? [] : readProfiles(folder);
      const driver = new SnmpDriver({ ...options, profiles }, log);
      scope.add('SNMP sessions', () => driver.closeAll());
      return driver;
    },
  },
  activate({ driver, context, log, scope }) {
    const discovery = new SnmpDiscovery(driver.surroundings, log);
    scope.add('discovery', () => discovery.close());
    context.provide(Discovery, discovery, { scheme: 'snmp' });
    return driver;
  },
  handOver: (driver) => driver.handOver(),
  takeOver: (driver, state) => driver.takeOver(state),
});

export { SnmpDiscovery } from './discovery/discovery.js';
export { SnmpDriver } from './driver.js';
