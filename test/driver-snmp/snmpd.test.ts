import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
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
    assert.equal(expected.size, 48);
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

const AUTHENTICATION = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
const PRIVACY = ['des', 'aes', 'aes256b'] as const;

test('a real snmpd is read with every pair of protocols that it has', { skip: needsPeer('snmpd') }, async (t) => {
  const users = AUTHENTICATION.flatMap((authProtocol) =>
    PRIVACY.map((privProtocol) => ({
      user: `${authProtocol}-${privProtocol}`,
      authProtocol,
      authKey: `authentic-${authProtocol}`,
      privProtocol,
      privKey: `private-${privProtocol}`,
    })),
  );
  const snmpd = await startSnmpd(temporaryFolder(t), R, raritan(2), { users });
  t.after(() => snmpd.close());
  const driver = driverFor(t, { timeout: 3000 });
  for (const user of users) {
    const values = probed(await driver.probe({ address: snmpd.address, profile: 'auto', credentials: user }));
    assert.equal(values.get('outlet/2 power.active')?.value, 202, user.user);
  }
});

test('a real snmpd that restarted is read on, without a read that is lost', { skip: needsPeer('snmpd') }, async (t) => {
  const ENGINE = '80001f8880a1b2c3d4e5f6';
  for (const [how, signal, forgets, engineId, engineIdAfter] of [
    ['and counted the restart', 'SIGTERM', false, ENGINE, ENGINE],
    ['and lost count', 'SIGKILL', true, ENGINE, ENGINE],
    ['and is another engine', 'SIGKILL', true, ENGINE, '80001f8880ffeeddccbbaa'],
  ] as const) {
    const folder = temporaryFolder(t);
    const before = await startSnmpd(folder, R, raritan(2), { engineId });
    const driver = driverFor(t, { timeout: 1000, retries: 2 });
    const open = await driver.open({ address: before.address, profile: 'auto', credentials: SNMPD_USER });
    await driver.read(open.session, { deadline: 5000 });
    await before.close(signal);
    if (forgets) rmSync(join(folder, 'state'), { recursive: true });
    const after = await startSnmpd(folder, R, raritan(2), { engineId: engineIdAfter, port: before.port });
    t.after(() => after.close());
    const values = valuesOf(open, await driver.read(open.session, { deadline: 5000 }));
    assert.equal(values.get('outlet/2 power.active')?.value, 202, how);
    assert.deepEqual(new Set([...values.values()].map(({ quality }) => quality)), new Set(['good']), how);
  }
});
