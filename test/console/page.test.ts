import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { needsPeer } from '../support/peers.js';
import { closeBrowser, openPage } from './browser.js';
import { devices, startNode } from './fake-node.js';

const skip = needsPeer('chromium');
after(closeBrowser);

const names = (page: Page) => page.getByTestId('device-row').locator('th a').allTextContents();
const row = (page: Page, device: string) => page.locator(`[data-testid=device-row][data-device="${device}"]`);
const part = (page: Page, path: string) => page.locator(`[data-testid=part-row][data-part="${path}"]`);

/** Waits until a text is there; the texts are the test's own. */
const becomes = (page: Page, testid: string, text: string) =>
  page.getByTestId(testid).filter({ hasText: text }).first().waitFor();

test('the overview shows node, total, racks and devices, and follows live values without rows jumping', {
  skip,
}, async (t) => {
  const { url, store } = await startNode(t);
  const { page, complaints } = await openPage(t, url);
  await becomes(page, 'total-kw', '7.45');
  assert.equal(await page.getByTestId('node-name').textContent(), 'gw-1');
  assert.equal(await page.getByTestId('health').getAttribute('data-state'), 'degraded');
  assert.deepEqual(await names(page), ['r1-a', 'r1-b', 'r2-a', 'r2-b']);
  assert.match((await row(page, 'Vertiv:r2-b').textContent())!, /No answer.*check power/);
  assert.match((await row(page, 'Vertiv:r2-b').getByTestId('device-age').textContent())!, /10 min stale/);
  const card = page.locator('[data-testid=rack-card][data-rack=R1]');
  assert.match((await card.textContent())!, /4\.33 kW.*A 2\.35.*B 1\.99/);

  await page.getByTestId('sort-kW').click();
  await page.getByTestId('sort-kW').click();
  assert.deepEqual(await names(page), ['r2-a', 'r1-a', 'r1-b', 'r2-b']);
  store.sample('Raritan:r1-b', { 'inlet/1 power.active': 9001 });
  await row(page, 'Raritan:r1-b').getByTestId('device-kw').filter({ hasText: '9.001' }).waitFor();
  await becomes(page, 'total-kw', '14.47');
  assert.deepEqual(await names(page), ['r2-a', 'r1-a', 'r1-b', 'r2-b'], 'the order is that of the click');

  await page.getByTestId('device-search').fill('eaton r2');
  await becomes(page, 'device-count', '1 of 4');
  assert.match(page.url(), /q=eaton\+r2/);
  await page.reload();
  await becomes(page, 'device-count', '1 of 4');
  assert.deepEqual(complaints, []);
});

test('a device page shows parts, follows values, and draws a point that goes on live', { skip }, async (t) => {
  const { url, store } = await startNode(t);
  const { page, complaints } = await openPage(t, url);
  await row(page, 'APC:r1-a').locator('a').click();
  await becomes(page, 'device-name', 'r1-a');
  assert.match((await page.getByTestId('device-status').textContent())!, /read every 10 s/);
  assert.match((await page.getByTestId('identity').textContent())!, /AP8641.*SN-r1-a/);
  assert.match((await part(page, 'outlet/7').textContent())!, /^7srv-r1-07.*off/);
  assert.match((await part(page, 'sensor/2').textContent())!, /–.*bad\|sensor-fault/);
  assert.equal(await page.getByTestId('outlets').getByTestId('part-row').count(), 24);

  const watts = part(page, 'outlet/3').locator('[data-metric="power.active"]');
  store.sample('APC:r1-a', { 'outlet/3 power.active': 4321 });
  await watts.filter({ hasText: '4\u202f321' }).waitFor();

  await page.getByTestId('outlets-search').fill('off');
  assert.equal(await page.getByTestId('outlets').getByTestId('part-row').count(), 3);
  await page.getByTestId('outlets-search').fill('');

  await part(page, 'inlet/1').locator('[data-metric="power.active"] button').click();
  const chart = page.getByTestId('chart');
  await chart.locator('canvas').waitFor();
  const before = Number(await chart.getAttribute('data-readings'));
  assert.ok(before > 250, `${before} readings`);
  const painted = await page.evaluate(`(() => {
    const canvas = document.querySelector('[data-testid=chart] canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((byte) => byte !== 0);
  })()`);
  assert.ok(painted, 'there is a line');
  store.sample('APC:r1-a', { 'inlet/1 power.active': 2999 });
  await chart.filter({ hasText: '2\u202f999' }).waitFor();
  assert.match(page.url(), /point=\d+/);
  await page.reload();
  await chart.locator('canvas').waitFor();
  assert.deepEqual(complaints, []);
});

test('a device page shows how it is read, and explains each value on request', { skip }, async (t) => {
  const { url } = await startNode(t);
  const { page, complaints } = await openPage(t, url);
  await row(page, 'APC:r1-a').locator('a').click();
  await becomes(page, 'suspicion', 'Suspected scale error: power.active of outlet/1 is 10 times');
  assert.match((await page.getByTestId('polls').textContent())!, /4012 ms.*did not answer.*31 ms40 values/);
  await page.getByTestId('explain').click();
  await becomes(page, 'explanation', '1.3.6.1.4.1.318.1.1.26.4.3.1.5.1');
  assert.match((await page.getByTestId('reading').textContent())!, /the device runs for 1 day 1 h 1 min/);
  assert.deepEqual(complaints, []);
});

test('a device is added: an error in words, a preview, then the edit with its secret stored apart', {
  skip,
}, async (t) => {
  const { url, configuration } = await startNode(t);
  const { page, complaints } = await openPage(t, url);
  await page.getByTestId('add-device').click();
  await page.getByTestId('field-address').fill('snmp://192.0.2.21');
  await page.getByTestId('preview-button').click();
  await becomes(page, 'form-error', 'does not answer SNMP');

  await page.getByTestId('field-address').fill('snmp://192.0.2.20');
  await page.getByTestId('field-credentials-source').selectOption('text');
  await page.getByTestId('field-credentials').fill('hunter2');
  await page.getByTestId('field-location-rack').fill('R9');
  await page.getByTestId('field-location-feed').selectOption({ label: 'A' });
  await page.getByTestId('preview-button').click();
  await becomes(page, 'preview', 'APC AP8641 answers');
  await becomes(page, 'preview', '3 values of 2 parts in 31 ms');
  assert.match((await page.getByTestId('preview-readings').textContent())!, /Inlet 1Active power1\u202f234 W/);
  assert.equal(devices.targets.at(-1)!.credentials, 'hunter2');
  assert.equal(await page.getByTestId('field-name').inputValue(), 'rack-9-a');
  assert.equal(configuration.edits.length, 0, 'a preview changes nothing');

  await page.getByTestId('field-name').fill('r9-a');
  await page.getByTestId('field-interval').fill('soon');
  await page.getByTestId('save-button').click();
  await becomes(page, 'problems', 'is no duration');
  await page.getByTestId('field-interval').fill('30 s');
  await page.getByTestId('save-button').click();
  await row(page, 'r9-a').waitFor();
  assert.deepEqual(configuration.document.configurations['rackwatt.device~r9-a'], {
    address: 'snmp://192.0.2.20',
    credentials: { $secret: 'r9-a.credentials' },
    location: { rack: 'R9', feed: 'A' },
    interval: '30 s',
  });
  assert.equal(configuration.stored.get('r9-a.credentials'), 'hunter2');
  assert.deepEqual(
    complaints.filter((text) => !/status of (422|504)/.test(text)),
    [],
  );
});

test('an SNMP v3 user is typed in fields and kept as one secret', { skip }, async (t) => {
  const { url, configuration } = await startNode(t);
  const { page, complaints } = await openPage(t, `${url}console/#/add`);
  await page.getByTestId('field-name').fill('r9-b');
  await page.getByTestId('field-address').fill('snmp://192.0.2.20');
  await page.getByTestId('field-credentials-source').selectOption('user');
  await page.getByTestId('field-credentials-user').fill('monitor');
  await page.getByTestId('field-credentials-authProtocol').selectOption('sha256');
  await page.getByTestId('field-credentials-authKey').fill('correct horse');
  await page.getByTestId('field-protocol-kind').selectOption({ label: 'Named' });
  await page.getByTestId('field-protocol-user').fill('x');
  await page.getByTestId('field-protocol-authKey-source').selectOption('text');
  await page.getByTestId('field-protocol-authKey').fill('battery');
  await page.getByTestId('preview-button').click();
  await page.getByTestId('preview').waitFor();
  const user = { user: 'monitor', authProtocol: 'sha256', authKey: 'correct horse' };
  assert.deepEqual(devices.targets.at(-1)!.credentials, user);
  await page.getByTestId('save-button').click();
  await row(page, 'r9-b').waitFor();
  assert.deepEqual(configuration.document.configurations['rackwatt.device~r9-b'], {
    address: 'snmp://192.0.2.20',
    credentials: { $secret: 'r9-b.credentials' },
    protocol: { user: 'x', authKey: { $secret: 'r9-b.protocol.authKey' } },
  });
  assert.deepEqual(JSON.parse(configuration.stored.get('r9-b.credentials')!), user);
  assert.equal(configuration.stored.get('r9-b.protocol.authKey'), 'battery');
  assert.deepEqual(complaints, []);
});

test('a device is changed by the least edit, and removed in two steps', { skip }, async (t) => {
  const { url, configuration } = await startNode(t);
  configuration.document.configurations['rackwatt.device~r1-a'] = {
    address: 'snmp://192.0.2.20',
    credentials: 'clear-text-community',
    location: { site: 'FRA1', rack: 'R1' },
  };
  const { page, complaints } = await openPage(t, `${url}console/#/devices/APC:r1-a`);
  await page.getByTestId('edit-device').click();
  await page.getByTestId('field-location-rack').fill('R5');
  await page.getByTestId('preview-button').click();
  await page.getByTestId('preview').waitFor();
  assert.equal(devices.targets.at(-1)!.credentials, 'clear-text-community', 'the page never saw it');
  await page.getByTestId('save-button').click();
  await becomes(page, 'device-name', 'r1-a');
  assert.deepEqual(configuration.edits, [
    [{ path: ['configurations', 'rackwatt.device~r1-a', 'location', 'rack'], value: 'R5' }],
  ]);
  await page.getByTestId('remove-device').click();
  assert.ok('rackwatt.device~r1-a' in configuration.document.configurations);
  await page.getByTestId('confirm-remove').click();
  await page.getByTestId('devices').waitFor();
  assert.equal('rackwatt.device~r1-a' in configuration.document.configurations, false);
  assert.deepEqual(complaints, []);
});

test('a device that was never read shows so, and moves to its own id with its first sample', { skip }, async (t) => {
  const { url, store, configuration } = await startNode(t);
  configuration.document.configurations['rackwatt.device~r8-a'] = { address: 'snmp://192.0.2.20' };
  const { page, complaints } = await openPage(t, url);
  await row(page, 'r8-a').locator('a').click();
  await becomes(page, 'device-status', 'It was never read.');
  store.add({ id: 'APC:Z8', device: 'r8-a' }, { 'inlet/1': { readings: [['power.active', 777]] } });
  await page.getByTestId('inlets').filter({ hasText: '777' }).waitFor({ timeout: 15_000 });
  assert.match(page.url(), /devices\/APC%3AZ8|devices\/APC:Z8/);
  assert.deepEqual(complaints, []);
});

test('the page says when the node is gone, and is right again after', { skip }, async (t) => {
  const { url, live, store } = await startNode(t);
  const { page } = await openPage(t, url);
  await becomes(page, 'total-kw', '7.45');
  live.become(undefined);
  await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
  await becomes(page, 'problem', 'No store is running');
  live.become(store);
  store.sample('APC:r1-a', { 'inlet/1 power.active': 1000 });
  await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
  await page.getByTestId('problem').waitFor({ state: 'detached' });
  await becomes(page, 'total-kw', '6.11');
});

test('a narrow dark screen shows everything without scrolling sideways, and the keyboard reaches it', {
  skip,
}, async (t) => {
  const { url } = await startNode(t);
  const { page, complaints } = await openPage(t, url, { width: 360, dark: true });
  await becomes(page, 'total-kw', '7.45');
  for (const hash of ['#/', '#/devices/APC:r1-a', '#/add', '#/health']) {
    await page.goto(`${url}console/${hash}`);
    await page.locator('main h1').first().waitFor({ state: 'attached' });
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360, hash);
  }
  await page.goto(`${url}console/#/`);
  await page.getByTestId('device-row').first().waitFor();
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement?.textContent')) === 'r1-a') break;
  }
  await page.keyboard.press('Enter');
  await becomes(page, 'device-name', 'r1-a');
  assert.deepEqual(complaints, []);
});

test('the page stays small', async () => {
  const { globSync, statSync } = await import('node:fs');
  const files = globSync('bundles/console/dist/web/assets/*.js.gz');
  const size = files.reduce((sum, file) => sum + statSync(file).size, 0);
  assert.ok(files.length > 0, 'built');
  assert.ok(size < 150_000, `${size} bytes of JavaScript`);
});
