import { component, errorMessage, HealthCheck, one, Runtime } from 'rackwatt';
import { Outbox } from '@rackwatt/telemetry';
import { Type } from 'typebox';
import { prepareLengths, UNPREPARED } from './lengths.js';
import { Publisher } from './publisher.js';

export { Publisher, type PublisherOptions } from './publisher.js';

const configuration = Type.Object(
  {
    url: Type.String({
      default: 'mqtt://127.0.0.1:1883',
      pattern: '^(mqtts?|wss?)://',
      description: 'Broker: mqtt, mqtts, ws or wss',
    }),
    tenant: Type.String({ default: 'default', description: 'Tenant in the topics' }),
    gateway: Type.Optional(Type.String({ description: "Gateway in the topics; the node's id when absent" })),
    credentials: Type.Optional(
      Type.Object({ username: Type.String(), password: Type.String() }, { additionalProperties: false }),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          ca: Type.Optional(Type.String({ description: 'Path of the authority, PEM' })),
          cert: Type.Optional(Type.String({ description: "Path of the gateway's certificate, PEM" })),
          key: Type.Optional(Type.String({ description: 'Path of its key, PEM' })),
        },
        { additionalProperties: false },
      ),
    ),
    keepalive: Type.Integer({ default: 15, minimum: 1, maximum: 3600, description: 'Seconds' }),
    window: Type.Integer({
      default: 32,
      minimum: 1,
      maximum: 1000,
      description: 'Live batches that may wait for acknowledgement',
    }),
    replayRate: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'Bytes a second of replayed batches, at most; 0: no bound',
    }),
    resend: Type.Number({
      default: 10,
      minimum: 0.1,
      description: 'Seconds after which a batch that is not acknowledged goes again',
    }),
  },
  { additionalProperties: false },
);

export const publisher = component({
  name: 'rackwatt.publisher.mqtt',
  provides: HealthCheck,
  properties: { name: 'publisher-mqtt' },
  references: { outbox: one(Outbox), runtime: one(Runtime) },
  configuration: { schema: configuration },
  async activate({ config, log, scope, context, outbox, runtime }) {
    // Beside the first packets, which need not wait for it.
    prepareLengths().catch((error: unknown) => log.warn({ error: errorMessage(error) }, UNPREPARED));
    const gateway = config.gateway ?? (await runtime.node()).id;
    const { version } = context.bundle;
    const { credentials, tls } = config;
    const opened = await Publisher.open({
      ...config,
      credentials,
      tls,
      gateway,
      version,
      resend: config.resend * 1000,
      outbox,
      log,
    });
    scope.add('connection to the broker', () => opened.close());
    return { check: () => Promise.resolve(opened.health()) };
  },
});
