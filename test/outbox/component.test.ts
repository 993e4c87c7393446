import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HealthCheck, Scope, type Health } from 'rackwatt';
import { outbox } from '@rackwatt/outbox';
import type { Outbox } from '@rackwatt/telemetry';
import { Value } from 'typebox/value';
import { temporaryFolder } from '../support/temporary.js';
import { logbook, sample, sqlite } from './support.js';

test('the component keeps its file in its data folder, tells its health and ends with its scope', async (t) => {
  const folder = temporaryFolder(t);
  const scope = new Scope('test');
  const provided = new Map<string, { service: unknown; properties: unknown }>();
  const { options } = outbox;
  const config = Value.Default(options.configuration!.schema!, {});
  assert.deepEqual(config, { maxBytes: 1024 ** 3 });
  const context = {
    dataFolder: () => folder,
    resolve: (specifier: string) => (specifier === 'better-sqlite3' ? sqlite : ''),
    provide: (contract: { id: string }, service: unknown, properties: unknown) =>
      provided.set(contract.id, { service, properties }),
  };
  const service = (await options.activate({ config, log: logbook(), scope, context } as never)) as Outbox;
  await service.append({ samples: [sample('a', 1)] });
  assert.ok(existsSync(join(folder, 'outbox.db')));
  const health = provided.get(HealthCheck.id)!;
  assert.deepEqual(health.properties, { name: 'outbox' });
  const { state, figures } = (await (health.service as { check(): Promise<Health> }).check()) as Health;
  assert.equal(state, 'ok');
  assert.equal(figures!['replay'], 1);
  assert.deepEqual(await scope.close(), []);
  await assert.rejects(service.append({ samples: [sample('a', 2)] }), { code: 'OUTBOX_CLOSED' });
  assert.ok(!existsSync(join(folder, 'outbox.db-wal')), 'the log was taken into the file');
});
