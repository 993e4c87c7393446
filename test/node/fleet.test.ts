import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import type { Status } from '@rackwatt/remote-admin';
import { closeBrowser, openPage } from '../console/browser.js';
import { filesOfArchive, partsOf, signed } from '../support/archives.js';
import { behindNat, needsNamespaces, type Site } from '../support/namespaces.js';
import { checkout, freePort, generatedPdu, rackwatt, TestNode, until } from '../support/node.js';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';

const release = generateKeyPairSync('ed25519');
const DRIVER = '@rackwatt/driver-snmp';
const PROBATION = '8 s';

interface Fleet {
  gateways: { id: string; name: string; desired: { progress: string; detail: string | null } }[];
  enrolments: { id: string; serial: string; shown: string }[];
}

after(closeBrowser);

/** A center as a process of its own. */
async function startCenter(t: TestContext, port: number, site?: Site): Promise<{ center: TestNode; url: string }> {
  const host = site?.address ?? '127.0.0.1';
  const center = await TestNode.site(t, {
    bundles: ['telemetry', 'fleet', 'http', 'console', 'admin-center'],
    configurations: { 'rackwatt.admin-center': { host, port, names: [host] } },
    ...(site && { within: site.center }),
  });
  await center.start();
  return { center, url: `https://${host}:${port}` };
}

/** A gateway with a device, and with no driver for it. */
async function startGateway(t: TestContext, name: string, site?: Site, more: string[] = []): Promise<TestNode> {
  const gateway = await TestNode.site(t, {
    bundles: ['telemetry', 'device-profiles', 'fleet', 'outbox', 'simulator', 'acquisition', 'remote-admin', ...more],
    trust: ['link'],
    configurations: {
      ...(await generatedPdu(name, { interval: '500 ms' })),
      'rackwatt.remote-admin': { serial: `SN-${name}`, model: 'Box 3', probation: PROBATION, capabilities: [] },
    },
    ...(site && { within: site.gateway }),
  });
  const document = gateway.readConfiguration();
  gateway.writeConfiguration({ ...document, id: name, framework: { ...document.framework, probation: PROBATION } });
  mkdirSync(join(gateway.home, 'keys'), { recursive: true });
  writeFileSync(join(gateway.home, 'keys', 'release.pub'), release.publicKey.export({ type: 'spki', format: 'pem' }));
  await gateway.start();
  return gateway;
}

async function ran(node: TestNode, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await node.cli(...args);
  assert.equal(status, 0, `rackwatt ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function enable(gateway: TestNode, center: TestNode, url: string): Promise<string> {
  const { fingerprint } = await center.json<{ fingerprint: string }>('fleet', 'authority');
  const granted = ['monitor', 'configure', 'update'];
  await ran(gateway, 'remote-admin', 'enable', ...granted, '--center', url, '--fingerprint', fingerprint);
  return until('it shows a claim code', async () => (await statusOf(gateway)).claimCode);
}

const statusOf = (gateway: TestNode): Promise<Status> => gateway.json<Status>('remote-admin', 'status');

async function approve(center: TestNode, serial: string, code: string, name: string): Promise<void> {
  const { enrolments } = await center.json<Fleet>('fleet', 'list');
  const { id } = enrolments.find((enrolment) => enrolment.serial === serial)!;
  await ran(center, 'fleet', 'approve', id, code, '--name', name);
}

async function deviceState(gateway: TestNode): Promise<string> {
  const [device] = await gateway.json<{ status?: { state: string }; state?: string }[]>('device', 'list');
  return device?.status?.state ?? device?.state ?? '';
}

async function versionOf(gateway: TestNode): Promise<string | undefined> {
  const bundles = await gateway.json<{ name: string; version: string }[]>('bundle', 'list');
  return bundles.find(({ name }) => name === DRIVER)?.version;
}

/** The real driver, signed. */
async function packedDriver(work: string): Promise<string> {
  const file = join(work, 'packed.tgz');
  const packed = await rackwatt(['bundle', 'pack', join(checkout, 'bundles', 'driver-snmp'), '-o', file]);
  assert.equal(packed.status, 0, packed.stderr);
  const files = await filesOfArchive(file);
  const good = join(work, 'driver.tgz');
  const { version } = JSON.parse(files.find(({ path }) => path === 'package.json')!.content.toString());
  writeFileSync(good, signed(partsOf({ name: DRIVER, version }, files), release.privateKey));
  return good;
}

/** Another driver of that name: the component does what `activate` says. */
function otherDriver(work: string, version: string, activate: string): string {
  const file = join(work, `driver-${version}.tgz`);
  const packageJson = {
    name: DRIVER,
    version,
    main: './index.js',
    peerDependencies: { rackwatt: '*', '@rackwatt/telemetry': '*' },
    rackwatt: {},
  };
  const code = `const { component, RackwattError } = require('rackwatt');
const { Driver } = require('@rackwatt/telemetry');
const no = async () => { throw new RackwattError('DEVICE_NO_ANSWER', 'it forgot how to read'); };
exports.driver = component({ name: 'rackwatt.driver.snmp', provides: Driver, properties: { scheme: 'snmp' }, activate: () => { ${activate} } });`;
  const parts = partsOf({ name: DRIVER, version }, [
    { path: 'package.json', content: Buffer.from(JSON.stringify(packageJson)) },
    { path: 'index.js', content: Buffer.from(code) },
  ]);
  writeFileSync(file, signed(parts, release.privateKey));
  return file;
}

test('three gateways are enrolled and approved, get a driver from afar that reads their devices, and keep it when another is ill', {
  timeout: 240_000,
}, async (t) => {
  const work = temporaryFolder(t);
  const { center, url } = await startCenter(t, await freePort());
  const names = ['a', 'b', 'c'];
  const gateways = await Promise.all(names.map((name) => startGateway(t, name)));
  for (const [i, gateway] of gateways.entries()) {
    await until('nobody reads its device', async () => (await deviceState(gateway)) === 'no-driver');
    const code = await enable(gateway, center, url);
    await approve(center, `SN-${names[i]}`, code, names[i]!);
  }

  const installed = await ran(
    center,
    'fleet',
    'install',
    ...names,
    await packedDriver(work),
    '--wait',
    '--timeout',
    '2 min',
  );
  assert.match(installed, /converged/);
  for (const gateway of gateways) await until('the device is read', async () => (await deviceState(gateway)) === 'ok');
  const good = await versionOf(gateways[0]!);

  // One throws as it comes up, one comes up and reads nothing.
  const broken = otherDriver(work, '7.0.0', "throw new Error('no such line');");
  const refused = await center.cli('fleet', 'install', 'a', broken, '--wait', '--timeout', '1 min');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /no such line/);
  const blind = otherDriver(
    work,
    '8.0.0',
    'return { probe: no, open: no, describe: no, read: no, switchOutlet: no, close: async () => undefined };',
  );
  const rolledBack = await center.cli('fleet', 'install', 'b', blind, '--wait', '--timeout', '1 min');
  assert.equal(rolledBack.status, 1, rolledBack.stdout);
  assert.match(rolledBack.stderr, /rolled-back: devices is worse than before: b cannot be read: it forgot how to read/);
  // 55: others need it.
  const needed = await center.cli('fleet', 'remove', 'c', '@rackwatt/telemetry', '--wait', '--timeout', '1 min');
  assert.equal(needed.status, 1);
  assert.match(
    needed.stderr,
    /c: refused: BUNDLE_NEEDED: @rackwatt\/telemetry stays, for .*@rackwatt\/acquisition.* need it/,
  );
  const { gateways: seen } = await center.json<Fleet>('fleet', 'list');
  assert.match(seen.find(({ name }) => name === 'b')!.desired.detail!, /it forgot how to read/);
  for (const gateway of gateways) {
    assert.equal(await versionOf(gateway), good);
    await until('the device is read', async () => (await deviceState(gateway)) === 'ok');
  }
});

test('behind NAT, with one port open to the outside, a gateway is enrolled, checked, given a driver and heard of', {
  skip: needsNamespaces(),
  timeout: 240_000,
}, async (t) => {
  const work = temporaryFolder(t);
  const port = 8443;
  const site = behindNat(t, port);
  const { center, url } = await startCenter(t, port, site);
  const gateway = await startGateway(t, 'hall', site);
  await approve(center, 'SN-hall', await enable(gateway, center, url), 'hall');
  await until('it is connected', async () => (await statusOf(gateway)).state === 'connected');
  await ran(gateway, 'remote-admin', 'check');
  await ran(center, 'fleet', 'install', 'hall', await packedDriver(work), '--wait', '--timeout', '2 min');
  await until('the device is read', async () => (await deviceState(gateway)) === 'ok');

  // What the gateway cannot be told while the line is cut, it is told when it is mended.
  site.cut();
  const extra = join(work, 'extra.tgz');
  const packageJson = { name: '@example/extra', version: '1.0.0', main: './index.js', rackwatt: {} };
  const parts = partsOf({ name: packageJson.name, version: packageJson.version }, [
    { path: 'package.json', content: Buffer.from(JSON.stringify(packageJson)) },
    { path: 'index.js', content: Buffer.from('') },
  ]);
  writeFileSync(extra, signed(parts, release.privateKey));
  await ran(center, 'fleet', 'install', 'hall', extra);
  site.mend();
  await ran(center, 'fleet', 'wait', 'hall', '--timeout', '2 min');
  assert.equal(await deviceState(gateway), 'ok');
});

test('the page of the center: a gateway is approved with the code that it shows, and an install is followed as it goes', {
  skip: needsPeer('chromium'),
  timeout: 240_000,
}, async (t) => {
  const work = temporaryFolder(t);
  const { center, url } = await startCenter(t, await freePort());
  const gateway = await startGateway(t, 'hall');
  const { page, complaints } = await openPage(t, `${center.url}/console/#/gateways`);
  await page.getByText('No gateway is enrolled yet').waitFor();

  const code = await enable(gateway, center, url);
  const asked = page.getByTestId('enrolment');
  await asked.waitFor();
  const { key } = await statusOf(gateway);
  assert.equal(await asked.getByTestId('fingerprint').textContent(), key);
  assert.match((await asked.textContent())!, /SN-hall.*Box 3.*127\.0\.0\.1/);
  await asked.getByTestId('claim-code').fill('00000-00000');
  await asked.getByTestId('approve').click();
  await asked.getByTestId('refusal').waitFor();
  await asked.getByTestId('claim-code').fill(code.toLowerCase());
  await asked.getByTestId('gateway-name').fill('hall-1');
  await asked.getByTestId('approve').click();
  await page.getByRole('link', { name: 'hall-1' }).click();
  await page.getByTestId('gateway-title').waitFor();

  await ran(center, 'fleet', 'artifacts', 'add', await packedDriver(work));
  await page.reload();
  const artifact = await page.getByTestId('artifact').locator('option', { hasText: DRIVER }).getAttribute('value');
  await page.getByTestId('artifact').selectOption(artifact);
  await page.getByTestId('preview').click();
  assert.match((await page.getByTestId('plan').textContent())!, /driver-snmp is installed/);
  await page.getByTestId('send').click();
  for (const phase of ['probation', 'converged'])
    await page.locator(`[data-testid=progress][data-phase=${phase}]`).waitFor({ timeout: 60_000 });
  await page.getByTestId('runs').getByText(DRIVER).waitFor();
  await page.screenshot({ path: process.env['SCREENSHOT'] ?? join(work, 'gateway.png'), fullPage: true });
  // The browser notes answers that are refusals: of a wrong code, and of readings, which a center has none of.
  assert.deepEqual(
    complaints.filter((complaint) => !/status of (?:403|503)/.test(complaint)),
    [],
  );
});

test('the page of the gateway: its administrator grants, tells the code, sees who did what, and ends everything', {
  skip: needsPeer('chromium'),
  timeout: 240_000,
}, async (t) => {
  const { center, url } = await startCenter(t, await freePort());
  const { fingerprint } = await center.json<{ fingerprint: string }>('fleet', 'authority');
  const gateway = await startGateway(t, 'hall', undefined, ['http', 'console']);
  const { page, complaints } = await openPage(t, `${gateway.url}/console/#/remote`);
  const state = (wanted: string) => page.locator(`[data-testid=consent-state][data-state=${wanted}]`).waitFor();
  await state('off');
  await page.getByTestId('center-url').fill(url);
  await page.getByTestId('center-fingerprint').fill('not that');
  await page.getByTestId('grant-monitor').click();
  await page.getByTestId('consent-refusal').filter({ hasText: '64 hex digits' }).waitFor();
  assert.deepEqual((await statusOf(gateway)).capabilities, []);
  await page.getByTestId('center-fingerprint').fill(fingerprint);
  await page.getByTestId('grant-monitor').click();
  const code = await page.getByTestId('shown-claim-code').textContent();
  await approve(center, 'SN-hall', code!.trim(), 'hall');
  await state('connected');
  await page.getByTestId('grant-update').click();
  await page.locator('[data-testid=grant-update]:checked').waitFor();
  assert.deepEqual((await statusOf(gateway)).capabilities, ['monitor', 'update']);
  await page.getByTestId('consent-log').filter({ hasText: 'the page' }).waitFor();
  await page.screenshot({
    path: process.env['SCREENSHOT_REMOTE'] ?? join(temporaryFolder(t), 'remote.png'),
    fullPage: true,
  });
  await page.getByTestId('end-everything').click();
  await state('off');
  assert.equal((await statusOf(gateway)).state, 'off');
  // The browser notes answers that are refusals: of a wrong fingerprint, and of readings, which are not kept here.
  assert.deepEqual(
    complaints.filter((complaint) => !/status of (?:400|503)/.test(complaint)),
    [],
  );
});
