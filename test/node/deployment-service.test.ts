import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { DeployedContent, Deployment, DeploymentChange, DeploymentInfo } from 'rackwatt';
import { partsOf, signed } from '../support/archives.js';
import { TestNode, until } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';

const { callNode } = (await import(
  new URL('../../../src/dist/node/admin-socket.js', import.meta.url).href
)) as typeof import('../../src/node/admin-socket.js');

const release = generateKeyPairSync('ed25519');

/** Asks the container for changes, and tells what it is asked to do over the admin socket. */
const AGENT = `const { AdminMethod, component, Deployment, one } = require('rackwatt');
exports.agent = component({
  name: 'agent',
  provides: AdminMethod,
  properties: { name: 'agent' },
  references: { deployment: one(Deployment) },
  activate: ({ deployment }) => ({
    async call({ method, parameters, abortAfter, isAwaited = true }) {
      // Whoever is replaced by what it asked for does not wait for it.
      if (!isAwaited) return void deployment[method](...parameters).catch((error) => console.error(error.message));
      if (abortAfter === undefined) return deployment[method](...parameters);
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error('not any more')), abortAfter);
      return deployment[method](...parameters, abort.signal);
    },
  }),
});
`;

/** Says that the uplink is there, or not, as it is configured. */
const UPLINK = `const { component, HealthCheck } = require('rackwatt');
exports.uplink = component({
  name: 'uplink',
  provides: HealthCheck,
  properties: { name: 'uplink' },
  configuration: {
    schema: {
      type: 'object',
      properties: { reachable: { type: 'boolean', default: true }, hangs: { type: 'boolean' }, note: { type: 'string' } },
      additionalProperties: false,
    },
  },
  activate: ({ config }) => ({
    async check() {
      if (config.hangs) await new Promise(() => undefined);
      return config.reachable ? { state: 'ok' } : { state: 'failed', detail: 'the center does not answer' };
    },
  }),
});
`;

/** A node with an agent, and the archives that it may be asked to install. */
class Site {
  readonly node: TestNode;
  readonly #work: string;
  #orders = 0;

  private constructor(node: TestNode, work: string) {
    this.node = node;
    this.#work = work;
  }

  static async start(
    t: TestContext,
    { isolation = 'space', capabilities = [] }: { isolation?: string; capabilities?: string[] } = {},
  ): Promise<Site> {
    const node = await TestNode.site(t, { bundles: [], trust: ['link'] });
    writeFileSync(join(node.home, 'keys', 'release.pub'), release.publicKey.export({ type: 'spki', format: 'pem' }));
    const site = new Site(node, temporaryFolder(t));
    const { framework, ...rest } = node.readConfiguration();
    node.writeConfiguration({
      ...rest,
      framework: { ...framework, probation: '30 s' },
      bundles: [
        { id: `link:${site.#folder('agent', AGENT, capabilities)}`, isolation },
        { id: `link:${site.#folder('uplink', UPLINK)}` },
      ],
    });
    await node.start();
    return site;
  }

  call<M extends keyof Deployment>(method: M, ...parameters: unknown[]): ReturnType<Deployment[M]> {
    return this.#ask({ method, parameters }) as ReturnType<Deployment[M]>;
  }

  apply(change: Partial<DeploymentChange>): Promise<DeploymentInfo> {
    return this.call('apply', { reason: `order ${++this.#orders}`, ...change });
  }

  applyFor(milliseconds: number, change: Partial<DeploymentChange>): Promise<unknown> {
    const parameters = [{ reason: 'one that is cancelled', ...change }];
    return this.#ask({ method: 'apply', parameters, abortAfter: milliseconds });
  }

  /** Has the agent ask for something, and not wait for it. */
  async begin(method: keyof Deployment, ...parameters: unknown[]): Promise<void> {
    await this.#ask({ method, parameters, isAwaited: false });
  }

  #ask(parameters: object): Promise<unknown> {
    return callNode(join(this.node.home, 'var'), 'agent', parameters);
  }

  async current(): Promise<{ bundles: string[]; configurations: DeployedContent['configurations'] }> {
    const { bundles, configurations } = await this.call('current');
    return { bundles: bundles.map(({ name, version }) => `${name} ${version}`).sort(), configurations };
  }

  /** Waits until the agent tells of these bundles: it may be the one that is being replaced. */
  async runs(...bundles: string[]): Promise<void> {
    await until(`${bundles.join(' and ')} run`, async () => isDeepStrictEqual((await this.current()).bundles, bundles));
  }

  /** A change once it has come to a state. */
  outcome(change: Pick<DeploymentInfo, 'reason'>, state: DeploymentInfo['state']): Promise<DeploymentInfo> {
    return until(`"${change.reason}" is ${state}`, async () =>
      (await this.call('history')).find((each) => each.reason === change.reason && each.state === state),
    );
  }

  /** The archive of a bundle. @param code of its main module */
  archive(
    name: string,
    version: string,
    {
      code = '',
      signers = [release.privateKey],
      noise = 0,
      schema,
      migrate,
      capabilities = [],
    }: {
      code?: string;
      signers?: (typeof release.privateKey)[];
      noise?: number;
      schema?: object;
      migrate?: string | undefined;
      capabilities?: string[];
    } = {},
  ): string {
    // As "bundle pack" writes down what the code says.
    const configuration = { pid: 'meter', policy: 'optional', schema };
    const components = schema && [{ name: 'meter', provides: [], references: {}, configuration }];
    const described = schema
      ? `exports.meter = require('rackwatt').component({ name: 'meter', configuration: { schema: ${JSON.stringify(schema)} }, activate: () => undefined });`
      : code;
    const manifest = {
      name,
      version,
      main: './index.js',
      peerDependencies: { rackwatt: '*' },
      rackwatt: { capabilities, components, migrate: migrate && './migrate.js' },
    };
    const contents = [
      { path: 'package.json', content: Buffer.from(JSON.stringify(manifest)) },
      { path: 'index.js', content: Buffer.from(described) },
      ...(migrate ? [{ path: 'migrate.js', content: Buffer.from(`exports.migrate = ${migrate};`) }] : []),
      ...Array.from({ length: noise }, (_, i) => ({ path: `noise/${i}`, content: Buffer.from(String(i)) })),
    ];
    const file = join(this.#work, `${name.replace('/', '+')}-${version}-${signers.length}.tgz`);
    writeFileSync(file, signed(partsOf({ name, version }, contents), ...signers));
    return file;
  }

  #folder(name: string, code: string, capabilities: string[] = []): string {
    const folder = join(this.#work, name);
    mkdirSync(folder);
    const manifest = {
      name,
      version: '1.0.0',
      main: './index.js',
      peerDependencies: { rackwatt: '*' },
      rackwatt: { capabilities },
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'index.js'), code);
    return folder;
  }

  get text(): string {
    return readFileSync(this.node.file, 'utf8');
  }
}

test('archives, removals and configurations are one change: one generation, one history entry', async (t) => {
  const site = await Site.start(t);
  await site.apply({ archives: [{ file: site.archive('@example/old', '1.0.0') }], probation: 0 });
  const before = (await site.call('current')).generation!;
  const change = await site.apply({
    reason: 'order 57',
    archives: [{ file: site.archive('@example/a', '1.0.0') }, { file: site.archive('@example/b', '2.0.0') }],
    remove: ['@example/old'],
    configurations: { uplink: { note: 'new' } },
  });
  assert.deepEqual([change.state, change.generation], ['probation', before + 1]);
  assert.deepEqual(await site.current(), {
    bundles: ['@example/a 1.0.0', '@example/b 2.0.0', 'agent 1.0.0', 'uplink 1.0.0'],
    configurations: { uplink: { note: 'new' } },
  });
  const [a] = (await site.call('current')).bundles.filter(({ name }) => name === '@example/a');
  assert.equal(a!.location, 'store:@example/a@1.0.0');
  assert.match(a!.digest!, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual((await site.call('history'))[0], change);
  const again = await site.apply({
    archives: [{ file: site.archive('@example/b', '2.1.0') }],
    remove: ['@example/a'],
    configurations: { uplink: null },
  });
  assert.deepEqual(await site.current(), {
    bundles: ['@example/b 2.1.0', 'agent 1.0.0', 'uplink 1.0.0'],
    configurations: {},
  });
  const [newest, older] = await site.call('history');
  assert.deepEqual([newest, older], [again, { ...change, state: 'committed' }]);
});

test('what is refused changes nothing, whatever else the change holds', async (t) => {
  const site = await Site.start(t);
  const good = { file: site.archive('@example/good', '1.0.0') };
  const [text, generation] = [site.text, (await site.call('current')).generation];
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const refused: [code: string, change: Partial<DeploymentChange>][] = [
    ['SIGNATURE_MISSING', { archives: [good, { file: site.archive('@example/bare', '1.0.0', { signers: [] }) }] }],
    [
      'SIGNATURE_INVALID',
      { archives: [good, { file: site.archive('@example/odd', '1.0.0', { signers: [stranger] }) }] },
    ],
    ['ARCHIVE_INVALID', { archives: [{ ...good, expect: { digest: '0'.repeat(64) } }] }],
    ['ARCHIVE_INVALID', { archives: [{ ...good, expect: { version: '2.0.0' } }] }],
    ['BUNDLE_UNKNOWN', { archives: [good], remove: ['@example/none'] }],
    ['CONFIG_INVALID', { archives: [good], configurations: { uplink: { reachable: 'maybe' } } }],
    [
      'CONFIG_NOT_APPLIED',
      { archives: [good, { file: site.archive('@example/sick', '1.0.0', { code: 'throw new Error("no")' }) }] },
    ],
    ['USAGE', { archives: [good, { file: site.archive('@example/good', '1.1.0') }] }],
    ['USAGE', { archives: [good], remove: ['@example/good'] }],
    ['USAGE', { archives: [{ file: 'relative.tgz' }] }],
    ['USAGE', { reason: '' }],
  ];
  for (const [code, change] of refused) {
    await assert.rejects(site.apply(change), { code }, code);
    assert.equal(site.text, text, code);
    assert.equal((await site.call('current')).generation, generation, code);
  }
  const history = (await site.call('history')).filter(({ reason }) => reason.startsWith('order '));
  assert.deepEqual(new Set(history.map(({ state }) => state)), new Set(['refused', 'rolled-back']));
  assert.ok(history.every(({ why }) => why !== undefined));
  assert.equal((await site.apply({ archives: [good] })).state, 'probation');
});

test('configurations are held against what the bundles of the same change take, and no longer against what goes', async (t) => {
  const site = await Site.start(t);
  const takes = (name: string, version: string, key: string): NonNullable<DeploymentChange['archives']> => {
    const schema = { type: 'object', properties: { [key]: { type: 'number' } }, additionalProperties: false };
    return [{ file: site.archive(name, version, { schema }) }];
  };
  const first = { archives: takes('@example/meter', '1.0.0', 'rate') };
  const refused = { code: 'CONFIG_INVALID', message: /meter/ };
  await assert.rejects(site.apply({ ...first, configurations: { meter: { rate: 'often' } } }), refused);
  await site.apply({ ...first, configurations: { meter: { rate: 1 } } });
  const second = { archives: takes('@example/meter', '2.0.0', 'speed') };
  await assert.rejects(site.apply(second), refused);
  await site.apply({ ...second, configurations: { meter: { speed: 2 } } });
  const other = { archives: takes('@example/other-meter', '1.0.0', 'pace'), remove: ['@example/meter'] };
  await assert.rejects(site.apply(other), refused);
  await site.apply({ ...other, configurations: { meter: { pace: 3 } } });
  assert.deepEqual(await site.current(), {
    bundles: ['@example/other-meter 1.0.0', 'agent 1.0.0', 'uplink 1.0.0'],
    configurations: { meter: { pace: 3 } },
  });
});

test('a configuration that a new version migrates stays and goes with the change that brought it', async (t) => {
  const site = await Site.start(t);
  const takes = (version: string, key: string, migrate?: string): NonNullable<DeploymentChange['archives']> => {
    const schema = { type: 'object', properties: { [key]: { type: 'number' } }, additionalProperties: false };
    return [{ file: site.archive('@example/meter', version, { schema, migrate }) }];
  };
  const before = { archives: takes('1.0.0', 'rate'), configurations: { meter: { rate: 1 } } };
  await site.apply(before);
  const change = await site.apply({
    archives: takes('2.0.0', 'speed', '({ configuration }) => ({ meter: { speed: configuration.meter.rate } })'),
  });
  await until('it is written', () => site.node.readConfiguration().configurations['meter']?.['speed'] === 1);
  await until(
    'it is on probation',
    async () => (await site.outcome(change, 'probation')).generation !== change.generation,
  );
  assert.equal((await site.call('rollBack', change.id, 'enough')).state, 'rolled-back');
  assert.deepEqual((await site.current()).configurations, before.configurations);
  assert.ok((await site.current()).bundles.includes('@example/meter 1.0.0'));
});

test('an ill bundle and a configuration that cuts the node off go back by themselves, and say why', async (t) => {
  const site = await Site.start(t);
  const text = site.text;
  const cut = await site.apply({ configurations: { uplink: { reachable: false } }, probation: 1_000 });
  assert.equal(cut.state, 'probation');
  assert.match((await site.outcome(cut, 'rolled-back')).why!, /health check uplink fails: the center does not answer/);
  assert.equal(site.text, text);
  assert.deepEqual((await site.current()).configurations, {});
  const code = `const { component } = require('rackwatt');
    exports.ill = component({ name: 'ill', activate: () => void setTimeout(() => { throw new Error('fell over') }, 100) });`;
  const ill = await site.apply({ archives: [{ file: site.archive('@example/ill', '1.0.0', { code }) }] });
  assert.match((await site.outcome(ill, 'rolled-back')).why!, /fell over/);
  assert.equal(site.text, text);
  assert.deepEqual((await site.current()).bundles, ['agent 1.0.0', 'uplink 1.0.0']);
});

for (const isolation of ['space', 'worker'])
  test(`in a ${isolation}: a change replaces the very bundle that asked for it, and goes on`, async (t) => {
    const site = await Site.start(t, { isolation, capabilities: ['deployment'] });
    const good = {
      reason: 'a better agent',
      archives: [{ file: site.archive('agent', '2.0.0', { code: AGENT, capabilities: ['deployment'] }) }],
    };
    await site.begin('apply', good);
    const change = await site.outcome(good, 'probation');
    await site.runs('agent 2.0.0', 'uplink 1.0.0');
    await site.begin('rollBack', change.id, 'the old one was better');
    await site.outcome(good, 'rolled-back');
    await site.runs('agent 1.0.0', 'uplink 1.0.0');
    const sick = {
      ...good,
      reason: 'no agent at all',
      archives: [{ file: site.archive('agent', '3.0.0', { code: 'throw new Error("no agent")' }) }],
    };
    await site.begin('apply', sick);
    assert.match((await site.outcome(sick, 'rolled-back')).why!, /no agent/);
    await site.runs('agent 1.0.0', 'uplink 1.0.0');
  });

test('in a worker the manifest must ask for it', async (t) => {
  const site = await Site.start(t, { isolation: 'worker' });
  const bundles = await site.node.json<{ name: string; state: string; reason?: string }[]>('bundle', 'list');
  const agent = bundles.find(({ name }) => name === 'agent')!;
  assert.notEqual(agent.state, 'ACTIVE');
  assert.match(agent.reason!, /rackwatt\/Deployment@1 only with "deployment" among the capabilities/);
});

test('what is on probation is taken back by hand; what is not, is not', async (t) => {
  const site = await Site.start(t);
  const text = site.text;
  const change = await site.apply({
    archives: [{ file: site.archive('@example/a', '1.0.0') }],
    configurations: { uplink: { note: 'x' } },
  });
  const back = await site.call('rollBack', change.id, 'the customer ended remote administration');
  assert.deepEqual(back, { ...change, state: 'rolled-back', why: 'the customer ended remote administration' });
  assert.equal(site.text, text);
  assert.deepEqual(await site.current(), { bundles: ['agent 1.0.0', 'uplink 1.0.0'], configurations: {} });
  await assert.rejects(site.call('rollBack', change.id, 'again'), {
    code: 'ROLLBACK_IMPOSSIBLE',
    message: /is rolled-back/,
  });
  await assert.rejects(site.call('rollBack', 'none', 'why'), {
    code: 'ROLLBACK_IMPOSSIBLE',
    message: /no such change/,
  });
  const kept = await site.apply({ configurations: { uplink: { note: 'y' } } });
  assert.equal(kept.state, 'committed');
  await assert.rejects(site.call('rollBack', kept.id, 'why'), { code: 'ROLLBACK_IMPOSSIBLE', message: /is committed/ });
});

test('a change that is in force already makes no generation, and shares the outcome of what brought it', async (t) => {
  const site = await Site.start(t);
  const archives = [{ file: site.archive('@example/a', '1.0.0') }];
  const change = await site.apply({ archives });
  const again = await site.apply({ archives });
  assert.deepEqual([again.state, again.generation], ['probation', change.generation]);
  await site.call('rollBack', again.id, 'enough');
  assert.deepEqual(
    (await site.call('history')).slice(0, 2).map(({ state }) => state),
    ['rolled-back', 'rolled-back'],
  );
  const { state, why } = await site.apply({ configurations: { uplink: null } });
  assert.deepEqual([state, why], ['committed', 'it is in force already']);
});

test('two changes that are asked for at once are both made, one after the other', async (t) => {
  const site = await Site.start(t);
  const archives = ['@example/a', '@example/b'].map((name) => ({ file: site.archive(name, '1.0.0') }));
  const [one, other] = await Promise.all(archives.map((archive) => site.apply({ archives: [archive] })));
  assert.deepEqual((await site.current()).bundles, [
    '@example/a 1.0.0',
    '@example/b 1.0.0',
    'agent 1.0.0',
    'uplink 1.0.0',
  ]);
  assert.equal(Math.abs(one!.generation! - other!.generation!), 1);
});

test('a signal cancels a change until something is switched', async (t) => {
  const site = await Site.start(t);
  const text = site.text;
  const archives = [{ file: site.archive('@example/many', '1.0.0', { noise: 3_000 }) }];
  await assert.rejects(site.applyFor(5, { archives }), /not any more/);
  assert.equal(site.text, text);
  const [last] = await site.call('history');
  assert.deepEqual([last!.state, last!.why], ['refused', 'not any more']);
  await site.apply({ configurations: { uplink: { hangs: true } } });
  const now = site.text;
  const looked = { configurations: { uplink: { note: 'while its health is asked' } }, probation: 60_000 };
  await assert.rejects(site.applyFor(200, looked), /not any more/);
  assert.equal(site.text, now);
  assert.equal((await site.call('history'))[0]!.state, 'refused');
});

test('SIGKILL in probation: the change is still on probation afterwards, and can be taken back or proves itself', async (t) => {
  const site = await Site.start(t);
  const text = site.text;
  const change = await site.apply({ configurations: { uplink: { note: 'gone' } }, probation: 600_000 });
  await site.node.kill();
  await site.node.start();
  assert.deepEqual(await site.outcome(change, 'probation'), change);
  const back = await site.call('rollBack', change.id, 'no longer wanted');
  assert.deepEqual([back.state, back.why], ['rolled-back', 'no longer wanted']);
  assert.equal(site.text, text);
  const kept = await site.apply({ configurations: { uplink: { note: 'kept' } }, probation: 1_000 });
  await site.node.kill();
  await site.node.start();
  await site.outcome(kept, 'committed');
  assert.deepEqual((await site.current()).configurations, { uplink: { note: 'kept' } });
});
