import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { partsOf, signed } from '../support/archives.js';
import { accounting, highest, storedDevices } from '../support/accounting.js';
import { generatedPdu, TestNode, until } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';

/** A few of the 200 kills that are made with this set to 200. */
const KILLS = Number(process.env['KILLS'] ?? 12);

interface Generation {
  number: number;
  state: string;
  reason: string;
  why?: string;
}

interface JournalLine {
  id: string;
  state: string;
  to?: number;
  why?: string;
  goesOnIn?: string;
}

const NAME = '@example/acme';

/** An unsigned archive of a bundle whose one component does `activate`. */
function release(folder: string, version: string, activate: string, more = ''): string {
  const files = {
    'package.json': JSON.stringify({
      name: NAME,
      version,
      main: './index.js',
      peerDependencies: { rackwatt: '*' },
      rackwatt: {},
    }),
    'index.js': `const { component, contract, HealthCheck } = require('rackwatt'); ${more}
exports.acme = component({ name: 'acme.main', provides: contract('acme/Version', { major: 1 }), properties: { version: '${version}' }, activate() { ${activate}; return {}; } });`,
  };
  const file = join(folder, `acme-${version}.tgz`);
  const contents = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }));
  writeFileSync(file, signed(partsOf({ name: NAME, version }, contents)));
  return file;
}

async function site(t: TestContext, framework: object = {}): Promise<TestNode> {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'], trust: ['link', 'dropins', 'store'] });
  const document = node.readConfiguration();
  node.writeConfiguration({ ...document, framework: { ...document.framework, probation: '5 s', ...framework } });
  return node;
}

const journalOf = (node: TestNode): JournalLine[] =>
  readFileSync(join(node.home, 'var', 'journal'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line.slice(17)) as JournalLine);

const generationsOf = (node: TestNode): Promise<Generation[]> => node.json<Generation[]>('config', 'generations');

async function running(node: TestNode): Promise<string | undefined> {
  const bundles = await node.json<{ name: string; version: string; state: string }[]>('bundle', 'list');
  return bundles.find(({ name, state }) => name === NAME && state === 'ACTIVE')?.version;
}

async function install(node: TestNode, ...files: string[]): Promise<void> {
  const { status, stderr } = await node.cli('bundle', 'install', ...files);
  assert.equal(status, 0, stderr);
}

test('an archive is on probation, then stays; going back is a change like any other', async (t) => {
  const node = await site(t, { probation: '2 s' });
  const work = temporaryFolder(t);
  await node.start();
  await install(node, release(work, '1.0.0', ''));
  assert.equal((await generationsOf(node))[0]!.state, 'on probation');
  await until('it is committed', async () => (await generationsOf(node))[0]!.state === 'in force');
  await install(node, release(work, '1.1.0', ''));
  assert.equal(await running(node), '1.1.0');
  const before = (await generationsOf(node))[1]!;
  assert.equal((await node.cli('config', 'rollback', String(before.number))).status, 0);
  assert.equal(await running(node), '1.0.0');
  assert.deepEqual(
    (await generationsOf(node)).map(({ state }) => state),
    ['on probation', 'kept', 'kept', 'kept'],
  );
  assert.equal(await node.stop(), 0);
  await node.start();
  assert.equal(await running(node), '1.0.0');
  await until('it is committed', async () => (await generationsOf(node))[0]!.state === 'in force');
  assert.equal(await node.stop(), 0);
});

test('what turns out ill goes back while the node runs, and says why', async (t) => {
  const node = await site(t);
  const work = temporaryFolder(t);
  await node.start();
  await install(node, release(work, '1.0.0', ''));
  await install(
    node,
    release(work, '2.0.0', `setTimeout(() => { throw new TypeError('fell over its own feet'); }, 1000)`),
  );
  await until('the old one is back', async () => (await running(node)) === '1.0.0');
  const [bad] = await generationsOf(node);
  assert.equal(bad!.state, 'rolled back');
  assert.match(bad!.why!, /fell over its own feet/);
  assert.match(node.output, /installed @example\/acme 2\.0\.0" was rolled back to generation \d+: .*own feet/);
  assert.match(JSON.stringify(node.readConfiguration().bundles), /acme@1\.0\.0/);
  assert.equal(await node.stop(), 0);
});

test('what lets less work than before goes back at the end of its probation; one of forty does not matter', async (t) => {
  const node = await site(t, { probation: '5 s' });
  const work = temporaryFolder(t);
  const reads = (version: string, ok: number, failing: number): string =>
    release(
      work,
      version,
      '',
      `exports.check = component({ name: 'acme.check', provides: HealthCheck, properties: { name: 'meters' }, activate: () => ({
        check: async () => ${failing === 0 ? "({ state: 'ok'" : "({ state: 'degraded', detail: 'meter-7 cannot be read'"}, figures: { ok: ${ok}, failing: ${failing} } }),
      }) });`,
    );
  await node.start();
  await install(node, reads('1.0.0', 40, 0));
  await install(node, reads('1.1.0', 39, 1));
  await until('it is committed', async () => (await generationsOf(node))[0]!.state === 'in force');
  await install(node, reads('1.2.0', 36, 4));
  await until('the old one is back', async () => (await running(node)) === '1.1.0');
  const [bad] = await generationsOf(node);
  assert.equal(bad!.state, 'rolled back');
  assert.match(bad!.why!, /^meters is worse than before: meter-7 cannot be read$/);
  assert.equal(await node.stop(), 0);
});

test('what crashes the process is started three times, then the old one comes back', async (t) => {
  const node = await site(t);
  const work = temporaryFolder(t);
  await node.start();
  await install(node, release(work, '1.0.0', ''));
  // Where no boundary helps: the process itself is gone.
  await install(
    node,
    release(
      work,
      '2.0.0',
      `setTimeout(() => require('node:child_process').execFileSync('kill', ['-9', String(process.pid)]), 700)`,
    ),
  );
  const crashed = (): boolean => node.child!.exitCode !== null || node.child!.signalCode !== null;
  await until('it crashed', crashed);
  for (let start = 1; start <= 3; start++) {
    await node.start().catch((early: unknown) => assert.match(String(early), /ended|does not come up/));
    await until(`start ${start} crashed`, crashed);
  }
  await node.start();
  assert.equal(await running(node), '1.0.0');
  assert.match(node.output, /was rolled back to generation \d+: it was started 3 times/);
  const [bad] = await generationsOf(node);
  assert.deepEqual([bad!.state, /crashed/.test(bad!.why!)], ['rolled back', true]);
  assert.equal(await node.stop(), 0);
});

test('several archives are one change: one that does not start takes none of them in', async (t) => {
  const node = await site(t);
  const work = temporaryFolder(t);
  await node.start();
  const before = readFileSync(node.file, 'utf8');
  const good = release(work, '1.0.0', '');
  writeFileSync(join(work, 'broken.tgz'), 'no archive');
  const broken = await node.cli('bundle', 'install', good, join(work, 'broken.tgz'));
  assert.equal(broken.status, 1);
  assert.equal(readFileSync(node.file, 'utf8'), before);
  assert.equal(await running(node), undefined);
  assert.equal(journalOf(node).at(-1)!.state, 'REFUSED');
  assert.ok(!existsSync(join(node.home, 'var/store/@example+acme')), 'its room is returned');
  await install(node, good);
  assert.equal(await running(node), '1.0.0');
  const numbers = async (): Promise<number[]> => (await generationsOf(node)).map(({ number }) => number);
  const generations = await numbers();
  await install(node, good);
  assert.deepEqual(await numbers(), generations);
  const brought = journalOf(node).findLast(({ state }) => state === 'ARMED')!;
  const again = journalOf(node).at(-1)!;
  assert.deepEqual([again.state, again.goesOnIn], ['SUPERSEDED', brought.id]);
  assert.equal(await node.stop(), 0);
});

test('a file that is edited while an outcome is open counts, and the outcome does not', async (t) => {
  const node = await site(t, { probation: '10 min' });
  const work = temporaryFolder(t);
  await node.start();
  await install(node, release(work, '1.0.0', ''));
  await node.kill();
  const edited = node.readConfiguration();
  edited.configurations['rackwatt.http'] = { ...edited.configurations['rackwatt.http'], title: undefined };
  node.writeConfiguration(`${JSON.stringify(edited)}\n`);
  await node.start();
  assert.equal(await running(node), '1.0.0');
  assert.ok(journalOf(node).some(({ state }) => state === 'SUPERSEDED'));
  assert.equal((await generationsOf(node))[0]!.state, 'in force');
  assert.equal(await node.stop(), 0);
});

test(`SIGKILL during an install, ${KILLS} times: the old or the new, complete, and the journal tells which; reading goes on`, {
  timeout: 60_000 + KILLS * 20_000,
}, async (t) => {
  const node = await TestNode.site(t, {
    configurations: await generatedPdu('rack', { interval: '200 ms' }),
    trust: ['link', 'dropins', 'store'],
  });
  const work = temporaryFolder(t);
  mkdirSync(join(node.home, 'var'), { recursive: true });
  await node.start();
  await install(node, release(work, '1.0.0', ''));
  let version = '1.0.0';
  const outcomes = new Map<string, number>();
  for (let kill = 1; kill <= KILLS; kill++) {
    const next = `1.0.${kill}`;
    const file = release(work, next, '');
    const device = await until('the device is stored', async () => (await storedDevices(node))['rack']);
    const reached = highest(await accounting(node, device));
    await until('reading goes on', async () => highest(await accounting(node, device)) > reached);
    const known = new Set(journalOf(node).map(({ id }) => id));
    const begun = (): JournalLine[] => journalOf(node).filter(({ id }) => !known.has(id));
    const installing = node.cli('bundle', 'install', file);
    await atStep(kill, () => begun().length);
    await node.kill();
    await installing;
    await node.start();
    const ran = await running(node);
    assert.ok(ran === version || ran === next, `${ran} runs, neither ${version} nor ${next}`);
    assert.match(JSON.stringify(node.readConfiguration().bundles), new RegExp(`acme@${ran}"`));
    const newest = begun().at(-1);
    const isNew = newest?.state === 'TRY' || newest?.state === 'COMMITTED';
    assert.equal(ran === next, isNew, `${ran} runs, and the journal says ${newest?.state ?? 'nothing'}`);
    outcomes.set(newest?.state ?? 'nothing', (outcomes.get(newest?.state ?? 'nothing') ?? 0) + 1);
    version = ran!;
  }
  t.diagnostic([...outcomes].map(([state, count]) => `${state} ${count}`).join(', '));
  const device = await until('the device is stored', async () => (await storedDevices(node))['rack']);
  const reached = highest(await accounting(node, device));
  await until('reading goes on', async () => highest(await accounting(node, device)) > reached + 5);
  assert.equal(await node.stop(), 0);
});

/** Settles at one of the places where an install is: before its first record, at each record, or a little behind it. */
async function atStep(kill: number, records: () => number): Promise<void> {
  const wanted = kill % 5;
  const deadline = performance.now() + 20_000;
  const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
  if (wanted === 0) await pause(150 + ((kill * 37) % 400));
  while (records() < wanted && performance.now() < deadline) await pause(1);
  await pause((kill * 7) % 23);
}
