import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type DesiredState, newGatewayId, operationsKeyOf } from '@rackwatt/fleet';
import { CompactSign } from 'jose';
import { RackwattError } from 'rackwatt';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/node.js';
import { TestCenter } from './support/center.js';
import { Gateway } from './support/gateway.js';

const ARCHIVE = Buffer.alloc(300_000, 'an archive ');
const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

async function pair(t: TestContext, capabilities?: string[]): Promise<{ center: TestCenter; gateway: Gateway }> {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center, capabilities);
  await gateway.enrolled();
  return { center, gateway };
}

function driver(center: TestCenter, version = '1.0.0', archive = ARCHIVE) {
  return { '@acme/driver': { version, ...center.keep(archive) } };
}

function reported(center: TestCenter, phase: string) {
  return until(`the center hears of ${phase}`, () => center.reports.find(({ desired }) => desired?.phase === phase));
}

function refusal(center: TestCenter, code: string) {
  return until(`the center hears of ${code}`, () => center.reports.find(({ refused }) => refused?.code === code));
}

test('what is desired is downloaded, applied as one change, and reported', async (t) => {
  const { center, gateway } = await pair(t);
  gateway.deployment.outcome = 'probation';
  gateway.deployment.content.bundles = [{ name: '@acme/old', version: '1.0.0', location: 'store:@acme/old@1.0.0' }];
  await center.desire({
    bundles: { ...driver(center), '@acme/old': null },
    configurations: { 'acme.driver': { interval: '5 s' } },
    reason: 'ticket 17',
  });
  await gateway.phase(1, 'probation');
  const [{ change, id }] = gateway.deployment.changes as [(typeof gateway.deployment.changes)[0]];
  assert.match(change.reason, /order 1\.1: ticket 17 \(alice\)$/);
  assert.equal(change.probation, 120_000);
  assert.deepEqual(change.remove, ['@acme/old']);
  assert.deepEqual(change.configurations, { 'acme.driver': { interval: '5 s' } });
  gateway.deployment.commit();
  await gateway.phase(1, 'converged');
  await reported(center, 'converged');
  const phases = center.reports.map(({ desired }) => desired?.phase).filter((phase) => phase !== undefined);
  assert.ok(phases.includes('probation'), phases.join());
  assert.equal(center.reports.at(-1)!.desired!.transaction, id);
  assert.deepEqual(readdirSync(join(gateway.folder, 'downloads')), []);
  assert.ok((await gateway.actions()).includes('order 1 converged'));
  // The same again is nothing to do.
  await center.desire({ bundles: driver(center), configurations: { 'acme.driver': { interval: '5 s' } } });
  await gateway.phase(2, 'converged');
  assert.equal(gateway.deployment.changes.length, 1);
});

test('a change that the node takes back is reported with the reason, and not tried again', async (t) => {
  const { center, gateway } = await pair(t);
  gateway.deployment.outcome = 'probation';
  await center.desire({ bundles: driver(center) });
  await gateway.phase(1, 'probation');
  Object.assign(gateway.deployment.changes[0]!, { state: 'rolled-back', why: 'the component acme.driver failed: no' });
  const { desired } = await gateway.phase(1, 'rolled-back');
  assert.equal(desired!.detail, 'the component acme.driver failed: no');
  const heard = await reported(center, 'rolled-back');
  assert.equal(heard.desired!.detail, 'the component acme.driver failed: no');
  await gateway.restart();
  await gateway.phase(1, 'rolled-back');
  await pause(300);
  assert.equal(gateway.deployment.changes.length, 1);
});

test('what the node refuses is refused with its reason; what may pass is tried again', async (t) => {
  const { center, gateway } = await pair(t);
  let tries = 0;
  gateway.deployment.before = async () => {
    if (++tries < 3) throw new RackwattError('TRANSACTION_RUNNING', 'another change is under way');
    throw new RackwattError('SIGNATURE_INVALID', 'nobody who is trusted signed it');
  };
  await center.desire({ bundles: driver(center) });
  const { desired } = await gateway.phase(1, 'refused');
  assert.equal(desired!.detail, 'SIGNATURE_INVALID: nobody who is trusted signed it');
  assert.equal(tries, 3);
  assert.equal((await reported(center, 'waiting')).desired!.detail, 'TRANSACTION_RUNNING: another change is under way');
});

test('52 an order waits for a capability that is not granted, and is done when it is', async (t) => {
  const { center, gateway } = await pair(t, ['monitor', 'configure']);
  await center.desire({ bundles: driver(center) });
  const { desired } = await gateway.phase(1, 'waiting');
  assert.match(desired!.detail!, /^ORDER_CAPABILITY: .*update/);
  assert.ok(!center.requests.some((request) => request.includes('artifacts')));
  await gateway.agent.enable({ capabilities: ['update'], actor: 'user root' });
  await gateway.phase(1, 'converged');
});

test('without the capability monitor the center is not told what runs', async (t) => {
  const { center } = await pair(t, ['update']);
  await until('it reports', () => center.reports.length > 0);
  assert.ok(center.reports.every(({ actual }) => actual === undefined));
});

test('the numbers of reports rise as long as the agent runs, also when it is configured anew', async (t) => {
  const { center, gateway } = await pair(t);
  await until('it reports', () => center.reports.length > 0);
  gateway.configure({ ...center.settings, capabilities: ['monitor'] });
  await until('it reports anew', () => center.reports.at(-1)!.capabilities.length === 1);
  const numbers = center.reports.map(({ number }) => number);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
  );
});

test('a gateway that was away converges when it returns, to the last order', async (t) => {
  const { center, gateway } = await pair(t);
  await gateway.stop();
  await center.desire({ bundles: driver(center) });
  await center.desire({ bundles: driver(center, '1.1.0', Buffer.from('another archive')) });
  await gateway.start();
  await gateway.phase(2, 'converged');
  assert.deepEqual(
    gateway.deployment.content.bundles.map(({ version }) => version),
    ['1.1.0'],
  );
});

test('18 an order for another gateway, or another tenant, is refused and reported', async (t) => {
  const { center, gateway } = await pair(t);
  await center.desire({ audience: newGatewayId(), bundles: driver(center) });
  await refusal(center, 'ORDER_AUDIENCE');
  await center.desire({ tenant: 'other', bundles: driver(center) });
  await pause(200);
  assert.equal(gateway.deployment.changes.length, 0);
  assert.equal((await gateway.agent.status()).refused!.code, 'ORDER_AUDIENCE');
  await center.desire({ bundles: driver(center) });
  await gateway.phase(3, 'converged');
  assert.equal((await gateway.agent.status()).refused, undefined);
});

test('19 an order of a center with another operations key is refused and reported', async (t) => {
  const { center, gateway } = await pair(t);
  await center.desire({ bundles: driver(center) }, generateKeyPairSync('ed25519').privateKey);
  await refusal(center, 'ORDER_SIGNATURE');
  assert.equal(gateway.deployment.changes.length, 0);
  assert.ok((await gateway.actions()).includes('order refused'));
});

test('20 an older order is not taken again: at once, after a restart, from an old copy of the folder', async (t) => {
  const { center, gateway } = await pair(t);
  await center.desire({ configurations: { 'acme.a': { n: 1 } } });
  const first = center.order!;
  await gateway.phase(1, 'converged');
  const backup = join(temporaryFolder(t), 'backup');
  await gateway.stop();
  cpSync(gateway.folder, backup, { recursive: true });
  await gateway.start();
  await center.desire({ configurations: { 'acme.a': { n: 2 } } });
  await gateway.phase(2, 'converged');
  center.give(first);
  await refusal(center, 'ORDER_REPLAYED');
  await gateway.restart();
  await gateway.status('it says so', ({ refused }) => refused?.code === 'ORDER_REPLAYED');
  await gateway.stop();
  rmSync(gateway.folder, { recursive: true });
  cpSync(backup, gateway.folder, { recursive: true });
  await gateway.start();
  await gateway.status('it says so', ({ refused }) => refused?.code === 'ORDER_REPLAYED');
  assert.equal(gateway.deployment.changes.length, 2);
  assert.deepEqual(gateway.deployment.content.configurations, { 'acme.a': { n: 2 } });
});

test('20 the same sequence with another content is none of this gateway’s orders', async (t) => {
  const { center, gateway } = await pair(t);
  await center.desire({ configurations: { 'acme.a': { n: 1 } } });
  await gateway.phase(1, 'converged');
  await gateway.stop();
  await center.desire({ sequence: 1, configurations: { 'acme.a': { n: 2 } } });
  await gateway.start();
  await refusal(center, 'ORDER_REPLAYED');
  assert.deepEqual(gateway.deployment.content.configurations, { 'acme.a': { n: 1 } });
});

test('21 an order that comes several times is carried out once', async (t) => {
  const { center, gateway } = await pair(t);
  center.before = (request) => {
    // A center that always thinks that there is news.
    delete request.headers['if-none-match'];
    return false;
  };
  await center.desire({ configurations: { 'acme.a': { n: 1 } } });
  await gateway.phase(1, 'converged');
  await pause(500);
  assert.equal(gateway.deployment.changes.length, 1);
});

test('22 an order whose time is over, or has not come, is not carried out', async (t) => {
  const { center, gateway } = await pair(t);
  const now = Math.floor(Date.now() / 1000);
  await center.desire({ issued: now - 100, expires: now - 10, configurations: { 'acme.a': {} } });
  await refusal(center, 'ORDER_EXPIRED');
  await center.desire({ issued: now + 3600, expires: now + 7200, configurations: { 'acme.a': {} } });
  await pause(300);
  assert.equal(gateway.deployment.changes.length, 0);
});

test('23 a center that counts from the beginning again is refused, until the gateway is enrolled anew', async (t) => {
  const { center, gateway } = await pair(t);
  await center.desire({ sequence: 9, configurations: { 'acme.a': { n: 1 } } });
  await gateway.phase(9, 'converged');
  await center.desire({ sequence: 3, configurations: { 'acme.a': { n: 2 } } });
  const { refused } = await refusal(center, 'ORDER_REPLAYED');
  assert.match(refused!.detail, /enrol this gateway anew/);
  center.enrolments.clear();
  await gateway.agent.forget('user root');
  await gateway.status(
    'it is enrolled',
    ({ gateway: id }) => id !== undefined && center.enrolments.size === 1 && id === center.gateway,
  );
  await center.desire({ sequence: 4, configurations: { 'acme.a': { n: 2 } } });
  await gateway.phase(4, 'converged');
});

for (const [what, text] of Object.entries({
  'with a key twice': '{"type":"desired","type":"desired"}',
  'with __proto__': '{"type":"desired","bundles":{"__proto__":{"polluted":true}}}',
  'of a depth of ten thousand': `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  'of a megabyte': JSON.stringify({ type: 'desired', reason: 'x'.repeat(1 << 20) }),
  'that is none': 'nonsense',
}))
  test(`24 a signed order ${what} is refused, and nothing is left of it`, async (t) => {
    const { center, gateway } = await pair(t);
    const token = await new CompactSign(Buffer.from(text))
      .setProtectedHeader({ alg: 'EdDSA', kid: operationsKeyOf(center.operations).id })
      .sign(center.operations);
    center.give({ token, sequence: 1 });
    await gateway.status('it says so', ({ refused, trouble }) =>
      /FLEET_MESSAGE|CENTER_ANSWER/.test(refused?.code ?? trouble?.code ?? ''),
    );
    assert.equal(gateway.deployment.changes.length, 0);
    assert.ok(!('polluted' in {}));
    await center.desire({ sequence: 2, configurations: { 'acme.a': { n: 1 } } });
    await gateway.phase(2, 'converged');
  });

test('37 an older version is refused, unless the order says that it is meant', async (t) => {
  const { center, gateway } = await pair(t);
  await center.desire({ bundles: driver(center, '2.0.0') });
  await gateway.phase(1, 'converged');
  const older = Buffer.from('an older archive');
  await center.desire({ bundles: driver(center, '1.0.0', older) });
  const { desired } = await gateway.phase(2, 'refused');
  assert.match(desired!.detail!, /^ORDER_DOWNGRADE/);
  const { '@acme/driver': bundle } = driver(center, '1.0.0', older);
  await center.desire({ bundles: { '@acme/driver': { ...bundle, downgrade: true } } });
  await gateway.phase(3, 'converged');
});

const forbidden: Record<string, Partial<DesiredState>> = {
  'the capabilities': {
    configurations: { 'rackwatt.remote-admin': { capabilities: ['monitor', 'configure', 'update'] } },
  },
  'the capabilities for one bundle': { configurations: { 'rackwatt.remote-admin|@rackwatt/remote-admin': {} } },
  'the capabilities away': { configurations: { 'rackwatt.remote-admin': null } },
  'the agent away': { bundles: { '@rackwatt/remote-admin': null } },
  'the messages of the agent away': { bundles: { '@rackwatt/fleet': null } },
  'the agent back': {
    bundles: { '@rackwatt/remote-admin': { version: '0.0.9', sha256: 'a'.repeat(64), size: 1, downgrade: true } },
  },
};

for (const [what, wanted] of Object.entries(forbidden))
  test(`60 an order that takes or changes ${what} is refused whole`, async (t) => {
    const { center, gateway } = await pair(t);
    gateway.deployment.content.bundles = [
      { name: '@rackwatt/remote-admin', version: '0.1.0', location: 'platform:@rackwatt/remote-admin' },
      { name: '@rackwatt/fleet', version: '0.1.0', location: 'platform:@rackwatt/fleet' },
    ];
    await center.desire({ ...wanted, configurations: { 'acme.a': {}, ...wanted.configurations } });
    const { desired } = await gateway.phase(1, 'refused');
    assert.match(desired!.detail!, /^ORDER_FORBIDDEN/);
    assert.equal(gateway.deployment.changes.length, 0);
    await reported(center, 'refused');
  });

test('54 a change that cuts the gateway off is said to be ill; one that does not is not', async (t) => {
  const { center, gateway } = await pair(t);
  gateway.deployment.outcome = 'probation';
  gateway.configure({ ...center.settings, capabilities: ['configure'], probation: '1 s' });
  await gateway.enrolled();
  await center.desire({ configurations: { 'acme.a': { n: 1 } } });
  await gateway.phase(1, 'probation');
  await pause(800);
  assert.notEqual((await gateway.agent.health()).state, 'failed');
  gateway.deployment.commit();
  await gateway.phase(1, 'converged');
  // From the moment of the change on nobody is there.
  gateway.deployment.before = async () => void center.stop();
  await center.desire({ configurations: { 'acme.a': { n: 2 } } });
  const { detail } = await until('the guard says so', async () => {
    const health = await gateway.agent.health();
    return health.state === 'failed' && health;
  });
  assert.match(detail!, /has not been reached/);
  await gateway.deployment.rollBack(gateway.deployment.changes[0]!.id, 'ill');
  await until('it is well again', async () => (await gateway.agent.health()).state !== 'failed');
});

test('49 a newer order replaces one that is being downloaded', async (t) => {
  const { center, gateway } = await pair(t);
  center.before = (request, response) => {
    if (!request.url!.includes('artifacts')) return false;
    // The first bytes, and then no more.
    response.writeHead(200, { 'content-length': ARCHIVE.length }).write(ARCHIVE.subarray(0, 1000));
    return true;
  };
  await center.desire({ bundles: driver(center) });
  await gateway.phase(1, 'downloading');
  await center.desire({ configurations: { 'acme.a': { n: 1 } } });
  await gateway.phase(2, 'converged');
  assert.deepEqual(gateway.deployment.content.bundles, []);
});
