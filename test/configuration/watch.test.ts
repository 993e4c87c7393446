import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Scope } from 'rackwatt';
import { ConfigurationStore, type ConfigurationChange } from '../support/configuration.js';
import { temporaryFolder } from '../support/temporary.js';

const text = (interval: string): string =>
  `{\n  "id": "demo",\n  "configurations": {\n    "acme.poller": { "interval": "${interval}" }\n  }\n}\n`;

async function watched(t: TestContext) {
  const scope = new Scope('test');
  t.after(() => scope.close());
  const home = temporaryFolder(t);
  const file = join(home, 'runtime.config.json');
  writeFileSync(file, text('0 s'));
  const applied: unknown[] = [];
  const errors: string[] = [];
  const changes: ConfigurationChange[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (_fields: object, message: string) => void errors.push(message),
  };
  const node = { ok: true };
  const store = new ConfigurationStore({
    file,
    environment: {},
    log,
    hooks: {
      schemas: () => [
        {
          pid: 'acme.poller',
          component: 'poller',
          bundle: 'acme',
          policy: 'require',
          schema: { type: 'object', properties: { interval: { type: 'string', format: 'duration' } } },
        },
      ],
      apply: (_difference, document) => {
        applied.push(document.configurations['acme.poller']?.['interval']);
        return Promise.resolve(
          node.ok ? { ok: true } : { ok: false, problems: [{ pid: 'acme.poller', message: 'poller did not start' }] },
        );
      },
    },
  });
  await store.load();
  await store.watch(scope, (change) => changes.push(change));
  return { home, file, store, applied, errors, changes, node, scope };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (condition()) return;
    await pause(10);
  }
  assert.fail(`never came: ${what}`);
}

test('a watch that is ended before it began keeps nobody waiting', async (t) => {
  const { store } = await watched(t);
  for (const turns of [0, 1, 2]) {
    const scope = new Scope('short');
    const watching = store.watch(scope);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    while (turns === 2 && scope.effects().length === 0) await pause(0);
    await scope.close();
    await watching;
  }
});

test('a file that is written in place is applied', async (t) => {
  const { file, applied, changes } = await watched(t);
  writeFileSync(file, text('1 s'));
  await until(() => applied.length === 1, 'the change');
  assert.deepEqual(applied, ['1 s']);
  await until(() => changes.length === 1, 'the report');
  assert.equal(changes[0]!.outcome.applied, true);
  writeFileSync(file, text('2 s'));
  await until(() => applied.length === 2, 'the next change');
});

test('a file that is moved over it is applied, again and again', async (t) => {
  const { home, file, applied } = await watched(t);
  for (const [index, interval] of ['1 s', '2 s', '3 s'].entries()) {
    writeFileSync(join(home, 'new.json'), text(interval));
    execFileSync('mv', [join(home, 'new.json'), file]);
    await until(() => applied.length === index + 1, interval);
    assert.equal(applied[index], interval);
  }
});

test('a file that an editor saves by way of a backup is applied', async (t) => {
  const { file, applied, errors } = await watched(t);
  for (const [index, interval] of ['1 s', '2 s'].entries()) {
    renameSync(file, `${file}~`);
    writeFileSync(file, '');
    appendFileSync(file, text(interval));
    unlinkSync(`${file}~`);
    await until(() => applied.length === index + 1, interval);
    assert.equal(applied[index], interval);
  }
  assert.deepEqual(errors, []);
});

test('of two quick saves the last one wins', async (t) => {
  const { file, store, applied } = await watched(t);
  writeFileSync(file, text('1 s'));
  writeFileSync(file, text('2 s'));
  await until(() => applied.at(-1) === '2 s', 'the last');
  await pause(150);
  assert.equal(applied.at(-1), '2 s');
  assert.equal(store.document.configurations['acme.poller']!['interval'], '2 s');
});

test('a slow writer is waited for', async (t) => {
  const { file, applied, errors } = await watched(t);
  const whole = text('1 s');
  writeFileSync(file, whole.slice(0, 40));
  await pause(120);
  appendFileSync(file, whole.slice(40));
  await until(() => applied.length === 1, 'the whole file');
  assert.deepEqual(errors, []);
});

test('an invalid save changes nothing, is said once with its place, and a later good one applies', async (t) => {
  const { file, store, applied, errors } = await watched(t);
  writeFileSync(file, text('soon'));
  await until(() => errors.length === 1, 'the sentence');
  assert.deepEqual(errors, [
    `${file}:4:34: configuration acme.poller: interval must be a duration such as "10 s"; nothing was changed`,
  ]);
  writeFileSync(file, text('1 s').replace('"demo",', '"demo"'));
  await until(() => errors.length === 2, 'the next sentence');
  assert.equal(errors[1], `${file}:3:3: a comma is missing before this; nothing was changed`);
  assert.equal(readFileSync(file, 'utf8'), text('1 s').replace('"demo",', '"demo"'), 'the file is as it was saved');
  assert.equal(store.document.configurations['acme.poller']!['interval'], '0 s');
  assert.deepEqual(applied, []);
  writeFileSync(file, text('3 s'));
  await until(() => applied.length === 1, 'the good save');
  assert.equal(store.document.configurations['acme.poller']!['interval'], '3 s');
});

test('a save that the node cannot run with stays on disk and out of force', async (t) => {
  const { file, store, errors, node } = await watched(t);
  node.ok = false;
  writeFileSync(file, text('1 s'));
  await until(() => errors.length === 1, 'the sentence');
  assert.equal(errors[0], `${file}:4:5: poller did not start; nothing was changed`);
  assert.equal(readFileSync(file, 'utf8'), text('1 s'));
  assert.equal(store.document.configurations['acme.poller']!['interval'], '0 s');
  node.ok = true;
  assert.equal((await store.edit([])).applied, true, 'applying the file as it stands, once the cause is gone');
  assert.equal(store.document.configurations['acme.poller']!['interval'], '1 s');
});

test('own writes are not taken for changes by others', async (t) => {
  const { store, applied, changes, node } = await watched(t);
  await store.edit([{ path: ['configurations', 'acme.poller', 'interval'], value: '1 s' }]);
  node.ok = false;
  await store.edit([{ path: ['configurations', 'acme.poller', 'interval'], value: '2 s' }]);
  await pause(300);
  assert.deepEqual(applied, ['1 s', '2 s']);
  assert.deepEqual(changes, []);
});

test('a file that vanishes is reported, and applied when it comes back', async (t) => {
  const { home, file, applied, errors } = await watched(t);
  copyFileSync(file, join(home, 'copy'));
  rmSync(file);
  await until(() => errors.length === 1, 'the sentence');
  assert.match(errors[0]!, /is gone; the node goes on with the configuration in force/);
  writeFileSync(file, text('1 s'));
  await until(() => applied.length === 1, 'the file');
});

test("other files of the folder are nobody's business, and nothing is left when the scope closes", async (t) => {
  const { home, file, applied, scope, changes } = await watched(t);
  mkdirSync(join(home, 'var'));
  writeFileSync(join(home, 'package.json'), '{}');
  await pause(150);
  assert.deepEqual(changes, []);
  assert.deepEqual(await scope.close(), []);
  writeFileSync(file, text('1 s'));
  await pause(150);
  assert.deepEqual(applied, []);
});

test('a process that is killed while it writes leaves one of the two documents, whole', async (t) => {
  const home = temporaryFolder(t);
  const file = join(home, 'runtime.config.json');
  const [a, b] = [text('1 s').trim().padEnd(300_000), text('2 s').trim().padEnd(300_000)];
  writeFileSync(file, a);
  const writer = `
    import { writeAtomically } from ${JSON.stringify(new URL('../../../src/dist/configuration/index.js', import.meta.url).href)};
    process.stdout.write('.');
    for (let n = 0; ; n += 1) await writeAtomically(${JSON.stringify(file)}, (n % 2 ? ${JSON.stringify(a.trim())} : ${JSON.stringify(b.trim())}).padEnd(300000));`;
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    await once(child.stdout, 'data', { signal: t.signal });
    await pause(15 + round * 7);
    assert.ok(child.kill('SIGKILL'), 'it was still writing');
    await exit;
    const found = readFileSync(file, 'utf8');
    assert.ok(found === a || found === b, `${found.length} characters, neither document`);
  }
  assert.ok(readdirSync(home).length >= 1);
});
