import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesOfArchive, partsOf, readPrivateKey, signed } from '../support/archives.js';
import { checkout, generatedPdu, rackwatt, TestNode, until } from '../support/node.js';
import { accounting, assertAccounted, highest, storedDevices } from '../support/accounting.js';
import { temporaryFolder } from '../support/temporary.js';

const SWAPS = 50;

test(`a device polled every 200 ms while its driver is updated ${SWAPS} times from signed archives: every due number is stored once or counted`, {
  timeout: 170_000,
}, async (t) => {
  const work = temporaryFolder(t);
  const node = await TestNode.site(t, { configurations: await generatedPdu('rack', { interval: '200 ms' }) });
  const key = join(work, 'release.key');
  assert.equal((await rackwatt(['keys', 'new', key])).status, 0);
  writeFileSync(join(node.home, 'keys', 'release.pub'), readFileSync(`${key}.pub`));
  const packed = join(work, 'driver.tgz');
  const { status, stderr } = await rackwatt(['bundle', 'pack', join(checkout, 'bundles/driver-snmp'), '-o', packed]);
  assert.equal(status, 0, stderr);
  const files = await filesOfArchive(packed);
  const privateKey = readPrivateKey(key);

  /** The same driver as another version whose service tells its number: the new behaviour shows. */
  const release = async (number: number): Promise<string> => {
    const version = `0.1.${number}`;
    const changed = files.map(({ path, content }) => {
      const text = content.toString('utf8');
      if (path === 'package.json')
        return { path, content: Buffer.from(JSON.stringify({ ...(JSON.parse(text) as object), version })) };
      if (path !== 'dist/index.js') return { path, content };
      const marked = text.replace(/properties: \{ scheme:/, `properties: { release: ${number}, scheme:`);
      assert.notEqual(marked, text, 'the driver declares its scheme as a service property');
      return { path, content: Buffer.from(marked) };
    });
    const file = join(work, `driver-${number}.tgz`);
    writeFileSync(file, signed(partsOf({ name: '@rackwatt/driver-snmp', version }, changed), privateKey));
    return file;
  };

  await node.start();
  const device = await until('the device is stored', async () => (await storedDevices(node))['rack']);
  const took: number[] = [];
  for (let number = 1; number <= SWAPS; number++) {
    const file = await release(number);
    const began = performance.now();
    const installed = await node.cli('bundle', 'install', file);
    took.push(performance.now() - began);
    assert.equal(installed.status, 0, installed.stderr);
  }
  const drivers = await node.json<{ properties: { release?: number } }[]>(
    'service',
    'list',
    '--filter',
    '(&(objectClass=rackwatt.telemetry/Driver@*)(scheme=snmp))',
  );
  assert.deepEqual(
    drivers.map(({ properties }) => properties.release),
    [SWAPS],
  );
  const last = async (): Promise<number> => highest(await accounting(node, device));
  const reached = await last();
  await until('reading goes on after the last swap', async () => (await last()) > reached + 10);
  const found = await accounting(node, device);
  const missed = assertAccounted(found, 2);
  // A busy machine may be late with a read; none may fail, or find no driver.
  assert.deepEqual(
    found.gaps.filter(({ reason }) => reason !== 'overrun' && reason !== 'no-answer'),
    [],
  );
  t.diagnostic(
    `${await last()} due reads, ${missed} in counted gaps; ${SWAPS} updates, median ${took.sort((a, b) => a - b)[SWAPS / 2]!.toFixed(0)} ms by the command`,
  );
  assert.equal(await node.stop(), 0);
});
