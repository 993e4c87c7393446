import path from 'node:path';
import { Store } from '@rackwatt/telemetry';
import { component, HealthCheck, one } from 'rackwatt';
import { Type } from 'typebox';
import { Ingest } from './ingest.js';

export type { IngestErrorCode } from './errors.js';
export { Ingest, type IngestOptions } from './ingest.js';

const configuration = Type.Object(
  {
    url: Type.String({
      default: 'mqtt://127.0.0.1:1883',
      pattern: '^(mqtts?|wss?)://',
      description: 'Broker: mqtt, mqtts, ws or wss',
    }),
    tenant: Type.String({
      default: 'default',
      pattern: '^(\\+|[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})$',
      description: 'Tenant in the topics; + takes all',
    }),
    credentials: Type.Optional(
      Type.Object({ username: Type.String(), password: Type.String() }, { additionalProperties: false }),
    ),
    journalBytes: Type.Integer({ default: 256 << 20, minimum: 1 << 20, description: 'Bound of the journal, bytes' }),
  },
  { additionalProperties: false },
);

export const ingest = component({
  name: 'rackwatt.ingest',
  provides: HealthCheck,
  properties: { name: 'ingest' },
  references: { store: one(Store) },
  configuration: { schema: configuration },
  async activate({ config, context, log, scope, store }) {
    const { url, tenant, credentials, journalBytes } = config;
    const file = path.join(context.dataFolder(), 'journal.db');
    const journal = { file, maxBytes: journalBytes, sqlite: context.resolve('better-sqlite3') };
    const opened = await Ingest.open({ url, tenant, credentials, journal, store, log });
    scope.add(`ingest from ${url}`, () => opened.close());
    return { check: () => Promise.resolve(opened.health()) };
  },
});
