import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generatedPdu, type SiteOptions, TestNode, until } from '../support/node.js';
import { storedDevices } from '../support/accounting.js';

interface Info {
  name: string;
  state: string;
  isolation: string;
  host?: { place: string; memory: number; processorTime: number };
}

/** A site whose named bundles are isolated. */
async function site(
  t: Parameters<typeof TestNode.site>[0],
  isolated: Record<string, unknown>,
  options: SiteOptions = {},
): Promise<TestNode> {
  const node = await TestNode.site(t, {
    configurations: await generatedPdu('rack', { interval: '250 ms' }),
    ...options,
  });
  isolate(node, isolated);
  await node.start();
  return node;
}

function isolate(node: TestNode, isolated: Record<string, unknown>): void {
  const document = node.readConfiguration();
  for (const bundle of document.bundles as { id: string; isolation?: unknown }[]) {
    const name = bundle.id.replace(/^.*\//, '');
    if (name in isolated) bundle.isolation = isolated[name];
  }
  node.writeConfiguration(document);
}

async function reads(node: TestNode): Promise<void> {
  await until('the device is stored', async () => (await storedDevices(node))['rack']);
}

const info = (node: TestNode, name: string) => node.json<Info>('bundle', 'info', name);

for (const kind of ['worker', 'process'] as const)
  test(`the SNMP driver, unchanged, reads a device from a ${kind}`, async (t) => {
    const node = await site(t, { 'driver-snmp': { kind, heap: '128 MB' } });
    await reads(node);
    const { isolation, host, state } = await info(node, 'driver-snmp');
    assert.equal(state, 'ACTIVE');
    assert.equal(isolation, kind);
    assert.match(host!.place, kind === 'worker' ? /^thread \d+$/ : /^process \d+$/);
    assert.ok(host!.memory > 0 && host!.processorTime > 0, JSON.stringify(host));
    const components = await node.json<{ name: string; bundle: string; state: string }[]>('component', 'list');
    assert.deepEqual(
      components.filter(({ name }) => name === 'rackwatt.driver.snmp').map(({ state }) => state),
      ['active'],
    );
    const why = await node.cli('component', 'why', 'rackwatt.driver.snmp');
    assert.equal(why.status, 0, why.stderr);
    t.diagnostic(`${host!.place}: ${(host!.memory / 1024 ** 2).toFixed(1)} MB`);
    assert.equal(await node.stop(), 0);
  });

test('every bundle whose contracts can cross runs in a process of its own, and readings arrive', {
  timeout: 120_000,
}, async (t) => {
  const names = ['driver-snmp', 'simulator', 'broker', 'outbox', 'publisher-mqtt', 'ingest', 'store-sqlite'];
  const node = await site(t, Object.fromEntries(names.map((name) => [name, 'process'])));
  await reads(node);
  const bundles = await node.json<Info[]>('bundle', 'list');
  const isolated = bundles.filter(({ isolation }) => isolation === 'process');
  assert.equal(isolated.length, names.length);
  const pids = isolated.map(({ host }) => Number(/^process (\d+)$/.exec(host!.place)![1]));
  await node.kill();
  await until('no process outlives its node', () => pids.every((pid) => !isAlive(pid)));
});

test('a saved configuration moves a bundle, and back, while readings go on', async (t) => {
  const node = await site(t, {});
  await reads(node);
  for (const kind of ['worker', 'process', 'space'] as const) {
    isolate(node, { 'driver-snmp': kind });
    await until(`the driver is in a ${kind}`, async () => (await info(node, 'driver-snmp')).isolation === kind);
    assert.equal((await info(node, 'driver-snmp')).state, 'ACTIVE');
    const drivers = await node.json<unknown[]>(
      'service',
      'list',
      '--filter',
      '(&(objectClass=rackwatt.telemetry/Driver@*)(scheme=snmp))',
    );
    assert.equal(drivers.length, 1);
  }
});

test('a bundle with a local contract stays out of a worker, and says why', async (t) => {
  const node = await site(t, { console: 'worker' });
  const { state } = await info(node, 'console');
  assert.equal(state, 'INSTALLED');
  const why = await node.cli('bundle', 'why', 'console');
  assert.match(
    why.stdout,
    /^INSTALLED: .*console cannot run in a worker: its component \S+ (?:provides|needs) a contract that cannot cross: \S+ is marked local.*run it with "isolation": "space"/,
  );
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
