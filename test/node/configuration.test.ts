import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freeUdpPort, generatedPdu, TestNode, until } from '../support/node.js';

const GATEWAY = ['telemetry', 'device-profiles', 'http', 'outbox', 'driver-snmp', 'simulator', 'acquisition'];

test('the file is edited while the node runs: a device appears, a mistake is refused with line and column', async (t) => {
  const node = await TestNode.site(t, { bundles: GATEWAY, configurations: await generatedPdu('a') });
  await node.start();
  const states = async (): Promise<string> => (await node.cli('device', 'list')).stdout;
  await until('device a is read', async () => /^a\s.*\bok\b/m.test(await states()));

  const document = node.readConfiguration();
  Object.assign(document.configurations, await generatedPdu('b', { family: 'raritan-px' }));
  node.writeConfiguration(document);
  await until('device b is read', async () => /^b\s.*\bok\b/m.test(await states()));

  const good = readFileSync(node.file, 'utf8');
  const bad = good.replace('"interval": "500 ms"', '"interval": 5');
  const line = bad.split('\n').findIndex((text) => text.includes('"interval": 5')) + 1;
  writeFileSync(node.file, bad);
  await until('the mistake is named', () =>
    new RegExp(`runtime\\.config\\.json:${line}:\\d+: .*interval`).test(node.output),
  );
  assert.match(node.output, /nothing was changed/);
  assert.match(await states(), /^a\s.*\bok\b/m);
  writeFileSync(node.file, good.slice(0, -20));
  await until('a syntax error is named', () => /runtime\.config\.json:\d+:\d+: .*/.test(node.output.slice(-2000)));
  node.writeConfiguration(good);

  const set = await node.cli('config', 'set', 'rackwatt.device~a', 'interval', '1 s');
  assert.equal(set.status, 0, set.stderr);
  assert.equal(node.readConfiguration().configurations['rackwatt.device~a']?.['interval'], '1 s');
  const wrong = await node.cli('config', 'set', 'rackwatt.device~a', 'retries', 'many');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /runtime\.config\.json:\d+:\d+: .*retries/);

  const removed = await node.cli('device', 'remove', 'b');
  assert.equal(removed.status, 0, removed.stderr);
  await until('device b is gone', async () => !/^b\s/m.test(await states()));
  assert.equal(await node.stop(), 0);
});

test('configurations are listed the same with a running node and without: all, and those that a filter takes', async (t) => {
  const node = await TestNode.site(t, { bundles: GATEWAY, configurations: await generatedPdu('a') });
  const lists = async (): Promise<string[]> => {
    const [all, some] = [
      await node.cli('config', 'list'),
      await node.cli('config', 'list', '--filter', '(service.factoryPid=rackwatt.device)'),
    ];
    assert.deepEqual([all.stderr, some.stderr], ['', '']);
    assert.match(all.stdout, /^rackwatt\.device~a +\d+ +runtime\.config\.json$/m);
    assert.match(all.stdout, /^rackwatt\.simulator/m);
    assert.match(some.stdout, /^PID.*\nrackwatt\.device~a .*\n$/);
    return [all.stdout, some.stdout];
  };
  const before = await lists();
  await node.start();
  assert.deepEqual(await lists(), before);
});

test('what is wrong is said: no answer, wrong community, missing secret, port in use', async (t) => {
  const silent = await freeUdpPort();
  const pdu = await generatedPdu('good');
  const port = (pdu['rackwatt.simulator.pdu~good'] as { port: number }).port;
  const node = await TestNode.site(t, {
    bundles: [...GATEWAY, 'broker'],
    configurations: {
      ...pdu,
      'rackwatt.device~dead': { address: `snmp://127.0.0.1:${silent}`, interval: '1 s', timeout: '200 ms', retries: 0 },
      'rackwatt.device~stranger': {
        address: `snmp://127.0.0.1:${port}`,
        interval: '1 s',
        timeout: '200 ms',
        retries: 0,
        credentials: 'wrong',
      },
      'rackwatt.device~secretive': { address: `snmp://127.0.0.1:${port}`, credentials: { $secret: 'nowhere' } },
    },
  });
  const squatter = createServer().listen(node.ports.broker, '127.0.0.1');
  await once(squatter, 'listening');
  t.after(() => squatter.close());
  await node.start();
  await until('the good device is read', async () =>
    /^good\s.*\bok\b/m.test((await node.cli('device', 'list')).stdout),
  );
  await until('the dead one is explained', () =>
    new RegExp(`127\\.0\\.0\\.1:${silent} did not answer.*(community|access)`).test(node.output),
  );
  assert.match(node.output, /secret "nowhere"/);
  assert.match((await node.cli('component', 'why', 'rackwatt.device~secretive')).stdout, /secret "nowhere"/);
  assert.match(
    (await node.cli('component', 'why', 'rackwatt.broker')).stdout,
    new RegExp(`${node.ports.broker}.*(use|taken)`),
  );
  const stored = await node.cli('secret', 'list');
  assert.equal(stored.stdout, '');
  await node.stop();
});

test('commands without a running node: config, secret, validate; a second node on one storage is refused', async (t) => {
  const node = await TestNode.site(t, { bundles: GATEWAY });
  const valid = await node.cli('config', 'validate');
  assert.equal(valid.status, 0, valid.stderr);
  const set = await node.cli('config', 'set', 'rackwatt.http', 'port', 'no');
  assert.equal(set.status, 1);
  assert.match(set.stderr, /port/);
  assert.equal((await node.cli('health')).status, 1);
  assert.match((await node.cli('health')).stderr, /no node runs here/);
  const { rackwatt } = await import('../support/node.js');
  const stored = await rackwatt(['secret', 'set', 'rack1', '--home', node.home], { input: 'hunter2\n' });
  assert.equal(stored.status, 0, stored.stderr);
  assert.equal((await node.cli('secret', 'list')).stdout, 'rack1\n');
  await node.start();
  const second = await node.cli('start');
  assert.equal(second.status, 1);
  assert.match(second.stderr, /already runs/);
  assert.equal(await node.stop(), 0);
});

test('a packed bundle tells its schemas by its description: its code is not run to check a configuration', async (t) => {
  const node = await TestNode.site(t, { bundles: [] });
  const folder = join(node.home, 'packed');
  const schema = { type: 'object', properties: { level: { type: 'integer' } }, additionalProperties: false };
  const components = [
    { name: 'acme.x', provides: [], references: {}, configuration: { pid: 'acme.x', policy: 'optional', schema } },
  ];
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'acme-x', version: '1.0.0', main: './index.js', rackwatt: { components } }),
  );
  writeFileSync(
    join(folder, 'index.js'),
    `require('node:fs').writeFileSync(${JSON.stringify(join(node.home, 'ran'))}, '');`,
  );
  node.writeConfiguration({ ...node.readConfiguration(), bundles: [{ id: 'link:./packed', start: false }] });
  const wrong = await node.cli('config', 'set', 'acme.x', 'level', 'high');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /level must be a whole number/);
  assert.equal((await node.cli('config', 'set', 'acme.x', 'level', '3')).status, 0);
  assert.ok(!existsSync(join(node.home, 'ran')), 'the code was not run');
});
