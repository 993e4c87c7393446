import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CommandInput } from 'rackwatt';
import { broker } from '@rackwatt/admin-center/dist/commands/broker.js';
import { Doorbell } from '@rackwatt/remote-admin/dist/doorbell.js';
import { TestCenter } from '../admin-center/support/center.js';
import { logbook } from '../outbox/support.js';
import { temporaryFolder } from '../support/temporary.js';
import { freePort, skip, until } from './support.js';

/** Runs `rackwatt fleet broker` against a center. */
async function lay(center: TestCenter, folder: string, options: CommandInput['options']): Promise<string> {
  const lines: string[] = [];
  const out = { write: (text: string) => void lines.push(text) };
  const call = (method: string, parameters?: unknown): Promise<unknown> => center.call(method, parameters);
  const input: Partial<CommandInput> = { arguments: [folder], options, stdout: out, stderr: out, call };
  await broker.run!(input as CommandInput);
  return lines.join('');
}

test('what `rackwatt fleet broker` lays out runs: who is approved hears the center ring, who is revoked hears nothing', {
  skip,
}, async (t) => {
  const center = await TestCenter.start(t);
  const folder = join(temporaryFolder(t), 'broker');
  const [port, servicePort] = [await freePort(), await freePort()];
  const options = { name: ['localhost', '127.0.0.1'], port: String(port), servicePort: String(servicePort) };
  const said = await lay(center, folder, options);
  for (const name of ['broker.key', 'center.password', 'dynamic-security.json', 'dynamic-security.initial.json'])
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  await assert.rejects(lay(center, folder, options), { code: 'FLEET_CONFIGURATION' }, 'what is there stays');
  const before = readFileSync(join(folder, 'broker.pem'), 'utf8');
  await lay(center, folder, { ...options, renew: true });
  assert.notEqual(readFileSync(join(folder, 'broker.pem'), 'utf8'), before);

  // As root, mosquitto would go on as a user of its own, who cannot read here.
  appendFileSync(join(folder, 'mosquitto.conf'), `user ${userInfo().username}\n`);
  const mosquitto = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  t.after(async () => {
    mosquitto.kill('SIGKILL');
    await once(mosquitto, 'exit');
  });
  const settings = JSON.parse(/admin-center broker '(.*)'/.exec(said)![1]!) as Record<string, unknown>;
  assert.deepEqual(settings['password'], { $secret: 'broker' });
  const password = readFileSync(join(folder, 'center.password'), 'utf8');
  await center.admin.update('rackwatt.admin-center', { port: 0, broker: { ...settings, password } });
  await until('the center is at its broker', () => center.isWell('admin-center-broker'));

  const gateway = await center.gateway('first');
  const { certificate } = gateway.identity!;
  const key = gateway.key.export({ type: 'pkcs8', format: 'pem' }).toString();
  let rings = 0;
  const bell = new Doorbell({
    url: `mqtts://localhost:${port}`,
    tenant: gateway.identity!.tenant,
    gateway: gateway.id,
    identity: async () => ({ root: center.root, certificate, key }),
    ring: () => void rings++,
    log: logbook(),
    pauses: { ring: 1, refused: 50, first: 20, longest: 50 },
  });
  t.after(() => bell.close());
  await until('it is there', () => rings === 1);
  await center.set('first', { configurations: { 'acme.first': { interval: 1 } } });
  await until('it is rung at', () => rings === 2);

  await center.call('fleet.revoke', { actor: 'cli:test', gateway: 'first' });
  await until('its session is closed', () => bell.trouble !== undefined);
  assert.ok(!readFileSync(join(folder, 'dynamic-security.json'), 'utf8').includes(gateway.id));
});
