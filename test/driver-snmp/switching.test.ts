import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorStatus, type SnmpValue } from '@rackwatt/simulator';
import { agentOf, driverFor, raritan, system } from './support.js';

const R = '1.3.6.1.4.1.13742.6';
const A = '1.3.6.1.4.1.318.1.1.26';
const M = '1.3.6.1.4.1.534.6.6.7';

const apc = `${system('1.3.6.1.4.1.318.1.3.4.6')}${A}.2.1.2.1|2|1\n${A}.9.2.3.1.2.7|2|1\n${A}.9.2.3.1.4.7|2|3\n${A}.9.2.3.1.5.7|2|2\n${A}.9.2.4.1.5.7|2|1\n`;
const eaton = `${system(M)}${M}.1.2.1.3.0|4|EMA\n${M}.6.5.1.3.0.3|2|5\n${M}.6.6.1.2.0.3|2|1\n${M}.6.6.1.9.0.3|2|1\n${M}.6.5.1.3.0.4|2|5\n${M}.6.6.1.9.0.4|2|2\n`;

for (const [family, recording, part, expected] of [
  [
    'APC',
    apc,
    'outlet/3',
    { on: [`${A}.9.2.4.1.5.7`, 1], off: [`${A}.9.2.4.1.5.7`, 2], cycle: [`${A}.9.2.4.1.5.7`, 3] },
  ],
  [
    'Raritan',
    raritan(2),
    'outlet/2',
    { on: [`${R}.4.1.2.1.2.1.2`, 1], off: [`${R}.4.1.2.1.2.1.2`, 0], cycle: [`${R}.4.1.2.1.2.1.2`, 2] },
  ],
  [
    'Eaton',
    eaton,
    'outlet/3',
    { on: [`${M}.6.6.1.4.0.3`, 0], off: [`${M}.6.6.1.3.0.3`, 0], cycle: [`${M}.6.6.1.5.0.3`, 0] },
  ],
] as const) {
  test(`${family} outlets are switched in the family's own coding`, async (t) => {
    const writes: [string, SnmpValue['value']][] = [];
    const agent = await agentOf(t, recording, {
      write: (oid, value) => ({ commit: () => void writes.push([oid, value.value]) }),
    });
    const driver = driverFor(t);
    const open = await driver.open({ address: agent.address, profile: 'auto' });
    assert.equal(open.parts.find(({ path }) => path === part)?.switchable, true);
    for (const command of ['on', 'off', 'cycle'] as const) {
      writes.length = 0;
      await driver.switchOutlet(open.session, part, command);
      assert.deepEqual(writes, [expected[command]], command);
    }
  });
}

test('what cannot be switched is refused without a word to the device', async (t) => {
  const agent = await agentOf(t, eaton);
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const before = agent.statistics.requests;
  assert.equal(open.parts.find(({ path }) => path === 'outlet/4')?.switchable, false);
  for (const part of ['outlet/4', 'outlet/99', 'inlet/1']) {
    await assert.rejects(driver.switchOutlet(open.session, part, 'off'), { code: 'DEVICE_NOT_SWITCHABLE' }, part);
  }
  assert.equal(agent.statistics.requests, before);
});

test('a device that refuses to be written says so', async (t) => {
  for (const error of [ErrorStatus.notWritable, ErrorStatus.noAccess]) {
    const agent = await agentOf(t, raritan(1), { write: () => ({ error }) });
    const driver = driverFor(t);
    const open = await driver.open({ address: agent.address, profile: 'auto' });
    await assert.rejects(driver.switchOutlet(open.session, 'outlet/1', 'on'), {
      code: 'DEVICE_REFUSED',
      message: /let this community or user write/,
    });
  }
});
