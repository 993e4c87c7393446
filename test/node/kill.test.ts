import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accounting, assertAccounted, highest, storedDevices } from '../support/accounting.js';
import { generatedPdu, TestNode, until } from '../support/node.js';

const KILLS = 20;

test(`SIGKILL while loaded, ${KILLS} times: nothing stored goes, nothing counts twice, every due number is accounted for`, {
  timeout: 175_000,
}, async (t) => {
  const pdus = await Promise.all([
    generatedPdu('one', { interval: '100 ms', outlets: 24 }),
    generatedPdu('two', { interval: '100 ms', family: 'raritan-px' }),
    generatedPdu('three', { interval: '200 ms', family: 'eaton-epdu' }),
  ]);
  const node = await TestNode.site(t, { configurations: Object.assign({}, ...pdus) as Record<string, unknown> });
  const stored = new Map<string, [number, number][]>();
  const holds = (ranges: [number, number][], [from, to]: [number, number]): boolean =>
    ranges.some(([a, b]) => a <= from && b >= to);
  for (let kill = 0; kill < KILLS; kill++) {
    await node.start();
    const devices = await until('all three devices are stored', async () => {
      const found = await storedDevices(node);
      return Object.keys(found).length === 3 && found;
    });
    for (const id of Object.values(devices)) {
      const { stored: now } = await accounting(node, id);
      for (const range of stored.get(id) ?? [])
        assert.ok(
          holds(now.ranges, range),
          `${id}: ${range.join('-')} was stored before the kill, now ${JSON.stringify(now.ranges)}`,
        );
      const before = highest({ gaps: [], stored: { ranges: stored.get(id) ?? [], doubled: 0 } });
      await until('new samples arrive', async () => highest(await accounting(node, id)) > before + 3);
    }
    await new Promise((done) => setTimeout(done, (kill * 37) % 400));
    for (const id of Object.values(devices)) stored.set(id, (await accounting(node, id)).stored.ranges);
    await node.kill();
  }
  await node.start();
  const devices = await until('all three devices are stored', async () => {
    const found = await storedDevices(node);
    return Object.keys(found).length === 3 && found;
  });
  let [numbers, missed] = [0, 0];
  for (const id of Object.values(devices)) {
    const account = await accounting(node, id);
    missed += assertAccounted(account);
    numbers += highest(account);
  }
  t.diagnostic(`${numbers} due reads over ${KILLS} kills, ${missed} in counted gaps`);
  assert.equal(await node.stop(), 0);
});

test('the broker is away for a while: readings wait and arrive afterwards with their own times', async (t) => {
  const node = await TestNode.site(t, { configurations: await generatedPdu('a', { interval: '200 ms' }) });
  await node.start();
  const device = await until('the device is stored', async () => (await storedDevices(node))['a']);
  assert.equal((await node.cli('bundle', 'stop', '@rackwatt/broker')).status, 0);
  const before = highest(await accounting(node, device));
  const from = Date.now();
  await new Promise((done) => setTimeout(done, 6_000));
  const to = Date.now();
  assert.ok(highest(await accounting(node, device)) <= before + 3, 'nothing arrives without a broker');
  assert.equal((await node.cli('bundle', 'start', '@rackwatt/broker')).status, 0);
  await until('what waited has arrived', async () => highest(await accounting(node, device)) > before + 30, 30_000);
  await until('all is accounted for', async () => {
    assertAccounted(await accounting(node, device));
    return true;
  });
  const { values } = await node.get<{ values: { point: number; metric: string }[] }>(
    `/api/v1/latest?device=${encodeURIComponent(device)}`,
  );
  const point = values.find(({ metric }) => metric === 'power.active')!.point;
  const series = await node.get<{ times: number[] }>(`/api/v1/series?point=${point}&from=${from}&to=${to}`);
  assert.ok(series.times.length >= 25, `${series.times.length} readings bear times within the outage`);
  const steps = series.times.slice(1).map((time, i) => time - series.times[i]!);
  assert.ok(Math.max(...steps) < 1_000, `the longest step is ${Math.max(...steps)} ms`);
  assert.equal(await node.stop(), 0);
});
