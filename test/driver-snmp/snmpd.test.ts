import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';
import { SNMPD_USER, startSnmpd } from './snmpd.js';
import { driverFor, probed, raritan, valuesOf } from './support.js';

const R = '1.3.6.1.4.1.13742.6';

test('a real snmpd is read over v1, v2c and v3, and says what is wrong with credentials', {
  skip: needsPeer('snmpd'),
}, async (t) => {
  const snmpd = await startSnmpd(temporaryFolder(t), R, raritan(12));
  try {
    const driver = driverFor(t);
    const target = (credentials: object | string) => ({
      address: snmpd.address,
      profile: 'auto',
      credentials: credentials as never,
      timeout: 1000,
    });
    const expected = probed(await driver.probe(target('public')));
    assert.equal(expected.size, 36);
    assert.equal(expected.get('outlet/12 power.active')?.value, 212);
    for (const credentials of [{ version: '1', community: 'public' }, SNMPD_USER]) {
      const open = await driver.open(target(credentials));
      assert.deepEqual(valuesOf(open, await driver.read(open.session, { deadline: 3000 })), expected);
    }
    const wrong = (change: object) =>
      driver.probe({ ...target({ ...SNMPD_USER, ...change }), timeout: 300, retries: 0 });
    await assert.rejects(wrong({ user: 'nobody' }), { code: 'DEVICE_UNKNOWN_USER' });
    await assert.rejects(wrong({ authKey: 'not-the-auth-key' }), { code: 'DEVICE_WRONG_KEY', message: /authKey/ });
    await assert.rejects(wrong({ privKey: 'not-the-priv-key' }), { code: 'DEVICE_WRONG_KEY', message: /privKey/ });
    await assert.rejects(wrong({ privKey: undefined, privProtocol: undefined }), { code: 'DEVICE_REFUSED' });
  } finally {
    await snmpd.close();
  }
});
