import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';
import { until } from '../support/node.js';

const { contract, Version } = rackwatt;
const Meter = contract<{ read(): Promise<number> }>('test/Meter', { major: 1, methods: ['read'] });

/** Registers a meter with the properties of one that it finds, so that they cross twice. */
const ECHO = `
const { contract, Version } = require('rackwatt');
const Meter = contract('test/Meter', { major: 1, methods: ['read'] });
exports.activator = {
  start(context) {
    context.tracker({ contract: Meter, filter: '(firmware>=1.9)' }, {
      adding(reference) {
        const { firmware, installed, serial, tags, releases } = reference.properties();
        const properties = { echo: true, firmware, installed, serial, tags, releases, isVersion: firmware instanceof Version };
        return context.register(Meter, { read: async () => 2 }, properties);
      },
    }).open();
  },
};`;

for (const kind of ['worker', 'process'] as const)
  test(`versions, dates and large integers are what they were in a ${kind}, and back`, async (t) => {
    const c = new TestContainer(t);
    await c.start('echo', ECHO, {}, kind);
    const given = {
      firmware: Version.parse('1.10.0'),
      installed: new Date('2026-01-31T12:00:00Z'),
      serial: 12345678901234567890n,
      tags: ['a', 'b'],
      releases: [Version.parse('1.2'), new Date('2025-01-01')],
    };
    c.framework.registry.register({ id: 700, name: 'meters' }, Meter, { read: async () => 1 }, given);
    const filter = '(&(echo=true)(firmware>=1.9)(installed>=2026)(serial=12345678901234567890)(releases<=1.2)(tags=b))';
    await until('the echo', () => c.framework.registry.reference(Meter, filter) !== undefined);
    const echoed = c.framework.registry.reference(Meter, filter)!;
    assert.equal(echoed.property('isVersion'), true);
    assert.ok(echoed.property('firmware') instanceof Version);
    assert.deepEqual(echoed.property('installed'), given.installed);
    assert.equal(JSON.stringify(echoed.property('releases')), '["1.2.0","2025-01-01T00:00:00.000Z"]');
  });
