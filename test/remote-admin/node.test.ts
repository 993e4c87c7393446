import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { BundleInfo } from 'rackwatt';
import type { Status } from '@rackwatt/remote-admin';
import { partsOf, signed } from '../support/archives.js';
import { checkout, rackwatt, TestNode, until } from '../support/node.js';
import { TestCenter } from './support/center.js';
import { TestProxy } from './support/proxy.js';

const release = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const PID = 'rackwatt.remote-admin';

interface Site {
  center: TestCenter;
  node: TestNode;
}

/** A gateway as a process of its own, with everything granted, and its center. */
async function enrolled(t: TestContext, probation: string): Promise<Site> {
  const center = await TestCenter.start(t);
  const node = await TestNode.site(t, {
    bundles: ['fleet', 'remote-admin'],
    trust: ['link'],
    configurations: { [PID]: { probation } },
  });
  const document = node.readConfiguration();
  node.writeConfiguration({ ...document, framework: { ...document.framework, probation } });
  mkdirSync(join(node.home, 'keys'), { recursive: true });
  writeFileSync(join(node.home, 'keys', 'release.pub'), release.publicKey.export({ type: 'spki', format: 'pem' }));
  await node.start();
  const { url } = center;
  const { fingerprint } = center.authority;
  const enabled = await node.cli(
    'remote-admin',
    'enable',
    'monitor',
    'configure',
    'update',
    '--center',
    url,
    '--fingerprint',
    fingerprint,
  );
  assert.equal(enabled.status, 0, enabled.stderr);
  await until('it is connected', async () => (await status(node)).state === 'connected');
  return { center, node };
}

function status(node: TestNode): Promise<Status> {
  return node.json<Status>('remote-admin', 'status');
}

function phase(node: TestNode, sequence: number, wanted: string) {
  return until(
    `order ${sequence} is ${wanted}`,
    async () => {
      const { desired, trouble } = await status(node);
      if (desired?.sequence === sequence && desired.phase === wanted) return desired;
      throw new TypeError(JSON.stringify({ desired, trouble }));
    },
    60_000,
  );
}

/** A bundle whose component does what `activate` says. */
function driver(version: string, activate: string, key = release.privateKey): Buffer {
  const name = '@acme/driver';
  const code = `const { component } = require('rackwatt');
exports.driver = component({ name: 'acme.driver', activate: () => { ${activate} } });`;
  const packageJson = JSON.stringify({ name, version, main: './index.js', rackwatt: {} });
  return signed(
    partsOf({ name, version }, [
      { path: 'package.json', content: Buffer.from(packageJson) },
      { path: 'index.js', content: Buffer.from(code) },
    ]),
    key,
  );
}

function desired(center: TestCenter, version: string, archive: Buffer) {
  return { bundles: { '@acme/driver': { version, ...center.keep(archive) } } };
}

async function running(node: TestNode): Promise<string | undefined> {
  const bundles = await node.json<BundleInfo[]>('bundle', 'list');
  const found = bundles.find(({ name }) => name === '@acme/driver');
  return found && `${found.version} ${found.state}`;
}

test('a gateway that is a process enrols, installs, refuses, goes back, and is switched off', {
  timeout: 240_000,
}, async (t) => {
  const { center, node } = await enrolled(t, '2 s');

  await center.desire(desired(center, '1.0.0', driver('1.0.0', '')));
  await phase(node, 1, 'converged');
  assert.equal(await running(node), '1.0.0 ACTIVE');

  // 33: signed by somebody whom this gateway does not trust, whoever orders it.
  await center.desire(desired(center, '1.1.0', driver('1.1.0', '', stranger.privateKey)));
  assert.match((await phase(node, 2, 'refused')).detail!, /^SIGNATURE_INVALID/);

  // 46: it throws as it comes up.
  await center.desire(desired(center, '1.2.0', driver('1.2.0', "throw new Error('no such line');")));
  const failed = await until('it is over', async () => {
    const { desired: found } = await status(node);
    return found?.sequence === 3 && /refused|rolled-back/.test(found.phase) && found;
  });
  assert.match(failed.detail!, /no such line/);
  assert.equal(await running(node), '1.0.0 ACTIVE');
  await until('the center knows why', () =>
    center.reports.some(({ desired: found }) => /no such line/.test(found?.detail ?? '')),
  );

  // 60, with a real file.
  const before = readFileSync(node.file, 'utf8');
  await center.desire({ configurations: { [PID]: null } });
  assert.match((await phase(node, 4, 'refused')).detail!, /^ORDER_FORBIDDEN/);
  assert.equal(readFileSync(node.file, 'utf8'), before);

  const { actual } = center.reports.at(-1)!;
  assert.ok(actual!.bundles.some(({ name, state }) => name === '@acme/driver' && state === 'ACTIVE'));
  const log = await node.cli('remote-admin', 'log');
  assert.match(log.stdout, /center: alice {2}ordered 1/);
});

test('20 42 killed on probation, the gateway goes on with it and reports truly', { timeout: 240_000 }, async (t) => {
  const { center, node } = await enrolled(t, '8 s');
  await center.desire(desired(center, '1.0.0', driver('1.0.0', '')));
  await phase(node, 1, 'probation');
  await node.kill();
  await node.start();
  await phase(node, 1, 'converged');
  assert.equal(await running(node), '1.0.0 ACTIVE');
  assert.equal(center.enrolments.size, 1);
});

test('42 killed at any moment of an order, what runs is the old or the new, and the center is told the truth', {
  timeout: 400_000,
}, async (t) => {
  const { center, node } = await enrolled(t, '1 s');
  await center.desire(desired(center, '1.0.0', driver('1.0.0', '')));
  await phase(node, 1, 'converged');
  let sequence = 1;
  for (const delay of [0, 40, 80, 120, 170, 230, 300, 450, 700, 1000]) {
    const version = `1.${sequence}.0`;
    const before = await running(node);
    await center.desire(desired(center, version, driver(version, '')));
    sequence++;
    await new Promise((done) => setTimeout(done, delay));
    await node.kill();
    await node.start();
    const found = await running(node);
    assert.ok(found === before || found === `${version} ACTIVE`, `${found} after ${delay} ms, ${before} before`);
    await phase(node, sequence, 'converged');
    assert.equal(await running(node), `${version} ACTIVE`);
    await until('the center knows', () =>
      center.reports.some((report) => report.desired?.sequence === sequence && report.desired.phase === 'converged'),
    );
  }
  assert.equal(center.enrolments.size, 1);
});

test('54 a change after which the center cannot be reached goes back by itself, and the center is told why', {
  timeout: 240_000,
}, async (t) => {
  const { center, node } = await enrolled(t, '8 s');
  await center.desire(desired(center, '1.0.0', driver('1.0.0', '')));
  center.before = (request, response) => {
    if (request.url!.includes('artifacts')) response.once('close', () => center.away());
    return false;
  };
  await until('the center is away', () => center.requests.some((request) => request.includes('artifacts')));
  await phase(node, 1, 'rolled-back');
  assert.equal(await running(node), undefined);
  await center.back();
  const { desired: told } = await until('the center is told', () =>
    center.reports.find((report) => report.desired?.phase === 'rolled-back'),
  );
  assert.match(told!.detail!, /remote-admin fails: since the change the center has not been reached/);
});

test('59 switched off on probation, the change goes back and it stays off after a restart', {
  timeout: 240_000,
}, async (t) => {
  const { center, node } = await enrolled(t, '5 min');
  await center.desire(desired(center, '1.0.0', driver('1.0.0', '')));
  await phase(node, 1, 'probation');
  const disabled = await node.cli('remote-admin', 'disable');
  assert.equal(disabled.status, 0, disabled.stderr);
  assert.match(disabled.stdout, /remote administration: +off/);
  await until('it went back', async () => (await running(node)) === undefined);
  await until('nothing is connected', () => center.connections === 0);
  assert.equal(center.reports.at(-1)!.desired!.phase, 'cancelled');
  await until(
    'the file says so',
    () => JSON.stringify(node.readConfiguration().configurations[PID]!['capabilities']) === '[]',
  );
  center.requests.length = 0;
  await node.stop();
  await node.start();
  assert.equal((await status(node)).state, 'off');
  assert.equal(await running(node), undefined);
  assert.deepEqual(center.requests, []);
});

test('the way to the center is tried step by step, before anything is granted', { timeout: 120_000 }, async (t) => {
  const center = await TestCenter.start(t);
  const node = await TestNode.site(t, { bundles: ['fleet', 'remote-admin'], trust: ['link'] });
  const check = async (...args: string[]) => {
    const { stdout, status: code } = await rackwatt(['remote-admin', 'check', '--json', '--home', node.home, ...args]);
    const tried = JSON.parse(stdout) as { name: string; state: string; advice?: string }[];
    return {
      code,
      states: tried.map(({ name, state }) => `${name} ${state}`),
      advice: tried.find(({ advice }) => advice)?.advice,
    };
  };
  const good = await check('--center', center.url, '--fingerprint', center.authority.fingerprint);
  assert.deepEqual(good.states, [
    'name passed',
    'connection passed',
    'certificate passed',
    'clock passed',
    'authority passed',
  ]);
  assert.equal(good.code, 0);
  const wrong = await check('--center', center.url, '--fingerprint', 'ab'.repeat(32));
  assert.deepEqual(wrong.states.slice(2), ['certificate failed', 'clock skipped', 'authority skipped']);
  assert.match(wrong.advice!, /fingerprint/);
  assert.equal(wrong.code, 1);
  const proxied = await check(
    '--center',
    center.url,
    '--fingerprint',
    'ab'.repeat(32),
    '--proxy',
    'http://127.0.0.1:9',
  );
  assert.deepEqual(proxied.states.slice(0, 2), ['name passed', 'proxy failed']);
  const none = await check();
  assert.deepEqual(none.states, ['configuration failed']);
  assert.equal(center.enrolments.size, 0);
});

test('from signed archives the agent enrols, with a proxy password that is a secret', {
  timeout: 240_000,
}, async (t) => {
  const center = await TestCenter.start(t);
  const proxy = await TestProxy.start(t, 'gw', 'pass-word');
  const node = await TestNode.site(t, { bundles: [], trust: [] });
  const key = join(node.home, 'release.key');
  assert.equal((await rackwatt(['keys', 'new', key])).status, 0);
  copyFileSync(`${key}.pub`, join(node.home, 'keys', 'release.pub'));
  await node.start();
  for (const name of ['fleet', 'remote-admin']) {
    const file = join(node.home, `${name}.tgz`);
    assert.equal((await rackwatt(['bundle', 'pack', join(checkout, 'bundles', name), '-o', file])).status, 0);
    assert.equal((await rackwatt(['bundle', 'sign', file, '--key', key])).status, 0);
    const installed = await node.cli('bundle', 'install', file);
    assert.equal(installed.status, 0, installed.stderr);
  }
  const stored = await rackwatt(['secret', 'set', 'proxy', '--home', node.home], { input: `${proxy.url}\n` });
  assert.equal(stored.status, 0, stored.stderr);
  const properties = { ...center.settings, capabilities: ['monitor'], proxy: { $secret: 'proxy' } };
  const set = await node.cli('config', 'set', PID, JSON.stringify(properties));
  assert.equal(set.status, 0, set.stderr);
  await until('it is connected', async () => (await status(node)).state === 'connected');
  assert.ok(proxy.tunnels > 0);
  await until('it reports', () => center.reports.some(({ actual }) => actual !== undefined));
  const seen = JSON.stringify([
    center.reports,
    await node.json('remote-admin', 'log'),
    await status(node),
    node.output,
  ]);
  assert.ok(!seen.includes('pass-word'), '67 the password of the proxy is nowhere');
});
