import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { SnmpAgent } from '@rackwatt/simulator';
import { agentOf, driverFor, probed, raritan, valuesOf } from './support.js';

const R = '1.3.6.1.4.1.13742.6';

/** Stands between driver and agent. `passes` says which packets it lets through. */
async function between(
  t: TestContext,
  agent: SnmpAgent,
  passes: (packet: Buffer, toAgent: boolean) => boolean = () => true,
) {
  const outside = createSocket('udp4').bind(0, '127.0.0.1');
  const inside = createSocket('udp4').bind(0, '127.0.0.1');
  await Promise.all([once(outside, 'listening'), once(inside, 'listening')]);
  const seen = { inFlight: 0, most: 0, times: [] as number[] };
  const clients: RemoteInfo[] = [];
  outside.on('message', (packet, from) => {
    seen.times.push(performance.now());
    seen.most = Math.max(seen.most, ++seen.inFlight);
    clients.push(from);
    if (passes(packet, true)) inside.send(packet, agent.port, '127.0.0.1');
  });
  inside.on('message', (packet) => {
    seen.inFlight--;
    const to = clients.shift()!;
    if (passes(packet, false)) outside.send(packet, to.port, to.address);
  });
  t.after(() => {
    outside.close();
    inside.close();
  });
  return { address: `snmp://127.0.0.1:${outside.address().port}`, seen };
}

test('all who ask one agent ask it in turn: units behind it, a probe beside the polling', async (t) => {
  const agent = await agentOf(t, raritan(24), { faults: { latency: 5 } });
  const { address, seen } = await between(t, agent);
  const driver = driverFor(t);
  const target = { address, profile: 'auto' };
  const sessions = await Promise.all([driver.open(target), driver.open(target), driver.open(target)]);
  await Promise.all([
    driver.probe(target),
    ...sessions.flatMap(({ session }) => [driver.read(session, { deadline: 5000 })]),
  ]);
  assert.ok(seen.times.length > 20, `${seen.times.length} requests`);
  assert.equal(seen.most, 1);
});

test('an agent gets no more requests in a second than are allowed', async (t) => {
  const agent = await agentOf(t, raritan(24));
  const { address, seen } = await between(t, agent);
  const driver = driverFor(t, { requestsPerSecond: 20 });
  const target = { address, profile: 'auto' };
  const { session } = await driver.open(target);
  while (seen.times.length < 45) await driver.read(session, { deadline: 5000 });
  for (let i = 0; i + 41 < seen.times.length; i++)
    assert.ok(seen.times[i + 41]! - seen.times[i]! > 990, 'what was saved up and what came in a second, no more');
});

test('whoever waits for a turn that does not come in time is told so, and takes no turn of others', async (t) => {
  const agent = await agentOf(t, raritan(2));
  const driver = driverFor(t, { timeout: 400, retries: 0 });
  const target = { address: agent.address, profile: 'auto' };
  const [one, other] = [await driver.open(target), await driver.open(target)];
  agent.faults = { silent: true };
  const first = assert.rejects(driver.read(one.session, { deadline: 2000 }), { code: 'DEVICE_NO_ANSWER' });
  await assert.rejects(driver.read(other.session, { deadline: 50 }), {
    code: 'DEVICE_NO_ANSWER',
    message: /did not finish in time/,
  });
  await first;
  agent.faults = {};
  for (const { session } of [one, other]) await driver.read(session, { deadline: 2000 });
});

test('a device that is gone costs the tries of one request a read', async (t) => {
  const agent = await agentOf(t, raritan(24));
  const { address, seen } = await between(t, agent);
  const driver = driverFor(t, { timeout: 40, retries: 2 });
  const open = await driver.open({ address, profile: 'auto' });
  agent.faults = { silent: true };
  for (let i = 0; i < 3; i++) {
    const before = seen.times.length;
    await assert.rejects(driver.read(open.session, { deadline: 5000 }), { code: 'DEVICE_NO_ANSWER' });
    assert.equal(seen.times.length - before, 3);
  }
});

test('answers that are too large for the way to the agent are asked for in smaller pieces', async (t) => {
  const agent = await agentOf(t, raritan(24));
  let largest = Infinity;
  let lost = 0;
  const { address, seen } = await between(t, agent, (packet, toAgent) => {
    const passes = toAgent || packet.length <= largest;
    if (!passes) lost++;
    return passes;
  });
  const driver = driverFor(t, { timeout: 60, retries: 1 });
  const open = await driver.open({ address, profile: 'auto' });
  const expected = valuesOf(open, await driver.read(open.session, { deadline: 5000 }));
  largest = 500;
  // The first read cannot know why nobody answers.
  await driver.read(open.session, { deadline: 5000 }).catch(() => undefined);
  assert.deepEqual(valuesOf(open, await driver.read(open.session, { deadline: 5000 })), expected);
  // One that has to find out while it walks.
  const { reading, points } = await driver.probe({ address, profile: 'auto' });
  assert.deepEqual(valuesOf({ points }, reading), expected);
  assert.ok(lost > 0 && seen.times.length > lost);
});

test('a device with tens of thousands of objects is asked for those that are measured alone', {
  timeout: 60_000,
}, async (t) => {
  const outlets = 54;
  const lines = [raritan(outlets)];
  // Logs and thresholds of which no profile reads a thing, before, between and behind what is measured.
  for (let row = 1; row <= 5000; row++) {
    lines.push(`${R}.2.1.${row}|2|${row}\n${R}.4.9.1.2.${row}|4|event ${row}\n`);
    lines.push(`${R}.5.9.1.2.${row}|66|${row}\n${R}.99.1.${row}|4|text ${row}\n`);
  }
  const agent = await agentOf(t, lines.join(''));
  const driver = driverFor(t, { timeout: 2000 });
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const toOpen = agent.statistics.requests;
  assert.equal(open.points.length, 4 * outlets);
  const values = valuesOf(open, await driver.read(open.session, { deadline: 5000 }));
  for (let outlet = 1; outlet <= outlets; outlet++)
    assert.equal(values.get(`outlet/${outlet} power.active`)?.value, 200 + outlet);
  const toRead = agent.statistics.requests - toOpen;
  assert.ok(toOpen < 150 && toRead < 20, `${toOpen} requests to open, ${toRead} to read`);
});

test('rows that are missing here and there, and rows numbered from 0, are read as they are', async (t) => {
  const whole = raritan(40).split('\n');
  const sparse = whole.filter((line) => {
    const [, outlet, type] = /\.13742\.6\.[35]\.[45]\.[34]\.1\.\d+\.1\.(\d+)(?:\.(\d+))?\|/.exec(line) ?? [];
    if (outlet === undefined) return true;
    return Number(outlet) % 7 !== 3 && !(Number(outlet) % 5 === 0 && type === '5');
  });
  const renumbered = sparse.map((line) =>
    line.replace(/(\.13742\.6\.(?:3|5|4)\.\d\.\d\.1\.\d+\.1)\.1(?=[.|])/, '$1.0'),
  );
  const agent = await agentOf(t, renumbered.join('\n'));
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const values = valuesOf(open, await driver.read(open.session, { deadline: 3000 }));
  assert.deepEqual(values, probed(await driver.probe({ address: agent.address, profile: 'auto' })));
  for (let outlet = 1; outlet <= 40; outlet++) {
    const name = outlet === 1 ? 0 : outlet;
    const there = outlet % 7 !== 3;
    assert.equal(values.get(`outlet/${name} current.rms`)?.value, there ? (1000 + outlet) / 1000 : undefined);
    assert.equal(
      values.get(`outlet/${name} power.active`)?.value,
      there && outlet % 5 !== 0 ? 200 + outlet : undefined,
    );
  }
});

test('rows that vanish between reads give no value of others', async (t) => {
  const agent = await agentOf(t, raritan(24));
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const gone = await agentOf(t, raritan(24).replaceAll(/.*\.13742\.6\.5\.4\.3\.1\.\d\.1\.(?:5|6|17)\.\d+\|.*\n/g, ''));
  const { port } = agent;
  await agent.close();
  const after = new SnmpAgent({ port, table: gone.table });
  await after.start();
  t.after(() => after.close());
  const values = valuesOf(open, await driver.read(open.session, { deadline: 3000 }));
  for (let outlet = 1; outlet <= 24; outlet++)
    assert.deepEqual(
      values.get(`outlet/${outlet} power.active`),
      [5, 6, 17].includes(outlet)
        ? { value: null, unit: 'W', quality: 'bad' }
        : { value: 200 + outlet, unit: 'W', quality: 'good' },
    );
});

test('an agent that tells no sysObjectID, or a wrong one, is read by the profile that is named', async (t) => {
  const driver = driverFor(t);
  for (const line of [
    '',
    '1.3.6.1.2.1.1.2.0|6|0.0\n',
    '1.3.6.1.2.1.1.2.0|4|nonsense\n',
    '1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072.3.2.10\n',
  ]) {
    const agent = await agentOf(t, raritan(2).replace(`1.3.6.1.2.1.1.2.0|6|${R}\n`, line));
    const { identity, points } = await driver.probe({ address: agent.address, profile: 'raritan-px' });
    assert.equal(identity.serial, 'SER1');
    assert.equal(points.length, 8);
  }
});

test('text, OIDs and addresses where numbers belong are no values', async (t) => {
  const rows: [string, string][] = [
    ['4', 'n/a'],
    ['4', ''],
    ['4x', '00ff'],
    ['6', '1.3'],
    ['64', '1.2.3.4'],
    ['68x', '3132'],
  ];
  for (const [type, value] of rows) {
    const agent = await agentOf(
      t,
      raritan(1).replace(`${R}.5.4.3.1.4.1.1.5|66|201`, `${R}.5.4.3.1.4.1.1.5|${type}|${value}`),
    );
    const values = probed(await driverFor(t).probe({ address: agent.address, profile: 'auto' }));
    assert.deepEqual(
      values.get('outlet/1 power.active'),
      { value: null, unit: 'W', quality: 'bad' },
      `${type} ${value}`,
    );
    assert.equal(values.get('outlet/1 current.rms')?.value, 1.001);
  }
});

test('an address whose port nobody listens at is tried as often as any, as one that restarts refuses too', async (t) => {
  const driver = driverFor(t);
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  await assert.rejects(driver.open({ address: `snmp://127.0.0.1:${port}`, profile: 'auto', timeout: 50, retries: 1 }), {
    code: 'DEVICE_NO_ANSWER',
    message: /did not answer in 2 tries/,
  });
  assert.equal(driver.size, 0);
});
