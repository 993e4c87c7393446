import assert from 'node:assert/strict';
import { activated, Meter, meter } from '../support/activated.js';
import { containerInfo, rackwatt, TestContainer } from '../support/container.js';
import { item } from './item.js';

item(167, async (t) => {
  const container = new TestContainer(t);
  const contracts = { contracts: ['./contract'] };
  const api = await container.start('@acme/api', '', {
    version: '1.4.0',
    rackwatt: contracts,
    exports: { './contract': './index.js' },
  });
  const provider = await activated(container, 'provider');
  const consumer = await activated(container, 'consumer', { peerDependencies: { '@acme/api': '^1.2.0' } });
  const properties = {
    rack: 'R1',
    serial: 12345678901234567890n,
    firmware: rackwatt.Version.parse('1.10'),
    tags: ['a'],
  };
  const { reference } = provider.context.register(Meter, meter(), properties);
  consumer.context.get(reference);

  const { framework } = container;
  const taken = containerInfo(framework);
  assert.deepEqual(JSON.parse(JSON.stringify(taken)), taken, 'plain data');
  assert.deepEqual([taken.startLevel, taken.initialBundleStartLevel], [1, framework.initialBundleStartLevel]);
  assert.deepEqual(
    taken.bundles.map(({ id, name, state }) => [id, name, state]),
    [
      [0, 'rackwatt', framework.views()[0]!.state],
      ...[api, provider.bundle, consumer.bundle].map(({ id, name }) => [id, name, 'ACTIVE']),
    ],
  );
  assert.deepEqual(taken.bundles.at(-1), consumer.bundle.info());
  const wire = taken.wires.find(({ bundle, provider: from }) => bundle === 'consumer' && from === '@acme/api');
  assert.deepEqual(wire, {
    bundle: 'consumer',
    version: '1.0.0',
    requirement: '@acme/api ^1.2.0',
    capability: '@acme/api 1.4.0',
    provider: '@acme/api',
    providerVersion: '1.4.0',
  });
  const service = () => taken.services.find(({ id }) => id === reference.id);
  const expected = {
    id: reference.id,
    contracts: [Meter.id],
    bundle: 'provider',
    properties: {
      objectClass: [Meter.id],
      'service.id': reference.id,
      'service.bundleid': provider.bundle.id,
      'service.scope': 'singleton',
      'service.ranking': 0,
      rack: 'R1',
      serial: '12345678901234567890',
      firmware: '1.10.0',
      tags: ['a'],
    },
    users: ['consumer'],
  };
  assert.deepEqual(service(), expected);
  await provider.bundle.stop();
  await framework.uninstall(consumer.bundle);
  assert.deepEqual([service(), taken.bundles.at(-1)?.state], [expected, 'ACTIVE'], 'what was taken does not change');
  const now = containerInfo(framework);
  assert.deepEqual(
    [now.services.some(({ id }) => id === reference.id), now.bundles.map(({ name }) => name), now.wires.length],
    [false, ['rackwatt', '@acme/api', 'provider'], taken.wires.filter(({ bundle }) => bundle !== 'consumer').length],
  );
});
