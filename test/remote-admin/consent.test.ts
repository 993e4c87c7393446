import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { until } from '../support/node.js';
import { TestCenter } from './support/center.js';
import { Gateway } from './support/gateway.js';

const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

async function onProbation(t: TestContext): Promise<{ center: TestCenter; gateway: Gateway }> {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  gateway.deployment.outcome = 'probation';
  await center.desire({ configurations: { 'acme.a': { n: 1 } } });
  await gateway.phase(1, 'probation');
  return { center, gateway };
}

test('59 disabled while it waits for an order, every connection is gone', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  await until('it waits', () => center.requests.some((request) => request.includes('desired')));
  const status = await gateway.agent.withdraw([], 'user root (0)');
  assert.equal(status.state, 'off');
  await until('nothing is connected', () => center.connections === 0);
  assert.deepEqual(center.reports.at(-1)!.capabilities, []);
  const log = await gateway.agent.log();
  assert.ok(log.some(({ actor, action }) => actor === 'user root (0)' && action === 'withdrawn'));
});

test('59 disabled on a disk that takes nothing any more, every connection is gone all the same', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  // Neither file can be put in its place.
  for (const name of ['withdrawn.json', 'granted.json']) {
    rmSync(join(gateway.folder, name), { force: true });
    mkdirSync(join(gateway.folder, name, 'x'), { recursive: true });
  }
  await gateway.agent.withdraw([], 'user root');
  await until('nothing is connected', () => center.connections === 0);
  assert.equal((await gateway.agent.status()).state, 'off');
  await until('the configuration says so', () => (gateway.properties!['capabilities'] as string[]).length === 0);
});

test('59 disabled with a change on probation, that goes back; also when the center is away', async (t) => {
  const { center, gateway } = await onProbation(t);
  await center.stop();
  await gateway.agent.withdraw([], 'user root');
  await until('it went back', () => gateway.deployment.changes[0]!.state === 'rolled-back');
  assert.deepEqual(gateway.deployment.content.configurations, {});
  await until('the configuration says so', () => (gateway.properties!['capabilities'] as string[]).length === 0);
  assert.ok((await gateway.actions()).includes('order 1 cancelled'));
});

test('59 cut off between withdrawing and taking back, the next start brings it to its end', async (t) => {
  const { center, gateway } = await onProbation(t);
  await gateway.stop();
  // As the withdrawal left it: durable, and nothing else done.
  writeFileSync(join(gateway.folder, 'withdrawn.json'), '{"capabilities":[]}');
  await until('the center read what was sent before', () => center.connections === 0);
  center.requests.length = 0;
  await gateway.start();
  await until('it went back', () => gateway.deployment.changes[0]!.state === 'rolled-back');
  await until('the configuration says so', () => (gateway.properties!['capabilities'] as string[]).length === 0);
  assert.deepEqual(center.requests, []);
});

test('59 off by an edit of the configuration, a change on probation goes back and does not bring consent back', async (t) => {
  const { gateway, center } = await onProbation(t);
  const { rollBack } = gateway.deployment;
  gateway.deployment.rollBack = async (id, why) => {
    const info = await rollBack.call(gateway.deployment, id, why);
    // The file as it was before the change.
    gateway.configure({ ...center.settings, capabilities: ['monitor', 'configure', 'update'] });
    return info;
  };
  gateway.configure({ ...center.settings, capabilities: [] });
  await until('it went back', () => gateway.deployment.changes[0]!.state === 'rolled-back');
  await until('the configuration says so', () => (gateway.properties!['capabilities'] as string[]).length === 0);
  assert.equal((await gateway.agent.status()).state, 'off');
});

test('51 one capability withdrawn, what needs it goes back and the rest goes on', async (t) => {
  const { center, gateway } = await onProbation(t);
  await gateway.agent.withdraw(['configure'], 'user root');
  await until('it went back', () => gateway.deployment.changes[0]!.state === 'rolled-back');
  await until('the center hears of it', () =>
    center.reports.some(({ capabilities, desired }) => capabilities.length === 2 && desired?.phase === 'waiting'),
  );
  assert.deepEqual(gateway.properties!['capabilities'], ['monitor', 'update']);
});

test('20 killed before the node knew of a change, the order is carried out once; killed after, it is followed', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  const file = join(gateway.folder, 'progress.json');
  gateway.deployment.outcome = 'probation';
  await center.desire({ configurations: { 'acme.a': { n: 1 } } });
  await gateway.phase(1, 'probation');
  await gateway.stop();
  const progress = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  // The node knew of it.
  writeFileSync(file, JSON.stringify({ ...progress, phase: 'installing' }));
  await gateway.start();
  await gateway.phase(1, 'probation');
  assert.equal(gateway.deployment.changes.length, 1);
  gateway.deployment.commit();
  await gateway.phase(1, 'converged');
  await gateway.stop();
  // The node did not.
  gateway.deployment.changes.length = 0;
  gateway.deployment.content.configurations = {};
  gateway.deployment.outcome = 'committed';
  writeFileSync(file, JSON.stringify({ ...progress, phase: 'installing', isOver: false }));
  await gateway.start();
  await gateway.phase(1, 'converged');
  assert.equal(gateway.deployment.changes.length, 1);
  assert.match(gateway.deployment.changes[0]!.reason, /order 1\.2/);
});

test('29 an order that cuts the node off each time is tried three times', async (t) => {
  const { gateway } = await onProbation(t);
  for (let attempt = 1; attempt <= 3; attempt++) {
    await until('it is tried', () => gateway.deployment.changes.length === attempt);
    await gateway.phase(1, 'probation');
    await gateway.stop();
    gateway.deployment.content.configurations = {};
    Object.assign(gateway.deployment.changes[0]!, { state: 'rolled-back', why: 'it was started three times' });
    await gateway.start();
  }
  const { desired } = await gateway.phase(1, 'refused');
  assert.match(desired!.detail!, /^ORDER_GIVEN_UP/);
  assert.equal(gateway.deployment.changes.length, 3);
});

test('65 an audit log that somebody altered, or took something out of, says so', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  await gateway.stop();
  const file = join(gateway.folder, 'audit.jsonl');
  const whole = readFileSync(file, 'utf8');
  const lines = whole.split('\n');
  const problem = async (text: string): Promise<string | undefined> => {
    writeFileSync(file, text);
    await gateway.start();
    const { audit } = await gateway.agent.status();
    await gateway.stop();
    return audit;
  };
  assert.match((await problem(whole.replace('enrolled', 'enroled')))!, /altered/);
  assert.match((await problem([lines[0], ...lines.slice(2)].join('\n')))!, /altered/);
  assert.match((await problem([lines[1], lines[0], ...lines.slice(2)].join('\n')))!, /altered/);
  // What a power cut tore off is no crime.
  writeFileSync(file, whole);
  appendFileSync(file, '{"number":4,"ti');
  assert.equal(await problem(readFileSync(file, 'utf8')), undefined);
});

test('66 names from far away do not steer the terminal of whoever reads the log', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  await center.desire({
    actor: 'mallory\u001b[2J\r\n2026 user root',
    reason: 'a\nb\u202e',
    configurations: { 'acme.a': {} },
  });
  await gateway.phase(1, 'converged');
  await pause(50);
  const all = JSON.stringify(await gateway.agent.log()) + gateway.deployment.changes[0]!.reason;
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(all, /[\u0000-\u001f\u202e]|\\u001b|\\n/);
});
