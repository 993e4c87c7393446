import { Outbox } from '@rackwatt/telemetry';
import { component, HealthCheck, one } from 'rackwatt';
import { Type } from 'typebox';
import { Publisher } from './publisher.js';
import { send } from './send.js';

const Configuration = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', description: 'Where the readings are sent to.' }),
    timeout: Type.Integer({
      minimum: 100,
      maximum: 600_000,
      default: 30_000,
      description: 'Milliseconds for one request.',
    }),
  },
  { additionalProperties: false },
);

/** Sends what the outbox holds to Acme; its health says why it does not. */
export const publisher = component({
  name: 'acme.publisher',
  provides: HealthCheck,
  properties: { name: 'acme' },
  references: { outbox: one(Outbox) },
  configuration: { policy: 'require', schema: Configuration },
  activate: ({ outbox, config, log, scope }) => {
    const made = new Publisher({
      outbox,
      log,
      signal: scope.signal,
      send: (rows) => send(config.url, rows, config.timeout, scope.signal),
    });
    const running = made.run();
    scope.add('sending', () => running);
    return { check: async () => made.health() };
  },
});

export { Publisher } from './publisher.js';
