import path from 'node:path';
import { Store } from '@rackwatt/telemetry';
import { component, HealthCheck } from 'rackwatt';
import { Type } from 'typebox';
import { WorkerStore } from './client.js';

export type { StoreErrorCode } from './errors.js';
export { WorkerStore };

const configuration = Type.Object(
  {
    rawDays: Type.Number({
      default: 90,
      exclusiveMinimum: 0,
      description: 'Days for which readings, gaps and events are kept',
    }),
    maxBytes: Type.Integer({ default: 0, minimum: 0, description: 'Bound of the file in bytes; 0 is none' }),
    blockRows: Type.Integer({
      default: 288,
      minimum: 8,
      maximum: 4096,
      description: 'Samples that are compressed together',
    }),
  },
  { additionalProperties: false },
);

export const store = component({
  name: 'rackwatt.store.sqlite',
  provides: Store,
  configuration: { schema: configuration },
  async activate({ config, context, log, scope }) {
    const file = path.join(context.dataFolder(), 'store.db');
    const opened = await WorkerStore.open({ ...config, file, sqlite: context.resolve('better-sqlite3') });
    scope.add(`store ${file}`, () => opened.close());
    context.provide(HealthCheck, { check: () => opened.check() }, { name: 'store' });
    log.info({ file }, 'store is open');
    return opened;
  },
});
