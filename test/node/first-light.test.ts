import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { closeBrowser, openPage } from '../console/browser.js';
import { accounting, assertAccounted, highest, storedDevices } from '../support/accounting.js';
import { checkout, freeUdpPort, generatedPdu, TestNode, until } from '../support/node.js';
import { needsPeer } from '../support/peers.js';

after(closeBrowser);

interface Latest {
  values: {
    point: number;
    part: string;
    metric: string;
    value: number | null;
    state: string | null;
    quality: string;
  }[];
}

const three = async (): Promise<Record<string, unknown>> =>
  Object.assign(
    {},
    ...(await Promise.all([
      generatedPdu('rack1-a', { outlets: 24 }),
      generatedPdu('rack1-b', { family: 'raritan-px', device: { location: { site: 'T', rack: 'R1', feed: 'B' } } }),
      generatedPdu('rack2-a', {
        family: 'eaton-epdu',
        simulator: { phases: 3 },
        device: { location: { site: 'T', rack: 'R2', feed: 'A' } },
      }),
    ])),
  ) as Record<string, unknown>;

test('from SNMP to the store: three PDUs of three vendors, and a second start goes on where the first ended', async (t) => {
  const node = await TestNode.site(t, { configurations: await three() });
  await node.start();
  assert.match(node.output, new RegExp(`${node.url}/`));
  const devices = await until('three devices are stored', async () => {
    const found = await storedDevices(node);
    return Object.keys(found).length === 3 && found;
  });
  for (const [name, id] of Object.entries(devices)) {
    const { values } = await node.get<Latest>(`/api/v1/latest?device=${encodeURIComponent(id)}`);
    const of = (part: RegExp, metric: string): number[] =>
      values.filter((each) => part.test(each.part) && each.metric === metric).map(({ value }) => value ?? Number.NaN);
    const [inlet] = of(/^inlet\/1$/, 'power.active');
    const outlets = of(/^outlet\//, 'power.active');
    assert.ok(inlet! > 0, `${name} draws ${inlet} W`);
    const sum = outlets.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - inlet!) <= 10 + outlets.length, `${name}: outlets ${sum} W, inlet ${inlet} W`);
    assert.ok(values.some(({ metric, state }) => metric === 'state.outlet' && state === 'on'));
  }
  const { racks } = await node.get<{ racks: { rack: string; kW: number }[] }>('/api/v1/racks');
  assert.deepEqual(racks.map(({ rack }) => rack).sort(), ['R1', 'R2']);
  const metrics = await (await fetch(`${node.url}/metrics`)).text();
  assert.match(metrics, /^rackwatt_power_active_watts\{.*level="inlet".*\} \d/m);

  const id = devices['rack1-a']!;
  const before = highest(await accounting(node, id));
  assert.equal(await node.stop(), 0);
  await node.start();
  await until('reading goes on', async () => highest(await accounting(node, id)) > before + 3);
  // What waited in the outbox while the publisher came up is sent beside the live readings, and may arrive after them.
  await until('every due number is accounted for', async () => {
    assertAccounted(await accounting(node, id));
    return true;
  });
  assert.equal(await node.stop(), 0);
});

test('a device that does not answer delays no other', async (t) => {
  const silent = await freeUdpPort();
  const node = await TestNode.site(t, {
    configurations: {
      ...(await generatedPdu('good', { interval: '200 ms' })),
      'rackwatt.device~dead': { address: `snmp://127.0.0.1:${silent}`, interval: '200 ms', timeout: '5 s', retries: 3 },
    },
  });
  await node.start();
  const id = await until('the good device is stored', async () => (await storedDevices(node))['good']);
  const from = highest(await accounting(node, id));
  await until('it is read on and on', async () => highest(await accounting(node, id)) > from + 15, 8_000);
  const { gaps } = await accounting(node, id);
  const late = gaps.filter((gap) => gap.from > from);
  assert.deepEqual(late, []);
  assert.equal(await node.stop(), 0);
});

test('the page: live values change, a device is added by the form, no error is on the console', {
  skip: needsPeer('chromium'),
  timeout: 90_000,
}, async (t) => {
  const node = await TestNode.site(t, { configurations: await three() });
  await node.start();
  const port = await freeUdpPort();
  // A device that is not in the configuration yet: any recording will do, so one is made from a generated PDU.
  const extra = spawn(process.execPath, [join(checkout, 'test/dist/support/generated-agent.js'), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => extra.kill());
  await new Promise((answering) => extra.stdout.once('data', answering));

  const { page, complaints } = await openPage(t, `${node.url}/`);
  await page.getByTestId('device-row').nth(2).waitFor();
  assert.equal(await page.getByTestId('device-row').count(), 3);
  assert.equal(await page.getByTestId('rack-card').count(), 2);
  const total = page.getByTestId('total-kw');
  const seen = new Set<string>();
  await until('the total changes', async () => seen.add((await total.textContent()) ?? '').size > 1, 30_000);

  await page.getByTestId('device-row').first().locator('a').click();
  await page.getByTestId('outlets').getByTestId('part-row').first().waitFor();
  await page.getByTestId('value').first().click();
  await page.getByTestId('chart').locator('canvas').first().waitFor();

  await page.goto(`${node.url}/console/#/add`);
  await page.getByTestId('field-name').fill('by-form');
  await page.getByTestId('field-address').fill(`snmp://127.0.0.1:${port}`);
  await page.getByTestId('preview-button').click();
  await page.getByTestId('preview-readings').waitFor();
  assert.match((await page.getByTestId('preview').textContent())!, /Raritan/);
  await page.getByTestId('field-location-rack').fill('R9');
  await page.getByTestId('save-button').click();
  await until('the device is read', async () => (await storedDevices(node))['by-form']);
  assert.equal(
    (node.readConfiguration().configurations['rackwatt.device~by-form'] as { address: string }).address,
    `snmp://127.0.0.1:${port}`,
  );
  await page.goto(`${node.url}/console/#/`);
  await page.locator('[data-testid=rack-card][data-rack=R9]').waitFor();
  assert.deepEqual(complaints, []);
  assert.equal(await node.stop(), 0);
});
