import { join } from 'node:path';
import { component, HealthCheck } from 'rackwatt';
import { Outbox } from '@rackwatt/telemetry';
import { Type } from 'typebox';
import { WorkerOutbox } from './outbox.js';

export { WorkerOutbox, type OutboxOptions } from './outbox.js';
export type { OutboxErrorCode } from './errors.js';

const configuration = Type.Object(
  {
    maxBytes: Type.Integer({
      default: 1024 ** 3,
      minimum: 1024 ** 2,
      description:
        'Bytes that may wait; past it the oldest go, replay before live before events, and leave gap records',
    }),
  },
  { additionalProperties: false },
);

export const outbox = component({
  name: 'rackwatt.outbox',
  provides: Outbox,
  configuration: { schema: configuration },
  activate({ config, log, scope, context }) {
    const path = join(context.dataFolder(), 'outbox.db');
    const opened = new WorkerOutbox({
      sqlite: context.resolve('better-sqlite3'),
      path,
      maxBytes: config.maxBytes,
      log,
    });
    scope.add('outbox and its worker', () => opened.close());
    context.provide(HealthCheck, { check: () => opened.health() }, { name: 'outbox' });
    return opened;
  },
});
