import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { needsPeer } from '../support/peers.js';
import { closeBrowser, openPage } from './browser.js';
import { FakeDiscovery, pdu } from './fake-discovery.js';
import { devices, startNode } from './fake-node.js';

const skip = needsPeer('chromium');
after(closeBrowser);

type Json = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- answers are looked into by assertions

async function node(t: TestContext) {
  const started = await startNode(t);
  const discovery = new FakeDiscovery();
  started.discovery.become(discovery);
  const send = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${started.url}api/v1${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.status, json: (await answer.json()) as Json };
  };
  return { ...started, live: started.discovery, discovery, send };
}

const row = (page: Page, host: string) => page.locator(`[data-testid=found-row][data-address="snmp://${host}"]`);
const becomes = (page: Page, testid: string, text: string) =>
  page.getByTestId(testid).filter({ hasText: text }).first().waitFor();

test('secrets go to the driver by name, in order, and come back as names alone', async (t) => {
  const { discovery, configuration, send } = await node(t);
  configuration.stored.set('community', 's3cret').set('user', '{"user":"watt","authKey":"long-enough"}');
  assert.deepEqual((await send('GET', '/discoveries')).json['discovery'], null);
  const body = { ranges: ['10.0.0.0/24'], secrets: ['user', 'community'], standard: true, rate: 50 };
  const { status, json } = await send('POST', '/discoveries', body);
  assert.deepEqual([status, json['state'], json['hosts']], [202, 'running', 254]);
  assert.deepEqual(discovery.requests, [
    {
      ranges: ['10.0.0.0/24'],
      rate: 50,
      credentials: [{ user: 'watt', authKey: 'long-enough' }, 's3cret', { community: 'public' }],
    },
  ]);
  discovery.find(
    pdu('10.0.0.5', 'N1', { credentials: 1 }),
    pdu('10.0.0.6', 'N2', { credentials: 2 }),
    pdu('10.0.0.7', 'SN-r1-a'),
    { address: 'snmp://10.0.0.8', state: 'refused', identity: {}, detail: 'It takes none.' },
  );
  const { json: report } = await send('GET', '/discoveries');
  assert.deepEqual(
    report['discovery'].devices.map((each: Json) => [each['name'], each['standing'], each['credentialsSecret']]),
    [
      ['ap8641-n1', 'new', 'community'],
      ['ap8641-n2', 'new', null],
      ['r1-a', 'moved', 'user'],
      ['', 'other', null],
    ],
  );
  assert.doesNotMatch(JSON.stringify(report), /s3cret|long-enough/);
  assert.equal((await send('POST', '/discoveries', body)).status, 409);
  assert.equal((await send('DELETE', '/discoveries/nobody')).status, 404);
  assert.equal((await send('DELETE', '/discoveries/d1')).json['state'], 'cancelled');
});

test('what cannot be looked for is one sentence', async (t) => {
  const { live, send } = await node(t);
  const large = await send('POST', '/discoveries', { ranges: ['10.0.0.0/8'] });
  assert.deepEqual([large.status, large.json['code']], [422, 'DISCOVERY_TOO_LARGE']);
  const secret = await send('POST', '/discoveries', { ranges: ['10.0.0.1'], secrets: ['none'] });
  assert.deepEqual([secret.status, secret.json['code']], [422, 'SECRET_MISSING']);
  live.become(undefined);
  const absent = await send('POST', '/discoveries', { ranges: ['10.0.0.1'] });
  assert.deepEqual([absent.status, absent.json['code']], [503, 'DISCOVERY_ABSENT']);
  assert.equal((await send('GET', '/discoveries')).json['available'], false);
});

test('devices are looked for, chosen, named, and added in one change', { skip }, async (t) => {
  const { url, discovery, configuration } = await node(t);
  configuration.stored.set('community', 's3cret');
  const { page, complaints } = await openPage(t, url);
  await page.getByTestId('discover').click();
  await page.getByTestId('discovery-ranges').fill('10.0.0.0/8');
  await page.getByTestId('discovery-start').click();
  await becomes(page, 'discovery-error', 'hold 16777214 hosts');

  await page.getByTestId('discovery-ranges').fill('10.0.0.0/24\n10.0.1.5');
  await page.getByTestId('discovery-secret-community').click();
  await page.getByTestId('discovery-start').click();
  await becomes(page, 'discovery-hosts', '0 of 254 hosts');
  assert.deepEqual(discovery.requests[0]!.ranges, ['10.0.0.0/24', '10.0.1.5']);
  discovery.find(pdu('10.0.0.5', 'N1'), pdu('10.0.0.6', 'N2', { credentials: 1 }), pdu('10.0.0.7', 'SN-r1-a'));
  discovery.find({
    address: 'snmp://10.0.0.9',
    state: 'unknown',
    credentials: 0,
    identity: {},
    sysObjectId: '1.3.6.1.4.1.9.1',
    sysDescr: 'a switch',
  });
  await row(page, '10.0.0.5').waitFor();
  discovery.finish();
  await becomes(page, 'discovery-counts', '4 found: 3 recognised, 0 refused, 1 unknown');
  await becomes(page, 'discovery-hosts', '254 of 254 hosts (250 silent)');
  assert.match((await row(page, '10.0.0.9').textContent())!, /a switch1\.3\.6\.1\.4\.1\.9\.1/);

  await page.getByTestId('show-new').click();
  assert.equal(await page.getByTestId('found-row').count(), 2);
  assert.match(page.url(), /show=new/);
  await page.getByTestId('choose-all').click();
  await row(page, '10.0.0.5').getByTestId('found-name').fill('r1-a');
  await page.getByTestId('add-chosen').click();
  await becomes(page, 'found-problems', 'another device called “r1-a”');
  assert.equal(configuration.edits.length, 0);
  await row(page, '10.0.0.5').getByTestId('found-name').fill('r7-a');
  await page.getByTestId('add-chosen').click();
  await page.getByTestId('found-row').first().waitFor({ state: 'detached' });
  assert.equal(configuration.edits.length, 1, 'one change');
  const { configurations } = configuration.document;
  assert.deepEqual(configurations['rackwatt.device~r7-a'], {
    address: 'snmp://10.0.0.5',
    profile: 'apc-rpdu2',
    credentials: { $secret: 'community' },
  });
  assert.deepEqual(configurations['rackwatt.device~ap8641-n2'], { address: 'snmp://10.0.0.6', profile: 'apc-rpdu2' });

  await page.getByTestId('show-all').click();
  await page.locator('[data-testid=found-row][data-standing=configured]').nth(1).waitFor();
  assert.deepEqual(
    complaints.filter((text) => !text.includes('status of 422')),
    [],
  );
});

test('a device that answers elsewhere is read there from now on, when somebody says so', { skip }, async (t) => {
  const { url, discovery, configuration } = await node(t);
  const { page, complaints } = await openPage(t, `${url}console/#/discover`);
  await page.getByTestId('discovery-ranges').fill('10.0.0.0/24');
  await page.getByTestId('discovery-start').click();
  await becomes(page, 'discovery-hosts', '0 of 254');
  discovery.find(pdu('10.0.0.7', 'SN-r1-a'));
  await row(page, '10.0.0.7').filter({ hasText: 'configured at snmp://192.0.2.1/r1-a' }).waitFor();
  await row(page, '10.0.0.7').getByTestId('found-choose').click();
  await page.getByTestId('follow-moved').click();
  await row(page, '10.0.0.7').filter({ hasText: 'is configured' }).waitFor();
  assert.deepEqual(configuration.edits, [
    [{ path: ['configurations', 'rackwatt.device~r1-a', 'address'], value: 'snmp://10.0.0.7' }],
  ]);
  await page.getByTestId('discovery-cancel').click();
  await page.locator('[data-testid=discovery][data-state=cancelled]').waitFor();
  assert.deepEqual(complaints, []);
});

test('a community is stored as a secret from the page; a narrow dark screen shows everything', { skip }, async (t) => {
  const { url, discovery, configuration } = await node(t);
  const { page, complaints } = await openPage(t, `${url}console/#/discover`, { width: 360, dark: true });
  await page.locator('summary').click();
  await page.getByTestId('new-secret-name').fill('pdus');
  await page.getByTestId('new-secret-value').fill('hunter2');
  await page.getByTestId('new-secret-store').click();
  assert.equal(await page.getByTestId('discovery-secret-pdus').isChecked(), true);
  assert.equal(configuration.stored.get('pdus'), 'hunter2');
  await page.getByTestId('discovery-standard').click();
  await page.getByTestId('discovery-ranges').fill('10.0.0.1');
  await page.getByTestId('discovery-start').click();
  await becomes(page, 'discovery-hosts', '0 of 254');
  assert.deepEqual(discovery.requests[0]!.credentials, ['hunter2']);
  discovery.find(pdu('10.0.0.5', 'N1'), {
    address: 'snmp://10.0.0.8',
    state: 'refused',
    identity: { vendor: 'Raritan' },
    detail: '10.0.0.8:161 does not know the SNMPv3 user: create it on the device or correct the name.',
  });
  await row(page, '10.0.0.8').waitFor();
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360);
  assert.deepEqual(complaints, []);
});

test('the page of a device asks what it means that another unit answers', { skip }, async (t) => {
  const { url } = await node(t);
  const known = devices.known.find(({ device }) => device === 'r1-a')!;
  known.question = {
    was: known.identity!,
    now: { vendor: 'APC', model: 'AP8641', serial: 'NEW' },
    since: Date.now(),
    text: 'r1-a was APC AP8641 SN-r1-a and answers as APC AP8641 NEW now: was it replaced?',
  };
  const { page, complaints } = await openPage(t, `${url}console/#/devices/APC:r1-a`);
  await becomes(page, 'identity-question', 'answers as APC AP8641 NEW now');
  assert.match((await page.getByTestId('identity-same').textContent())!, /Still SN-r1-a/);
  await page.getByTestId('identity-replaced').click();
  await page.getByTestId('identity-question').waitFor({ state: 'detached' });
  assert.deepEqual(devices.accepted, [['r1-a', 'replaced']]);
  assert.deepEqual(complaints, []);
});
