import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Type } from 'typebox';
import { RackwattError } from 'rackwatt';
import {
  ConfigurationsInForce,
  ConfigurationStore,
  configurationAdmin,
  readDocument,
  writeAtomically,
  type ApplyResult,
  type ConfigurationDifference,
  type ConfigurationSchema,
} from '../support/configuration.js';
import { keptGenerations, realFileSystem, type FileSystem } from '../support/generations.js';
import { temporaryFolder } from '../support/temporary.js';

const TEXT = `{
  "id": "demo",
  "framework": { "storage": "./var" },
  "bundles": [{ "id": "link:./a" }, { "id": "link:./b", "startLevel": 3 }],
  "configurations": {
    "acme.device~one": { "address": "snmp://one", "interval": "10 s" },
    "acme.device~two": { "address": "snmp://two" }
  }
}
`;

const DEVICE: ConfigurationSchema = {
  pid: 'acme.device',
  component: 'device',
  bundle: '@acme/device',
  policy: 'require',
  schema: Type.Object(
    {
      address: Type.String(),
      interval: Type.String({ format: 'duration', default: '10 s' }),
      credentials: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
};

/** A store over a real file, with a node that does what `answer` says. */
function fixture(t: TestContext, text = TEXT) {
  const home = temporaryFolder(t);
  const file = join(home, 'runtime.config.json');
  writeFileSync(file, text);
  const applied: { difference: ConfigurationDifference; interval: unknown }[] = [];
  const node: {
    answer: ApplyResult | RackwattError;
    onApply?: (back?: () => Promise<void>) => void | Promise<void>;
  } = { answer: { ok: true } };
  const kept: { ledger?: Awaited<ReturnType<typeof keptGenerations>> } = {};
  const store = new ConfigurationStore({
    file,
    environment: {},
    generations: async (storage) => (kept.ledger = await keptGenerations(storage, file)),
    hooks: {
      schemas: () => [DEVICE],
      async apply(difference, document, back) {
        applied.push({ difference, interval: document.configurations['acme.device~one']?.['interval'] });
        await node.onApply?.(back);
        if (node.answer instanceof RackwattError) throw node.answer;
        return node.answer;
      },
    },
  });
  const collect = async (): Promise<void> => kept.ledger!.collect();
  return { home, file, store, applied, node, collect, text: () => readFileSync(file, 'utf8') };
}

const INTERVAL = ['configurations', 'acme.device~one', 'interval'];

test('loading fills in what the framework defaults to, and leaves configurations as written', async (t) => {
  const { store, home } = fixture(t);
  const document = await store.load();
  assert.deepEqual(document.framework, {
    storage: './var',
    startLevel: 10,
    bundleStartLevel: 1,
    activationTimeout: '10 s',
    probation: '1 min',
    quota: '2 GB',
    trust: { unsigned: [], keys: './keys' },
    log: { level: 'info' },
  });
  assert.deepEqual(document.bundles, [
    { id: 'link:./a', isolation: 'space', start: true },
    { id: 'link:./b', startLevel: 3, isolation: 'space', start: true },
  ]);
  assert.deepEqual(document.configurations['acme.device~two'], { address: 'snmp://two' });
  assert.equal(store.storage, join(home, 'var'));
});

test('a file that is wrong does not load, and says where', async (t) => {
  const { store, file } = fixture(
    t,
    TEXT.replace('"startLevel": 3', '"startLevle": 3')
      .replace('"acme.device~two"', '"acme device"')
      .replace('{ "id": "link:./a" }', '{ "id": "link:./b" }'),
  );
  await assert.rejects(store.load(), (error: RackwattError) => {
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.equal(
      error.message,
      `${file}:4:57: bundles[1].startLevle is no known key; did you mean "startLevel"? (and 1 more)`,
    );
    assert.deepEqual(error.context['problems'], [
      {
        message: 'bundles[1].startLevle is no known key; did you mean "startLevel"?',
        pointer: '/bundles/1/startLevle',
        line: 4,
        column: 57,
      },
      {
        message: 'the key "acme device" in configurations must look like "rackwatt.device~rack1-a"',
        pointer: '/configurations/acme device',
        line: 7,
        column: 5,
      },
    ]);
    return true;
  });
  writeFileSync(file, TEXT.replace('link:./b', 'link:./a'));
  await assert.rejects(readDocument(file), {
    code: 'CONFIG_INVALID',
    message: `${file}:4:45: bundles[1].id is the same as bundles[0].id; a bundle stands in the list once`,
  });
  writeFileSync(file, TEXT.replace('"demo",', '"demo"'));
  await assert.rejects(store.load(), { message: `${file}:3:3: a comma is missing before this` });
  writeFileSync(file, '[]');
  await assert.rejects(store.load(), { message: `${file}:1:1: the whole must be an object` });
  rmSync(file);
  await assert.rejects(store.load(), { code: 'CONFIG_READ' });
});

test('an edit writes the least, applies the difference and becomes a generation', async (t) => {
  const { store, applied, text } = fixture(t);
  await store.load();
  const outcome = await store.edit([{ path: INTERVAL, value: '5 s' }]);
  assert.equal(text(), TEXT.replace('10 s', '5 s'));
  assert.deepEqual(outcome, { applied: true, problems: [], warnings: [], revision: store.revision });
  assert.equal(applied.length, 1);
  assert.deepEqual(applied[0]!.difference.configurationsChanged, ['acme.device~one']);
  assert.deepEqual(
    (await store.generations()).map(({ number, reason }) => ({ number, reason })),
    [{ number: 1, reason: 'edited' }],
  );
});

test('the difference names what was added, changed and removed', async (t) => {
  const { store, applied } = fixture(t);
  await store.load();
  const next = {
    id: 'other',
    framework: { storage: './var', startLevel: 4 },
    bundles: [{ id: 'link:./b', startLevel: 5 }, { id: 'link:./c' }],
    configurations: { 'acme.device~two': { address: 'snmp://two' }, 'acme.device~three': { address: 'x' } },
  };
  assert.equal((await store.edit(JSON.stringify(next))).applied, true);
  const bundle = { isolation: 'space', start: true };
  assert.deepEqual(applied[0]!.difference, {
    bundlesAdded: [{ id: 'link:./c', ...bundle }],
    bundlesRemoved: [{ id: 'link:./a', ...bundle }],
    bundlesChanged: [
      { previous: { id: 'link:./b', startLevel: 3, ...bundle }, next: { id: 'link:./b', startLevel: 5, ...bundle } },
    ],
    configurationsAdded: ['acme.device~three'],
    configurationsChanged: [],
    configurationsRemoved: ['acme.device~one'],
    frameworkChanged: ['id', 'startLevel'],
  });
});

test('an invalid edit changes nothing and says everything that is wrong, with line and column', async (t) => {
  const { store, applied, text } = fixture(t);
  await store.load();
  const outcome = await store.edit([
    { path: INTERVAL, value: 'soon' },
    { path: ['configurations', 'acme.device~two', 'adress'], value: 'x' },
    { path: ['configurations', 'acme.device~three'], value: { credentials: { $secret: 'rack1' }, address: 'x' } },
  ]);
  assert.equal(outcome.applied, false);
  assert.deepEqual(
    outcome.problems.map(({ line, column, pointer, message }) => `${line}:${column} ${pointer} ${message}`),
    [
      '6:63 /configurations/acme.device~0one/interval configuration acme.device~one: interval must be a duration such as "10 s"',
      '7:51 /configurations/acme.device~0two/adress configuration acme.device~two: adress is no known key; did you mean "address"?',
      '8:43 /configurations/acme.device~0three/credentials configuration acme.device~three refers to secret "rack1", which does not exist; set it with: rackwatt secret set rack1',
    ],
  );
  assert.equal(text(), TEXT);
  assert.equal(applied.length, 0);
});

test('what the node cannot run with is undone: document, file, generations', async (t) => {
  const { store, node, text } = fixture(t);
  const document = await store.load();
  node.answer = { ok: false, problems: [{ pid: 'acme.device~one', message: 'device was not active in 10 s' }] };
  const outcome = await store.edit([{ path: INTERVAL, value: '5 s' }]);
  assert.deepEqual(outcome.problems, [
    { pointer: '/configurations/acme.device~0one', message: 'device was not active in 10 s', line: 6, column: 5 },
  ]);
  assert.equal(outcome.applied, false);
  assert.equal(text(), TEXT);
  assert.equal(store.document, document);
  assert.deepEqual(await store.generations(), []);
  node.answer = new RackwattError('BOOM', 'the engine stumbled');
  assert.match((await store.edit([{ path: INTERVAL, value: '5 s' }])).problems[0]!.message, /the engine stumbled/);
  assert.equal(text(), TEXT);
});

test('the file is left alone when somebody saved it while a failing change was applied', async (t) => {
  const { store, node, file, text } = fixture(t);
  await store.load();
  node.answer = { ok: false, problems: [] };
  node.onApply = () => writeFileSync(file, TEXT.replace('demo', 'theirs'));
  assert.equal((await store.edit([{ path: INTERVAL, value: '5 s' }])).applied, false);
  assert.equal(text(), TEXT.replace('demo', 'theirs'));
});

test('a change that was made for another file is refused', async (t) => {
  const { store, file, text } = fixture(t);
  await store.load();
  const { revision } = await store.read();
  const proposal = await store.propose([{ path: INTERVAL, value: '5 s' }]);
  writeFileSync(file, TEXT.replace('demo', 'theirs'));
  await assert.rejects(store.edit([{ path: INTERVAL, value: '5 s' }], { revision }), {
    code: 'CONFIG_CHANGED_MEANWHILE',
  });
  await assert.rejects(store.commit(proposal, 'late'), { code: 'CONFIG_CHANGED_MEANWHILE' });
  assert.equal(text(), TEXT.replace('demo', 'theirs'));
});

test('of two edits for one revision the second is refused, and edits run one at a time', async (t) => {
  const { store, node, applied } = fixture(t);
  await store.load();
  const { revision } = await store.read();
  let running = 0;
  node.onApply = async () => {
    running += 1;
    assert.equal(running, 1);
    await new Promise((done) => setTimeout(done, 5));
    running -= 1;
  };
  const outcomes = await Promise.allSettled([
    store.edit([{ path: INTERVAL, value: '5 s' }], { revision }),
    store.edit([{ path: INTERVAL, value: '6 s' }], { revision }),
    store.edit([{ path: INTERVAL, value: '7 s' }]),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(
    applied.map(({ interval }) => interval),
    ['5 s', '7 s'],
  );
});

test('a PID that nobody reads is taken with a warning', async (t) => {
  const { store } = fixture(t);
  await store.load();
  const outcome = await store.edit([{ path: ['configurations', 'acme.devise~x'], value: { a: 1 } }]);
  assert.equal(outcome.applied, true);
  assert.deepEqual(
    outcome.warnings!.map(({ line, column, message }) => `${line}:${column} ${message}`),
    ['8:5 configuration acme.devise~x: no installed component reads this PID; did you mean acme.device?'],
  );
});

test('a write that fails at any step leaves the old file and no litter', async (t) => {
  const { home, file } = fixture(t);
  chmodSync(file, 0o640);
  const fail = (code: string) => () => Promise.reject(Object.assign(new TypeError('the disk is gone'), { code }));
  for (const step of [
    { rename: fail('EIO') },
    { write: fail('ENOSPC') },
    { sync: fail('EIO') },
    { rename: fail('EBUSY') },
  ] as Partial<FileSystem>[]) {
    await assert.rejects(
      writeAtomically(file, 'new', {
        expected: 'x',
        fileSystem: { ...realFileSystem, ...step },
      }),
      (error: RackwattError) => ['CONFIG_WRITE', 'CONFIG_CHANGED_MEANWHILE'].includes(error.code),
    );
    await assert.rejects(
      writeAtomically(file, 'new', {
        fileSystem: { ...realFileSystem, ...step },
      }),
      { code: 'CONFIG_WRITE', message: /the disk is gone/ },
    );
    assert.equal(readFileSync(file, 'utf8'), TEXT);
    assert.deepEqual(readdirSync(home), ['runtime.config.json']);
  }
  await writeAtomically(file, 'new');
  assert.equal(readFileSync(file, 'utf8'), 'new');
  assert.equal(statSync(file).mode & 0o777, 0o640, 'permissions stay');
});

test('an edit whose write fails changes nothing', async (t) => {
  const { file, text, applied } = fixture(t);
  const system = { ...realFileSystem, rename: () => Promise.reject(new TypeError('killed')) };
  const generations = (storage: string) => keptGenerations(storage, file, system);
  const store = new ConfigurationStore({ file, environment: {}, generations });
  await store.load();
  await assert.rejects(store.edit([{ path: INTERVAL, value: '5 s' }]), { code: 'CONFIG_WRITE' });
  assert.equal(text(), TEXT);
  assert.equal(applied.length, 0);
  assert.equal(store.document.configurations['acme.device~one']!['interval'], '10 s');
});

test('a symbolic link stays one, and leftovers of a killed process are cleared away', async (t) => {
  const { home, file, store } = fixture(t);
  mkdirSync(join(home, 'real'));
  renameSync(file, join(home, 'real', 'config.json'));
  symlinkSync(join(home, 'real', 'config.json'), file);
  const leftover = join(home, '.runtime.config.json.1-abc.tmp');
  writeFileSync(leftover, 'half');
  utimesSync(leftover, 1, 1);
  await store.load();
  assert.equal(existsSync(leftover), false);
  await store.edit([{ path: INTERVAL, value: '5 s' }]);
  assert.ok(lstatSync(file).isSymbolicLink());
  assert.equal(readFileSync(join(home, 'real', 'config.json'), 'utf8'), TEXT.replace('10 s', '5 s'));
});

test('ten generations and the first are kept, and each can be gone back to', async (t) => {
  const { store, home, collect, text } = fixture(t);
  await store.load();
  for (const reason of ['started', 'started again']) await store.keepGeneration(reason);
  const first = (await store.generations()).map(({ number, reason }) => `${number} ${reason}`);
  assert.deepEqual(first, ['1 started'], 'the same document is kept once');
  for (let second = 1; second <= 12; second += 1)
    await store.edit([{ path: INTERVAL, value: `${second} s` }], { reason: `to ${second}` });
  await collect();
  const kept = await store.generations();
  assert.deepEqual(
    kept.map(({ number }) => number),
    [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 1],
  );
  assert.equal(kept[0]!.reason, 'to 12');
  assert.equal((await store.rollback(5)).applied, true);
  assert.equal(text(), TEXT.replace('10 s', '4 s'));
  assert.equal((await store.generations())[0]!.reason, 'rollback to generation 5');
  await assert.rejects(store.rollback(2), {
    code: 'CONFIG_GENERATION',
    message: /there is no generation 2 \(it is not kept\); kept are 14, /,
  });
  writeFileSync(join(home, 'var', 'generations', '14', 'runtime.config.json'), '{}');
  await assert.rejects(store.rollback(14), { code: 'CONFIG_GENERATION', message: /damaged/ });
});

test('a changed secret reaches the components that refer to it, or stays as it was', async (t) => {
  const { store, applied, node } = fixture(t);
  await store.load();
  const admin = configurationAdmin(store, new ConfigurationsInForce());
  await admin.setSecret('rack1', 'first');
  assert.equal(applied.length, 0, 'nobody refers to it yet');
  await admin.edit([{ path: ['configurations', 'acme.device~two', 'credentials'], value: { $secret: 'rack1' } }]);
  await admin.setSecret('rack1', 'second');
  assert.deepEqual(applied.at(-1)!.difference.configurationsChanged, ['acme.device~two']);
  node.answer = { ok: false, problems: [{ message: 'no' }] };
  await assert.rejects(admin.setSecret('rack1', 'third'), { code: 'CONFIG_NOT_APPLIED' });
  const prepared = await store.prepare();
  assert.deepEqual(prepared.get('acme.device~two'), {
    pid: 'acme.device~two',
    written: { address: 'snmp://two', credentials: { $secret: 'rack1' } },
    values: { address: 'snmp://two', credentials: 'second' },
    secrets: ['/credentials'],
  });
  await assert.rejects(admin.removeSecret('rack1'), { code: 'SECRET_IN_USE' });
  assert.deepEqual(await admin.secrets(), ['rack1']);
});

test('a node that does not run with a changed secret finds the one before when it goes back', async (t) => {
  const { store, node } = fixture(t);
  await store.load();
  const admin = configurationAdmin(store, new ConfigurationsInForce());
  await admin.setSecret('rack1', 'first');
  await admin.edit([{ path: ['configurations', 'acme.device~two', 'credentials'], value: { $secret: 'rack1' } }]);
  const seen: unknown[] = [];
  const look = async (): Promise<void> =>
    void seen.push((await store.prepare()).get('acme.device~two')!.values['credentials']);
  node.answer = { ok: false, problems: [{ message: 'no' }] };
  node.onApply = async (back) => {
    await look();
    await back!();
    await look();
  };
  await assert.rejects(admin.setSecret('rack1', 'second'), { code: 'CONFIG_NOT_APPLIED' });
  await look();
  assert.deepEqual(seen, ['second', 'first', 'first']);
});

test('a secret that went missing stops its own configuration only', async (t) => {
  const { store } = fixture(t, TEXT.replace('"snmp://two"', '"snmp://two", "credentials": { "$secret": "gone" }'));
  const document = await store.load();
  const prepared = await store.prepare(document);
  assert.equal(
    prepared.get('acme.device~two')!.problem,
    'configuration acme.device~two refers to secret "gone", which does not exist; set it with: rackwatt secret set gone',
  );
  assert.equal(prepared.get('acme.device~one')!.problem, undefined);
  const outcome = await store.edit([{ path: INTERVAL, value: '5 s' }]);
  assert.equal(outcome.applied, true, 'others can still be changed');
  assert.match(outcome.warnings![0]!.message, /refers to secret "gone"/);
});

test('while no node runs, changes are checked and written', async (t) => {
  const { store, applied, text } = fixture(t);
  const admin = configurationAdmin(store, new ConfigurationsInForce());
  assert.equal((await admin.validate([{ path: INTERVAL, value: 'x' }])).problems.length, 1);
  assert.equal((await admin.edit([{ path: INTERVAL, value: 'x' }])).applied, false);
  assert.equal((await admin.edit([{ path: INTERVAL, value: '5 s' }])).applied, true);
  await admin.setSecret('s', '{"user":"u"}');
  assert.equal(text(), TEXT.replace('10 s', '5 s'));
  assert.equal(applied.length, 0);
  await store.load();
  store.forget();
  assert.equal((await admin.edit([{ path: INTERVAL, value: '6 s' }])).applied, true);
  assert.equal(applied.length, 0);
  assert.throws(() => store.document, { code: 'CONFIG_NOT_LOADED' });
});

test('bytes that are no text are not edited', async (t) => {
  const { store, file } = fixture(t);
  await store.load();
  const bytes = Buffer.from(TEXT.replace('demo', 'd\xe9mo'), 'latin1');
  writeFileSync(file, bytes);
  const outcome = await store.edit([{ path: INTERVAL, value: '5 s' }]);
  assert.deepEqual(outcome.problems, [
    { message: 'the file is not UTF-8 (TypeError); save it as UTF-8', pointer: '', line: 2, column: 11 },
  ]);
  assert.deepEqual(readFileSync(file), bytes);
  assert.deepEqual((await store.read()).document, JSON.parse(TEXT), 'the document in force');
});
