import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { serveRecording } from '@rackwatt/simulator';
import type { ProbeResult } from '@rackwatt/telemetry';
import { recording } from '../support/devices.js';
import { temporaryFolder } from '../support/temporary.js';
import { hostOf, run } from './command.js';
import { agentOf, driverFor, raritan, valuesOf } from './support.js';

const R = '1.3.6.1.4.1.13742.6';

async function recorded(t: TestContext, address: string, options: Record<string, boolean> = {}) {
  const file = join(temporaryFolder(t), 'pdu.snmprec');
  const { stderr } = await run('record', hostOf(address), { output: file, ...options });
  return { file, text: readFileSync(file, 'latin1'), stderr };
}

const readingsOf = ({ units = [], ...first }: ProbeResult): unknown[] =>
  [first, ...units].map((unit) => [...valuesOf(unit, unit.reading)]);

const line = (text: string, oid: string): string =>
  new RegExp(`^${oid.replaceAll('.', '\\.')}\\|(.*)$`, 'm').exec(text)![1]!;

test('names, places, serials and addresses are masked alike wherever they stand; what is measured is not', async (t) => {
  const name = 'customer-db-1';
  const more = [
    '1.3.6.1.2.1.1.4.0|4|jane@example.com',
    '1.3.6.1.2.1.1.5.0|4|fra1-rack7',
    '1.3.6.1.2.1.1.6.0|4|Hall 3, Frankfurt',
    `${R}.3.5.3.1.3.1.1|4|${name}`,
    `${R}.3.5.3.1.3.1.2|4|${name}`,
    `${R}.9.1|4|last seen ${name} at 10.1.2.3, 00:0d:5d:aa:bb:cc`,
    `${R}.9.2|4x|000d5daabbcc`,
    `${R}.9.3|64|10.1.2.3`,
    `${R}.9.4|4|hunter2-community`,
  ];
  const lines = raritan(2).replace('|4|a PDU', '|4|PX3 SER1 of fra1-rack7 at 10.1.2.3');
  const agent = await agentOf(t, `${lines}${more.join('\n')}\n`);
  const { text, stderr } = await recorded(t, agent.address);
  for (const secret of ['jane', 'fra1', 'Frankfurt', name, 'SER1', '10.1.2.3', '00:0d:5d', '000d5daabbcc', 'hunter2'])
    assert.ok(!text.includes(secret), `${secret} is still there`);
  assert.match(stderr, /\d+ private values were masked/);
  const [first, second] = [1, 2].map((outlet) => line(text, `${R}.3.5.3.1.3.1.${outlet}`));
  assert.equal(first, second, 'the same text has the same mask');
  assert.match(first!, /^4\|[a-z]{8}-[a-z]{2}-\d$/);
  assert.match(line(text, '1.3.6.1.2.1.1.1.0'), /^4\|PX3 [A-Z]{3}\d of [a-z]{3}\d-[a-z]{4}\d at 192\.0\.2\.1$/);
  assert.match(line(text, `${R}.9.3`), /^64\|192\.0\.2\.1$/);
  assert.equal(line(text, `${R}.3.5.3.1.2.1.1`), '4|1', 'what is printed on the device stays');
  assert.equal(line(text, `${R}.5.4.3.1.4.1.1.5`), '66|201');
  const again = await recorded(t, agent.address);
  assert.notEqual(line(again.text, '1.3.6.1.2.1.1.5.0'), line(text, '1.3.6.1.2.1.1.5.0'), 'nobody can look a mask up');
  assert.match((await recorded(t, agent.address, { keepPrivate: true })).text, /customer-db-1/);
});

test('of a device that no profile knows it is said that only what looks private was found', async (t) => {
  const agent = await agentOf(
    t,
    '1.3.6.1.2.1.1.1.0|4|box\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.42\n1.3.6.1.4.1.42.1.0|4|10.9.8.7 kept\n',
  );
  const { text, stderr } = await recorded(t, agent.address);
  assert.equal(line(text, '1.3.6.1.4.1.42.1.0'), '4|192.0.2.1 kept');
  assert.match(stderr, /no profile knows the device.*look through it before you give it away/);
});

for (const name of ['raritan-pdu_px3', 'sentry4', 'vertiv-pdu_mn03edr1', 'snmpsimdata-apc-ap8641', 'eatonpdu_2']) {
  const { path, skip } = recording(`${name}.snmprec`);
  test(`${name}: a masked recording reads as the device`, { skip }, async (t) => {
    const served = await serveRecording(path);
    t.after(() => served.close());
    const { file } = await recorded(t, served.address);
    const masked = await serveRecording(file);
    t.after(() => masked.close());
    const driver = driverFor(t, { timeout: 2000 });
    const [original, again] = [
      await driver.probe({ address: served.address, profile: 'auto' }),
      await driver.probe({ address: masked.address, profile: 'auto' }),
    ];
    assert.deepEqual(readingsOf(again), readingsOf(original));
    assert.equal(again.identity.model, original.identity.model);
  });
}
