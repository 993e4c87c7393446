import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRecording } from '@rackwatt/simulator';
import { recording } from '../support/devices.js';
import { temporaryFolder } from '../support/temporary.js';
import { serveRecording } from '@rackwatt/simulator';
import { hostOf, run } from './command.js';
import { agentOf, driverFor, probed, raritan } from './support.js';

test('probe --json prints the device and its readings, and nothing else', async (t) => {
  const lines = raritan(1).replace('5.4.3.1.3.1.1.1|2|4', '5.4.3.1.3.1.1.1|2|-1');
  const agent = await agentOf(t, lines, { communities: ['secret'] });
  const { stdout } = await run('probe', hostOf(agent.address), { json: true, community: 'secret' });
  assert.deepEqual(JSON.parse(stdout), {
    device: { vendor: 'Raritan', model: 'PX3-TEST', serial: 'SER1', profile: 'raritan-px' },
    readings: [
      { part: 'outlet/1', metric: 'current.rms', value: null, unit: 'A', quality: 'bad|sensor-fault', label: '1' },
      { part: 'outlet/1', metric: 'power.active', value: 201, unit: 'W', quality: 'good', label: '1' },
      { part: 'outlet/1', metric: 'state.outlet', value: 'on', unit: '1', quality: 'good', label: '1' },
      { part: 'outlet/1', metric: 'state.load', value: 'unavailable', unit: '1', quality: 'good', label: '1' },
    ],
  });
});

test('probe without --json prints a table with the identity on top', async (t) => {
  const agent = await agentOf(t, raritan(1));
  const { stdout } = await run('probe', hostOf(agent.address), { explain: true });
  assert.match(stdout, /^vendor: +Raritan\nmodel: +PX3-TEST\n/);
  assert.match(
    stdout,
    /^outlet\/1 +1 +power\.active +201 +W +good +1\.3\.6\.1\.4\.1\.13742\.6\.5\.4\.3\.1\.4\.1\.1\.5 +201 +1$/m,
  );
});

test('probe speaks SNMPv3', async (t) => {
  const user = {
    user: 'watt',
    authProtocol: 'sha256',
    authKey: 'authentic-key',
    privProtocol: 'aes256b',
    privKey: 'private-key-1',
  } as const;
  const agent = await agentOf(t, raritan(1), { users: [user], communities: [] });
  const options = {
    v3: 'watt',
    authProtocol: 'sha256',
    authKey: user.authKey,
    privProtocol: 'aes256',
    privKey: user.privKey,
    json: true,
  };
  const { stdout } = await run('probe', hostOf(agent.address), options);
  assert.equal((JSON.parse(stdout) as { readings: unknown[] }).readings.length, 4);
  await assert.rejects(run('probe', hostOf(agent.address), { ...options, v3: 'other' }), {
    code: 'DEVICE_UNKNOWN_USER',
  });
});

test('a recorded device reads as the device itself, in every type that it answered with', async (t) => {
  const odd = '1.3.6.1.4.1.13742.6.9';
  const more = `${odd}.1|4x|00ff0d0a\n${odd}.2|4| padded \n${odd}.3|64|192.0.2.7\n${odd}.4|70|18446744073709551615\n${odd}.5|4|a|b\n${odd}.6|2|-5\n${odd}.7|4|\n`;
  const agent = await agentOf(t, raritan(3) + more);
  const file = join(temporaryFolder(t), 'px.snmprec');
  const ran = await run('record', hostOf(agent.address), { output: file, keepPrivate: true });
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /objects written to/);
  const text = readFileSync(file, 'latin1');
  const { rows, problems } = parseRecording(text);
  assert.deepEqual(problems, []);
  assert.equal(rows.length, agent.table.size);
  const again = await agentOf(t, text);
  for (const oid of agent.table.oids()) {
    const encode = (table: typeof agent.table) => {
      const { type, value } = table.value(oid)!;
      return [type, typeof value === 'object' ? Buffer.from(value).toString('latin1') : String(value)];
    };
    assert.deepEqual(encode(again.table), encode(agent.table), oid);
  }
  const driver = driverFor(t);
  const target = (address: string) => ({ address, profile: 'auto' });
  assert.deepEqual(
    probed(await driver.probe(target(again.address))),
    probed(await driver.probe(target(agent.address))),
  );
});

test('a recording of a recording is the recording', {
  skip: recording('snmpsimdata-apc-ap8641.snmprec').skip,
}, async (t) => {
  const served = await serveRecording(recording('snmpsimdata-apc-ap8641.snmprec').path);
  t.after(() => served.close());
  const file = join(temporaryFolder(t), 'apc.snmprec');
  await run('record', hostOf(served.address), { output: file });
  const { rows } = parseRecording(readFileSync(file, 'latin1'));
  const expected = [...served.agent.table.oids()].filter((oid) => /^1\.3\.6\.1\.(2\.1\.1|4\.1\.318)\./.test(oid));
  assert.deepEqual(
    rows.map(({ oid }) => oid.join('.')),
    expected,
  );
});

test('a recording that is stopped leaves no file', async (t) => {
  const agent = await agentOf(t, raritan(48), { faults: { latency: 20 } });
  const file = join(temporaryFolder(t), 'px.snmprec');
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  const ran = await run('record', hostOf(agent.address), { output: file }, stop.signal);
  assert.equal(ran.status, 130);
  assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
});

test('what is missing or wrong on the command line is one sentence', async () => {
  await assert.rejects(run('record', '127.0.0.1', {}), { code: 'RECORD_NO_FILE' });
  await assert.rejects(run('probe', '127.0.0.1', { timeout: 'soon' }), /milliseconds/);
  await assert.rejects(run('probe', 'a b', {}), { code: 'DEVICE_ADDRESS_INVALID' });
});
