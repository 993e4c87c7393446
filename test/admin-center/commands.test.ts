import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { rackwatt, until } from '../support/node.js';
import { TestCenter } from './support/center.js';
import type { TestGateway } from './support/gateway.js';

const fleet = (center: TestCenter, ...words: string[]) =>
  rackwatt(['fleet', ...words, '--home', center.node.home], { timeout: 60_000 });

/** What the agent would do: takes the next order and says so, phase by phase. */
async function follow(gateway: TestGateway, phases: readonly object[]): Promise<void> {
  const order = await gateway.open(await gateway.desired(undefined, 60));
  for (const phase of phases) {
    await gateway.report({ desired: { sequence: order.sequence, phase: 'waiting', ...phase } });
    await delay(100);
  }
}

test('a person enrols a gateway, installs, watches, and reads in the end who did what', async (t) => {
  const center = await TestCenter.start(t);
  const { stdout } = await fleet(center, 'authority');
  assert.match(stdout, new RegExp(`root +${center.fingerprint}`));
  const gateway = await center.stranger({ serial: 'SN-9' });
  const asked = await gateway.ask();
  const waiting = await fleet(center, 'list');
  assert.match(waiting.stdout, new RegExp(`${asked.id.slice(0, 8)} +SN-9 .*127\\.0\\.0\\.1`));
  assert.ok(!waiting.stdout.includes(asked.claimCode));
  const wrong = await fleet(center, 'approve', asked.id.slice(0, 8), '00000-00000');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /not the code that the gateway shows; 9 tries are left/);
  const approved = await fleet(center, 'approve', asked.id.slice(0, 8), asked.claimCode, '--name', 'hall-1');
  assert.equal(approved.status, 0, approved.stderr);
  await gateway.enrol(asked.id);

  const { file, sha256 } = await center.artifact('@acme/driver', '1.0.0');
  const trial = await fleet(center, 'install', 'hall-1', file, '--dry-run');
  assert.match(trial.stdout, /hall-1 would change:\n +install +@acme\/driver 1\.0\.0/);
  assert.match(trial.stderr, /has not reported yet/);
  const following = follow(gateway, [
    { phase: 'downloading', progress: 0.5 },
    { phase: 'probation' },
    { phase: 'converged' },
  ]);
  const installed = await fleet(center, 'install', 'hall-1', file, '--wait');
  assert.equal(installed.status, 0, installed.stderr);
  assert.match(installed.stdout, /hall-1 {2}converged\n$/);
  await following;

  const shown = await fleet(center, 'show', 'hall-1', '--json');
  const { wanted } = JSON.parse(shown.stdout) as { wanted: { bundles: Record<string, { sha256: string }> } };
  assert.equal(wanted.bundles['@acme/driver']!.sha256, sha256);
  assert.match((await fleet(center, 'show', 'hall-1')).stdout, /@acme\/driver +1\.0\.0/);
  assert.match((await fleet(center, 'artifacts', 'list')).stdout, /@acme\/driver +1\.0\.0 .*unsigned/);
  const audit = await fleet(center, 'audit');
  assert.equal(audit.status, 0);
  assert.match(audit.stdout, /cli:\S+ +enrolment\.approve.*\n.*cli:test +artifact\.add.*\n.*cli:\S+ +desired\.set/);
});

test('what a gateway refused or took back is said with its own sentence, and the status is not 0', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('hall-1');
  const { file } = await center.artifact('@acme/driver', '1.0.0');
  const following = follow(gateway, [{ phase: 'rolled-back', detail: 'BUNDLE_START: it throws' }]);
  const installed = await fleet(center, 'install', 'hall-1', file, '--wait');
  await following;
  assert.equal(installed.status, 1);
  assert.match(installed.stderr, /hall-1: rolled-back: BUNDLE_START: it throws/);
  const waited = await fleet(center, 'wait', 'hall-1', '--json');
  assert.equal(waited.status, 1);
  assert.equal((JSON.parse(waited.stdout) as { outcome: string }[])[0]!.outcome, 'rolled-back');
  const away = await fleet(center, 'remove', 'hall-1', '@acme/driver', '--wait', '--timeout', '1 s');
  assert.equal(away.status, 1);
  assert.match(away.stderr, /not at its end in time/);
});

test('a file says all that a gateway shall run', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('hall-1');
  await center.artifact('@acme/driver', '1.0.0');
  const file = join(center.node.home, 'desired.json');
  writeFileSync(file, JSON.stringify({ bundles: { '@acme/driver': '1.0.0' }, configurations: { 'acme.driver': {} } }));
  const set = await fleet(center, 'set', 'hall-1', file, '--reason', 'ticket 7');
  assert.equal(set.status, 0, set.stderr);
  const order = await gateway.open(await gateway.desired());
  assert.deepEqual(
    [Object.keys(order.bundles), order.configurations, order.reason],
    [['@acme/driver'], { 'acme.driver': {} }, 'ticket 7'],
  );
  for (const [text, why] of [
    ['{', /is not JSON/],
    ['{"bundle":{}}', /"bundle" is neither/],
    ['{"bundles":{"@acme/driver":"9.9.9"}}', /no archive @acme\/driver 9\.9\.9/],
  ] as const) {
    writeFileSync(file, text);
    const refused = await fleet(center, 'set', 'hall-1', file);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, why);
  }
  assert.equal((await gateway.open(await gateway.desired())).sequence, order.sequence);
});

test('operators see the same over HTTP, described, and as it happens', async (t) => {
  const center = await TestCenter.start(t);
  const url = String((await center.figures('http'))['url']);
  const { paths } = (await (await fetch(`${url}api/v1/openapi.json`)).json()) as { paths: Record<string, object> };
  assert.ok(
    paths['/api/v1/fleet/gateways/{id}/desired'] ?? paths['/fleet/gateways/{id}/desired'],
    Object.keys(paths).join(),
  );
  const stop = new AbortController();
  t.after(() => stop.abort());
  const stream = await fetch(`${url}api/v1/fleet/events`, { signal: stop.signal });
  let seen = '';
  const reading = (async () => {
    for await (const chunk of stream.body!) seen += Buffer.from(chunk).toString();
  })().catch(() => undefined);

  const gateway = await center.stranger({ serial: 'SN-9' });
  const asked = await gateway.ask();
  const { json } = await center.api('GET', '/fleet/enrolments');
  assert.equal((json['enrolments'] as { id: string }[])[0]!.id, asked.id);
  const refused = await center.api('POST', `/fleet/enrolments/${asked.id}/approval`, { code: 'AAAAA-AAAAA' });
  assert.deepEqual([refused.status, refused.json['code']], [403, 'FLEET_CLAIM_CODE']);
  const approved = await center.api('POST', `/fleet/enrolments/${asked.id}/approval`, { code: asked.claimCode });
  assert.equal(approved.status, 201);
  await gateway.enrol(asked.id);
  const desired = { configurations: { 'acme.driver': { n: 1 } }, isTrial: true };
  const trial = await center.api('PUT', `/fleet/gateways/${gateway.id}/desired`, desired);
  assert.deepEqual([trial.status, trial.json['sequence']], [200, 0]);
  const set = await center.api('PUT', `/fleet/gateways/${gateway.id}/desired`, { ...desired, isTrial: false });
  assert.equal((await gateway.open(await gateway.desired())).sequence, set.json['sequence']);
  await gateway.report({
    desired: { sequence: Number(set.json['sequence']), phase: 'refused', detail: 'CONFIG_INVALID: n' },
  });
  await until('the page would see it', () => /event: gateway\ndata: .*"progress":"refused"/.test(seen));
  assert.match(seen, /event: enrolments\n/);
  const unknown = await center.api('GET', '/fleet/gateways/nobody');
  assert.deepEqual([unknown.status, unknown.json['code']], [404, 'FLEET_GATEWAY_UNKNOWN']);
  const revoked = await center.api('POST', `/fleet/gateways/${gateway.id}/revocation`, {});
  assert.equal(revoked.json['state'], 'revoked');
  stop.abort();
  await reading;
});

test('66 what a gateway says of itself cannot move the cursor of who reads it', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('hall-1');
  const { sequence } = await center.set('hall-1', { configurations: { 'acme.driver': {} } });
  const evil = '\u001b[2J\u009b2J\r\nhall-1  converged\u202e';
  await gateway.report({
    desired: { sequence, phase: 'refused', detail: evil },
    refused: { code: 'ORDER_SIGNATURE', detail: evil, time: 0 },
    actual: {
      health: 'failed',
      troubles: { [evil]: evil },
      bundles: [{ name: evil, version: evil, state: evil, reason: evil }],
      configurations: {},
    },
  });
  for (const words of [['list'], ['show', 'hall-1'], ['wait', 'hall-1'], ['rollback', 'hall-1', '--dry-run']]) {
    const { stdout, stderr } = await fleet(center, ...words);
    assert.doesNotMatch(stdout + stderr, /[^\P{C}\n]/u, words.join(' '));
    assert.doesNotMatch(stdout, /^hall-1 {2}converged/m);
  }
});
