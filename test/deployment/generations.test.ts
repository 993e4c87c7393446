import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { realFileSystem } from '../support/generations.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  boot,
  collect,
  ContentStore,
  GenerationLedger,
  Journal,
  sha256,
  Transactions,
  type Change,
  type Prover,
  type Transaction,
  type Transactions as TransactionsType,
} from './built.js';

const MEGABYTE = 1024 * 1024;

/** A site whose one bundle gets a new content of a megabyte with each change. */
async function site(t: TestContext) {
  const home = temporaryFolder(t);
  const storage = join(home, 'var');
  const file = join(home, 'runtime.config.json');
  const textOf = (version: number): string => JSON.stringify({ id: 'x', version });
  writeFileSync(file, textOf(0));
  const contents = new ContentStore(join(storage, 'store'), realFileSystem);
  const open = async (probation = 0, prover: Partial<Prover> = {}) => {
    const transactions = await Transactions.open({ system: realFileSystem, storage, file });
    const ledger = new GenerationLedger({
      transactions,
      file,
      storage,
      contents,
      runtime: () => ({ version: '0.0.0', node: '24.0.0' }),
      prover: {
        probation: () => probation,
        look: () => Promise.resolve({ failing: [], checks: [] }),
        watch: () => undefined,
        release: () => undefined,
        settle: () => Promise.resolve(undefined),
        ...prover,
      },
    });
    return { transactions, ledger };
  };
  const digestOf = (version: number): string => sha256(Buffer.from(`content ${version}`));
  const rootOf = (version: number): string => contents.folderOf('acme', `1.0.${version}`, digestOf(version));
  const change = async (
    ledger: InstanceType<typeof GenerationLedger>,
    version: number,
    more: Partial<Change> = {},
  ): Promise<void> => {
    const batch = contents.batch();
    const stage = batch.open();
    mkdirSync(stage, { recursive: true });
    writeFileSync(join(stage, 'package.json'), Buffer.alloc(MEGABYTE, String(version)));
    await batch.place(stage, { name: 'acme', version: `1.0.${version}`, digest: digestOf(version) });
    await batch.finish();
    const before = readFileSync(file, 'utf8');
    const transaction = await ledger.begin({
      reason: `to ${version}`,
      text: textOf(version),
      revision: sha256(Buffer.from(textOf(version))),
      base: { text: before, revision: sha256(Buffer.from(before)) },
      isSaved: false,
      document: { bundles: [{ id: `store:acme@1.0.${version}`, digest: `sha256:${digestOf(version)}` }] },
      ...more,
    } as unknown as Change);
    await transaction.switch();
    await transaction.applied();
  };
  const sweep = (transactions: TransactionsType, quota: number, used: string[] = []) =>
    collect({ transactions, contents, storage, quota, used: () => used, grace: 60_000 });
  return { home, storage, file, open, change, sweep, rootOf, textOf };
}

const old = (folder: string): void => utimesSync(folder, 1, 1);

test('contents go with their generations, within the quota; what runs, the one before and the first stay', async (t) => {
  const { storage, open, change, sweep, rootOf } = await site(t);
  const { ledger, transactions } = await open();
  for (let version = 1; version <= 8; version++) {
    await change(ledger, version);
    old(rootOf(version));
  }
  await sweep(transactions, 4 * MEGABYTE, [rootOf(3)]);
  assert.deepEqual(
    (await ledger.list()).map(({ number }) => number),
    [8, 7, 3, 1],
    'the third costs nothing, because something runs from it',
  );
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].filter((version) => existsSync(rootOf(version))),
    [1, 3, 7, 8],
  );
  assert.deepEqual(
    readdirSync(join(storage, 'store')).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a content that nobody names yet stays for a while', async (t) => {
  const { storage, open, change, sweep } = await site(t);
  const { ledger, transactions } = await open();
  await change(ledger, 1);
  const [young, aged] = ['new/1.0.0-a', 'aged/1.0.0-b'].map((name) => join(storage, 'store', name));
  for (const folder of [young!, aged!]) mkdirSync(folder, { recursive: true });
  old(aged!);
  await sweep(transactions, MEGABYTE);
  assert.deepEqual([existsSync(young!), existsSync(aged!)], [true, false]);
});

test('where the generation to go back to is damaged, the last sound one that held comes back', async (t) => {
  const { storage, file, open, change, textOf, rootOf } = await site(t);
  const first = await open();
  for (const version of [1, 2, 3]) await change(first.ledger, version);
  await change((await open(60_000)).ledger, 4);
  writeFileSync(join(storage, 'generations/3/lock.json'), 'damaged');
  writeFileSync(join(rootOf(2), 'more'), 'still sound: what it names is there');
  const notes: string[] = [];
  for (let start = 0; start < 4; start++)
    notes.push(...(await boot({ system: realFileSystem, storage, file, now: () => new Date() })));
  assert.match(notes.at(-1)!, /rolled back to generation 2: it was started 3 times.*generation 3 is damaged too/);
  assert.equal(readFileSync(file, 'utf8'), textOf(2));
  assert.equal(readFileSync(join(storage, 'current'), 'utf8'), '2\n');
});

test('with nothing to go back to, the new one is started again', async (t) => {
  const { storage, file, open, change, textOf } = await site(t);
  await change((await open(60_000)).ledger, 1);
  for (let start = 0; start < 6; start++) await boot({ system: realFileSystem, storage, file, now: () => new Date() });
  assert.equal(readFileSync(file, 'utf8'), textOf(1));
});

test('a stop that somebody asked for counts as no try', async (t) => {
  const { storage, file, open, change, textOf } = await site(t);
  await change((await open()).ledger, 1);
  await change((await open(60_000)).ledger, 2);
  for (let start = 0; start < 8; start++) {
    await boot({ system: realFileSystem, storage, file, now: () => new Date() });
    await (await open()).transactions.resume()!.pause();
  }
  assert.equal(readFileSync(file, 'utf8'), textOf(2));
});

test('the journal is cut where it is torn, and written anew when it has grown', async (t) => {
  const { storage, open, change } = await site(t);
  const { ledger } = await open();
  await change(ledger, 1);
  const file = join(storage, 'journal');
  const sound = readFileSync(file, 'utf8');
  writeFileSync(file, `${sound}0123456789abcdef {"id":"torn"`);
  const journal = await Journal.open(realFileSystem, file);
  assert.equal(journal.records.length, sound.trim().split('\n').length);
  await journal.append({ id: 'next', state: 'ACCEPTED', time: '', reason: 'behind the torn one' });
  assert.ok(readFileSync(file, 'utf8').startsWith(sound));
  assert.equal((await Journal.open(realFileSystem, file)).transactions().at(-1)!.id, 'next');
  for (let i = 0; i < 1_500; i++)
    await journal.append({ id: `${i}`, state: 'REFUSED', time: '', why: 'x'.repeat(200) });
  assert.ok(readFileSync(file).length < 300 * 1024);
  const reopened = await Journal.open(realFileSystem, file);
  assert.equal(reopened.transactions().at(-1)!.id, '1499');
  assert.ok(
    reopened.transactions().some(({ id }) => id === 'next'),
    'what is open is kept',
  );
});

test('records that are appended at the same time are all in the journal', async (t) => {
  const file = join(temporaryFolder(t), 'journal');
  const journal = await Journal.open(realFileSystem, file);
  const ids = Array.from({ length: 20 }, (_, index) => `${index}`);
  await Promise.all(ids.map((id) => journal.append({ id, state: 'REFUSED', time: '' })));
  const reopened = await Journal.open(realFileSystem, file);
  assert.deepEqual(
    reopened.records.map(({ id }) => id),
    ids,
  );
});

test('a change that cannot join the one on probation leaves that one on probation', async (t) => {
  const { open, change } = await site(t);
  let watched: Transaction | undefined;
  const release = (): Transaction | undefined => {
    const transaction = watched;
    watched = undefined;
    return transaction;
  };
  const { ledger, transactions } = await open(60_000, {
    watch: (transaction) => void (watched = transaction),
    release,
  });
  await change(ledger, 1);
  const onProbation = watched;
  await assert.rejects(change(ledger, 2, { joins: true, transaction: 'nobody began it' }), {
    code: 'TRANSACTION_ENDED',
  });
  assert.equal(watched, onProbation);
  await watched!.commit();
  assert.equal(transactions.armed, undefined);
});

test('one change at a time', async (t) => {
  const { open, change } = await site(t);
  const { ledger, transactions } = await open(60_000);
  await change(ledger, 1);
  await assert.rejects(change(ledger, 2), { code: 'TRANSACTION_RUNNING', message: /"to 1" is still under way/ });
  await transactions.resume()!.commit();
  await change(ledger, 3);
});
