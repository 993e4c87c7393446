import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayBroker } from '@rackwatt/admin-center/dist/broker/index.js';
import { Broker } from '@rackwatt/broker';
import { settingsOf } from '@rackwatt/remote-admin';
import { logbook } from '../outbox/support.js';
import { until } from '../broker-rights/support.js';
import { TestCenter } from './support/center.js';
import { Gateway } from './support/gateway.js';

test('a gateway that pauses after a failure looks when the center rings, and hears nobody any more when consent is gone', async (t) => {
  const broker = await Broker.open({ host: '127.0.0.1', port: 0 });
  t.after(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const hellos: string[] = [];
  const bells = new GatewayBroker({ url, hello: ({ gateway: id }) => hellos.push(id), log: logbook() });
  t.after(() => bells.close());
  await until('the center is at the broker', () => bells.health().state === 'ok');

  const center = await TestCenter.start(t);
  const gateway = new Gateway(t);
  gateway.retry = 3 * 3_600_000;
  gateway.properties = { ...center.settings, doorbell: url, capabilities: ['configure'] };
  await gateway.start();
  await gateway.enrolled();
  await until('it said hello', () => hellos.length === 1);
  assert.equal(hellos[0], center.gateway);

  let failed = 0;
  center.before = (request, response) => {
    if (!request.url!.includes('/desired')) return false;
    failed++;
    response.writeHead(500).end();
    return true;
  };
  await center.desire({});
  await until('it took that, failed, and pauses for hours', () => failed > 0);
  await center.desire({ configurations: { 'acme.first': { interval: 1 } } });
  center.before = undefined;
  await until('it is rung at until it looks', async () => {
    bells.ring({ tenant: center.tenant, gateway: center.gateway });
    const { desired } = await gateway.agent.status();
    return desired?.sequence === 2 && desired.phase === 'converged';
  });
  assert.equal(gateway.deployment.changes.length, 1);

  await gateway.agent.withdraw([], 'user root');
  await until('its connection is closed', () => broker.clients === 1);
});

test('a doorbell that is no broker of a center is refused as it is configured', () => {
  const gateway = { capabilities: [], probation: '2 min' };
  assert.throws(() => settingsOf({ ...gateway, doorbell: 'mqtt://center.example' }), { code: 'DOORBELL_URL' });
});
