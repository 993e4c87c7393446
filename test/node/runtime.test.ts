import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { accounting, highest, storedDevices } from '../support/accounting.js';
import { checkout, generatedPdu, TestNode, until } from '../support/node.js';
import { packedRuntime } from '../support/runtimes.js';
import { temporaryFolder } from '../support/temporary.js';

interface Generation {
  state: string;
  runtime: string;
  why?: string;
}

interface Listed {
  version: string;
  state: string;
  folder: string;
  isFactory: boolean;
}

const { version: FACTORY } = JSON.parse(readFileSync(join(checkout, 'src/package.json'), 'utf8')) as {
  version: string;
};
/** Later ones that bundles of this one still run with. */
const later = (patch: number): string => FACTORY.replace(/\d+$/, String(900 + patch));
const NEXT = later(0);
const REAL = later(1);

/** One that runs well serves several tests. */
const shared = temporaryFolder({ after } as Pick<TestContext, 'after'>);
let packed: Promise<string> | undefined;
const good = (): Promise<string> => (packed ??= packedRuntime(shared, { version: NEXT }));

async function site(t: TestContext, options: { probation?: string; trust?: string[] } = {}): Promise<TestNode> {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'], trust: options.trust ?? ['link', 'store'] });
  const document = node.readConfiguration();
  document.framework['probation'] = options.probation ?? '2 s';
  node.writeConfiguration(document);
  return node;
}

const generationsOf = (node: TestNode): Promise<Generation[]> => node.json<Generation[]>('config', 'generations');
const runtimesOf = (node: TestNode): Promise<Listed[]> => node.json<Listed[]>('runtime', 'list');
const running = async (node: TestNode): Promise<string | undefined> =>
  (await runtimesOf(node)).find(({ state }) => state === 'runs')?.version;
const comesUp = (node: TestNode, version: string): Promise<unknown> =>
  until(`the runtime ${version} runs`, async () => (await running(node)) === version, 40_000);
const journalStates = (node: TestNode): string[] =>
  readFileSync(join(node.home, 'var/journal'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line.slice(17)) as { state: string }).state);
const hasEnded = (node: TestNode): boolean => node.child!.exitCode !== null || node.child!.signalCode !== null;

async function install(node: TestNode, file: string): Promise<void> {
  const { status, stderr } = await node.cli('runtime', 'install', file);
  assert.equal(status, 0, stderr);
}

/** As a supervisor does: starts a node again whenever it ended by itself. @returns how often */
async function supervised(node: TestNode, version: string): Promise<number> {
  for (let starts = 0; starts < 10; starts++) {
    await until(
      'it runs, or ended',
      async () => hasEnded(node) || (await running(node).catch(() => undefined)) === version,
    );
    if (!hasEnded(node)) return starts;
    await node.start().catch((early: unknown) => assert.match(String(early), /ended/));
  }
  return assert.fail(`it never came up: ${node.output}`);
}

test('a signed runtime with its own Node takes over in the same process, and readings go on; going back is as easy', {
  timeout: 180_000,
}, async (t) => {
  const node = await TestNode.site(t, {
    configurations: await generatedPdu('rack', { interval: '200 ms' }),
    trust: ['link'],
  });
  const document = node.readConfiguration();
  document.framework['probation'] = '2 s';
  node.writeConfiguration(document);
  const work = temporaryFolder(t);
  const file = await packedRuntime(work, { version: REAL, isReal: true });
  await node.start();
  const pid = node.child!.pid!;
  const refused = await node.cli('runtime', 'install', file);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /is not signed|no key is trusted|trust/);
  const key = join(work, 'release.key');
  const made = await node.cli('keys', 'new', key);
  assert.equal(made.status, 0, made.stderr);
  writeFileSync(join(node.home, 'keys/release.pub'), readFileSync(join(work, 'release.key.pub')));
  const sign = await node.cli('bundle', 'sign', file, '--key', key);
  assert.equal(sign.status, 0, sign.stderr);
  const device = await until('the device is stored', async () => (await storedDevices(node))['rack']);
  const reached = highest(await accounting(node, device));
  await install(node, file);
  await comesUp(node, REAL);
  assert.equal(node.child!.pid, pid);
  assert.ok(!hasEnded(node), 'nobody saw an end');
  assert.match(readlinkSync(`/proc/${pid}/exe`), /store\/rackwatt\/[\d.]+-[0-9a-f]{32}\/bin\/node$/);
  await until('it says so', () => node.output.includes(`Rackwatt ${REAL}: node test-node runs`));
  await until('reading goes on', async () => highest(await accounting(node, device)) > reached + 5);
  await until('it is committed', async () => (await generationsOf(node))[0]!.state === 'in force');
  assert.equal((await generationsOf(node))[0]!.runtime, REAL);
  assert.equal(journalStates(node).at(-1), 'COMMITTED');
  const back = await node.cli('runtime', 'rollback');
  assert.equal(back.status, 0, back.stderr);
  await comesUp(node, FACTORY);
  assert.equal(node.child!.pid, pid);
  assert.equal(await node.stop(), 0);
});

test('a runtime that crashes at its start is tried three times, then the one before runs', async (t) => {
  const node = await site(t);
  const file = await packedRuntime(temporaryFolder(t), {
    version: later(2),
    edit: { 'dist/cli/main.js': () => 'this is no JavaScript' },
  });
  await node.start();
  await install(node, file);
  await until('it crashed', () => hasEnded(node));
  assert.equal(await supervised(node, FACTORY), 3);
  const [bad] = await generationsOf(node);
  assert.deepEqual([bad!.state, bad!.runtime], ['rolled back', later(2)]);
  assert.match(bad!.why!, /started 3 times/);
  assert.equal(node.readConfiguration().framework['runtime'], undefined);
  assert.equal(await node.stop(), 0);
});

test('a runtime whose Node does nothing but tell its version goes back too', async (t) => {
  const node = await site(t);
  const file = await packedRuntime(temporaryFolder(t), {
    version: later(3),
    node: '#!/bin/sh\n[ "$1" = --version ] && echo v24.99.0 && exit 0\nkill -9 $$\n',
  });
  await node.start();
  await install(node, file);
  await until('it ended', () => hasEnded(node));
  assert.equal(await supervised(node, FACTORY), 3);
  assert.equal((await generationsOf(node))[0]!.state, 'rolled back');
  assert.equal(await node.stop(), 0);
});

test('what cannot run here is refused in a sentence, and changes nothing', async (t) => {
  const node = await site(t);
  const work = temporaryFolder(t);
  const narrow = join(node.home, 'narrow');
  mkdirSync(narrow);
  const about = {
    name: '@example/narrow',
    version: '1.0.0',
    main: './index.js',
    engines: { rackwatt: FACTORY },
    rackwatt: {},
  };
  writeFileSync(join(narrow, 'package.json'), JSON.stringify(about));
  writeFileSync(join(narrow, 'index.js'), '');
  const document = node.readConfiguration();
  await node.start();
  const before = readFileSync(node.file, 'utf8');
  const refusal = async (file: string, ...command: string[]): Promise<string> => {
    const { status, stderr } = await node.cli(...(command.length > 0 ? command : ['runtime', 'install']), file);
    assert.equal(status, 1);
    return stderr;
  };
  const broken = await packedRuntime(work, { version: later(4), node: 'no program' });
  assert.match(await refusal(broken), /the runtime [\d.]+ cannot run: its Node does not run/);
  const foreign = await packedRuntime(work, {
    version: later(5),
    node: '#!/bin/sh\nexit 0\n',
  });
  assert.match(await refusal(foreign), /its Node does not say its version/);
  assert.match(await refusal(await good(), 'bundle', 'install'), /is the runtime and no bundle/);
  assert.equal(readFileSync(node.file, 'utf8'), before);
  document.bundles.push({ id: `link:${narrow}` });
  node.writeConfiguration(document);
  await until('the narrow one runs', async () => (await node.cli('bundle', 'list')).stdout.includes('@example/narrow'));
  assert.match(await refusal(await good()), /is not taken: @example\/narrow 1\.0\.0 runs with/);
  assert.equal(await running(node), FACTORY);
  assert.equal(await node.stop(), 0);
});

test('a runtime under which a health check fails goes back while it runs', async (t) => {
  const node = await site(t, { probation: '20 s' });
  const file = await packedRuntime(temporaryFolder(t), {
    version: later(6),
    edit: {
      'dist/node.js': (text) => {
        const ill = text.replace(
          'Promise.race([service.check(), late])',
          '{ state: "failed", detail: "out of sorts" }',
        );
        assert.notEqual(ill, text);
        return ill;
      },
    },
  });
  await node.start();
  const pid = node.child!.pid;
  await install(node, file);
  await until('it came and went', async () => (await generationsOf(node))[0]?.state === 'rolled back', 40_000);
  await comesUp(node, FACTORY);
  assert.equal(node.child!.pid, pid);
  assert.match((await generationsOf(node))[0]!.why!, /out of sorts/);
  assert.equal(await node.stop(), 0);
});

test('SIGKILL once the file names the runtime, before it ever ran: the next start runs it, and it stays', async (t) => {
  const node = await site(t);
  await node.start();
  const installing = node.cli('runtime', 'install', await good());
  await until('it is switched', () => node.readConfiguration().framework['runtime'] !== undefined);
  await node.kill();
  await installing;
  await node.start();
  assert.equal(await running(node), NEXT);
  await until('it is committed', async () => (await generationsOf(node))[0]!.state === 'in force');
  assert.equal((await generationsOf(node))[0]!.runtime, NEXT);
  assert.equal(await node.stop(), 0);
});

test('a runtime that is damaged after its time of probation leaves the node to the one of the launcher', async (t) => {
  const node = await site(t, { probation: '1 s' });
  await node.start();
  await install(node, await good());
  await comesUp(node, NEXT);
  await until('it is committed', async () => (await generationsOf(node))[0]!.state === 'in force');
  const { folder } = (await runtimesOf(node)).find(({ state }) => state === 'runs')!;
  assert.equal(await node.stop(), 0);
  await node.start();
  assert.equal(await running(node), NEXT, 'it is chosen at each start');
  assert.equal(await node.stop(), 0);
  chmodSync(join(folder, 'dist/cli/main.js'), 0o644);
  rmSync(join(folder, 'dist/cli/main.js'));
  await node.start();
  assert.equal(await running(node), FACTORY);
  assert.match(
    node.output,
    new RegExp(`the runtime ${NEXT} cannot run, this one does instead: its dist/cli/main\\.js`),
  );
  await install(node, await good());
  assert.equal(await node.stop(), 0);
});
