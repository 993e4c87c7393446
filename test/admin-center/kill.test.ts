import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, rackwatt, TestNode } from '../support/node.js';
import { TestGateway } from './support/gateway.js';

test('a center that is killed has all that it answered: the gateway, its orders, their numbers, the audit', async (t) => {
  const port = await freePort();
  const node = await TestNode.site(t, {
    bundles: ['telemetry', 'fleet', 'http', 'admin-center'],
    configurations: { 'rackwatt.admin-center': { port } },
  });
  const call = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json' };
    const sent = { method, ...(body && { body: JSON.stringify(body), headers }) };
    return (await (await fetch(`${node.url}/api/v1/fleet${path}`, sent)).json()) as Record<string, unknown>;
  };
  await node.start();
  const gateway = new TestGateway({ port, root: String((await call('GET', '/authority'))['root']) });
  t.after(() => gateway.close());
  const asked = await gateway.ask();
  await node.kill();
  await node.start();
  gateway.reconnect();
  assert.deepEqual(await gateway.ask(), asked);
  await call('POST', `/enrolments/${asked.id}/approval`, { code: asked.claimCode });
  await node.kill();
  await node.start();
  gateway.reconnect();
  await gateway.enrol(asked.id);

  let last = 0;
  for (let round = 0; round < 3; round++) {
    let isKilled = false;
    const killing = new Promise<void>((resolve) =>
      setTimeout(() => {
        isKilled = true;
        void node.kill().then(resolve);
      }, 200),
    );
    for (let n = 0; !isKilled; n++) {
      try {
        const { sequence } = await call('PUT', `/gateways/${gateway.id}/desired`, {
          configurations: { 'acme.driver': { round, n } },
        });
        assert.ok(Number(sequence) > last, `${String(sequence)} after ${last}`);
        last = Number(sequence);
      } catch (error) {
        if (!isKilled) throw error;
      }
    }
    await killing;
    await node.start();
    gateway.reconnect();
    const order = await gateway.open(await gateway.desired());
    // One may have been kept whose answer did not get out.
    assert.ok(order.sequence >= last, `${order.sequence} is not before ${last}`);
    last = order.sequence;
  }
  const audit = await rackwatt(['fleet', 'audit', '--home', node.home]);
  assert.equal(audit.status, 0, audit.stderr);
  await node.stop();
});
