import { Driver } from '@rackwatt/telemetry';
import { component } from 'rackwatt';
import { Type } from 'typebox';
import { AcmeDriver } from './driver.js';
import { SESSION_DEFAULTS } from './session.js';

const Configuration = Type.Object(
  {
    timeout: Type.Integer({
      minimum: 50,
      maximum: 60_000,
      default: SESSION_DEFAULTS.timeout,
      description: 'Milliseconds of one request.',
    }),
  },
  { additionalProperties: false },
);

/** Reads and switches acme devices. */
export const driver = component({
  name: 'acme.driver',
  provides: Driver,
  properties: { scheme: 'acme' },
  configuration: { schema: Configuration },
  wiring: {
    driver: ({ config, scope }) => {
      const made = new AcmeDriver(config);
      scope.add('sessions', () => made.closeAll());
      return made;
    },
  },
  activate: ({ driver: made }) => made,
});

export { AcmeDriver } from './driver.js';
