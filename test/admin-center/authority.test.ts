import assert from 'node:assert/strict';
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type Sqlite from 'better-sqlite3';
import { TestCenter } from './support/center.js';

const require = createRequire(import.meta.url);
const SQLite = require('better-sqlite3') as typeof Sqlite;

/** Starts a center whose component does not come up. @returns its log */
async function refused(center: TestCenter): Promise<string> {
  await assert.rejects(center.start(), /there is no method fleet.authority/);
  return center.node.lines.join('\n');
}

test('keys are made once, for the owner alone, and are the same after a restart', async (t) => {
  const center = await TestCenter.start(t);
  const { fingerprint } = center;
  assert.match(center.node.lines.join('\n'), new RegExp(`its root is ${fingerprint}`));
  const folder = join(center.folder, 'authority');
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  assert.equal(statSync(center.folder).mode & 0o777, 0o700);
  assert.equal(readdirSync(folder).length, 6);
  await center.restart();
  assert.equal(center.fingerprint, fingerprint);
});

test('13 a key that others can read is not used', async (t) => {
  const center = await TestCenter.start(t);
  await center.node.stop();
  chmodSync(join(center.folder, 'authority', 'issuing.key.pem'), 0o644);
  assert.match(await refused(center), /issuing\.key\.pem can be read by others/);
});

test('keys that are gone are not made anew where gateways know them', async (t) => {
  const center = await TestCenter.start(t);
  await center.gateway('one');
  await center.node.stop();
  rmSync(join(center.folder, 'authority'), { recursive: true });
  assert.match(await refused(center), /is gone, and gateways are enrolled/);
});

test('a center keeps its tenant', async (t) => {
  const center = await TestCenter.start(t, { tenant: 'acme' });
  await center.node.stop();
  const { document } = center.node;
  center.node.write({
    ...document,
    configurations: { ...document.configurations, 'rackwatt.admin-center': { port: 0, tenant: 'other' } },
  });
  assert.match(await refused(center), /of another tenant/);
});

/** A center with some records of its audit, stopped. */
async function audited(t: TestContext): Promise<{ center: TestCenter; change(sql: string): void }> {
  const center = await TestCenter.start(t);
  await center.gateway('one');
  for (let n = 0; n < 3; n++)
    await center.set('one', { configurations: { 'acme.driver': { n } }, reason: `step ${n}` });
  const { check } = await center.call<{ check: object }>('fleet.audit', { limit: 10 });
  assert.ok(!('broken' in check));
  await center.node.stop();
  const change = (sql: string): void => {
    const database = new SQLite(join(center.folder, 'center.db'));
    database.exec(sql);
    database.close();
  };
  return { center, change };
}

for (const [what, sql, broken] of [
  ['changed', "UPDATE audit SET result = 'nothing' WHERE n = 3", 4],
  ['taken out', 'DELETE FROM audit WHERE n = 3', 3],
  [
    'exchanged',
    'UPDATE audit SET n = -n WHERE n IN (3, 4); UPDATE audit SET n = 4 WHERE n = -3; UPDATE audit SET n = 3 WHERE n = -4',
    3,
  ],
] as const)
  test(`65 a record of the audit that was ${what} is found`, async (t) => {
    const { center, change } = await audited(t);
    change(sql);
    await center.start();
    const { check } = await center.call<{ check: { broken: number } }>('fleet.audit', { limit: 10 });
    assert.equal(check.broken, broken);
  });
