import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import { temporaryFolder } from '../support/temporary.js';
import { contents, logbook, noise, openOutbox, sample, sqlite } from './support.js';

const require = createRequire(import.meta.url);
const { Storage } = require('@rackwatt/outbox/dist/storage.js') as typeof import('@rackwatt/outbox/dist/storage.js');
const SQLite = require(sqlite) as typeof Database;

test('a full disk refuses what cannot be kept, and takes readings again once there is room', async (t) => {
  const notices: string[] = [];
  const storage = new Storage(
    SQLite,
    { path: join(temporaryFolder(t), 'outbox.db'), maxBytes: 1 << 30, live: false, pages: 100 },
    {
      written: () => undefined,
      notice: (text) => notices.push(text),
    },
  );
  let kept = 0;
  let id = 0;
  const append = (): Promise<unknown> =>
    storage.call({ id: ++id, method: 'append', arguments: [{ samples: [noise('a', kept + 1, 2000)] }] });
  await assert.rejects(
    async () => {
      for (;;) {
        await append();
        kept++;
      }
    },
    { code: 'OUTBOX_DISK_FULL', message: /the disk is full; free some space/ },
  );
  assert.ok(kept > 5);
  assert.equal(await storage.call({ id: ++id, method: 'lastNumber', arguments: ['a'] }), kept);
  assert.equal(
    ((await storage.call({ id: ++id, method: 'batches', arguments: ['replay', 0, 1000] })) as unknown[]).length,
    kept,
  );
  await storage.call({ id: ++id, method: 'acknowledge', arguments: ['replay', [[1, 3]]] });
  await append();
  await storage.call({ id: ++id, method: 'close', arguments: [] });
  assert.deepEqual(notices, []);
});

test('a limit of the file system is told as a failing disk, once, and the process goes on', async (t) => {
  const folder = temporaryFolder(t);
  const child = fileURLToPath(new URL('limited-child.js', import.meta.url));
  // Past `ulimit -f` a write fails with EFBIG, as it would with EDQUOT for a quota.
  const limited = spawn('bash', [
    '-c',
    `trap '' XFSZ; ulimit -f 1024; exec "$0" "$@"`,
    process.execPath,
    child,
    folder,
  ]);
  const output: Buffer[] = [];
  limited.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  limited.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const [status] = (await once(limited, 'close')) as [number];
  const said = Buffer.concat(output).toString();
  assert.equal(status, 0, said);
  assert.match(said, /OUTBOX_DIS(K|K_FULL) after \d+ appends; lines: 1/);
});

test('a file that cannot be written is a clear error, found again when that is mended', {
  skip: process.getuid?.() === 0 ? 'root may write everything' : false,
}, async (t) => {
  const folder = join(temporaryFolder(t), 'locked');
  mkdirSync(folder, { mode: 0o500 });
  const outbox = openOutbox(t, { folder });
  await assert.rejects(outbox.append({ samples: [sample('a', 1)] }), { code: 'OUTBOX_READ_ONLY' });
  chmodSync(folder, 0o700);
  await sleep(1100);
  await outbox.append({ samples: [sample('a', 1)] });
});

test('a folder that cannot be made is a clear error; when it can, readings are kept', async (t) => {
  const folder = temporaryFolder(t);
  const blocked = join(folder, 'data');
  writeFileSync(blocked, 'a file where a folder should be');
  const log = logbook();
  const outbox = openOutbox(t, { folder: blocked, log });
  for (let i = 0; i < 3; i++)
    await assert.rejects(outbox.append({ samples: [sample('a', 1)] }), { name: 'RackwattError' });
  assert.equal((await outbox.health()).state, 'failed');
  assert.equal(log.lines.length, 1, log.lines.join('\n'));
  rmSync(blocked);
  await sleep(1100);
  await outbox.append({ samples: [sample('a', 1)] });
  assert.equal((await outbox.health()).state, 'ok');
  assert.equal(log.lines.length, 2);
});

test('a file that is no outbox is moved aside, kept, and told', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'outbox.db'), 'this was an outbox once. '.repeat(1000));
  const log = logbook();
  const outbox = openOutbox(t, { folder, log });
  await outbox.append({ samples: [sample('a', 1)] });
  assert.equal((await contents(outbox, 'replay')).length, 1);
  const aside = readdirSync(folder).find((name) => name.startsWith('outbox.db.damaged-'))!;
  assert.match(readFileSync(join(folder, aside), 'utf8'), /an outbox once/);
  assert.match(log.lines.join(), /damaged and is now .*A new outbox was begun/);
  assert.equal((await outbox.health()).state, 'degraded');
});

test('a file that breaks while it is used is moved aside too', async (t) => {
  const folder = temporaryFolder(t);
  const first = openOutbox(t, { folder });
  for (let number = 1; number <= 30; number++) await first.append({ samples: [noise('a', number, 1000)] });
  const { epoch } = await first.status();
  await first.close();
  const path = join(folder, 'outbox.db');
  const bytes = readFileSync(path);
  for (let page = 3; page * 4096 < bytes.length; page++) bytes.fill(0xa5, page * 4096, page * 4096 + 200);
  writeFileSync(path, bytes);
  const broken = openOutbox(t, { folder });
  const deadline = Date.now() + 5000;
  let fresh = '';
  while (fresh === '' && Date.now() < deadline) {
    try {
      await broken.append({ samples: [sample('a', 31)] });
      await contents(broken, 'replay');
      fresh = (await broken.status()).epoch;
    } catch (error) {
      assert.equal((error as { code: string }).code, 'OUTBOX_DAMAGED', String(error));
      await sleep(50);
    }
  }
  assert.notEqual(fresh, '');
  assert.notEqual(fresh, epoch);
  assert.ok(readdirSync(folder).some((name) => name.startsWith('outbox.db.damaged-')));
});

test('two nodes cannot have one outbox', async (t) => {
  const folder = temporaryFolder(t);
  const outbox = openOutbox(t, { folder });
  await outbox.append({ samples: [sample('a', 1)] });
  const other = spawn(process.execPath, [
    '-e',
    `
    const SQLite = require(${JSON.stringify(sqlite)});
    const { Storage } = require(${JSON.stringify(require.resolve('@rackwatt/outbox/dist/storage.js'))});
    const storage = new Storage(SQLite, { path: ${JSON.stringify(join(folder, 'outbox.db'))}, maxBytes: 1e9, live: false }, { written() {}, notice() {} });
    storage.call({ id: 1, method: 'status', arguments: [] }).then(() => console.log('opened'), (error) => console.log(error.code));
  `,
  ]);
  let said = '';
  other.stdout.on('data', (chunk: Buffer) => (said += String(chunk)));
  await once(other, 'close');
  assert.equal(said.trim(), 'OUTBOX_IN_USE');
  await outbox.append({ samples: [sample('a', 2)] });
});

test('a storage worker that dies rejects what waited and comes back with the file', async (t) => {
  const outbox = openOutbox(t);
  await outbox.setLive(true);
  await outbox.append({ samples: [sample('a', 1)] });
  const { epoch } = await outbox.status();
  const worker = outbox.worker!;
  const waiting = outbox.append({ samples: [sample('a', 2)] });
  await worker.terminate();
  const outcome = await waiting.then(
    () => 'kept',
    (error: { code: string }) => error.code,
  );
  assert.ok(outcome === 'kept' || outcome === 'OUTBOX_WORKER');
  for (const deadline = Date.now() + 5000; ; await sleep(20)) {
    try {
      await outbox.append({ samples: [sample('a', 3)] });
      break;
    } catch (error) {
      assert.equal((error as { code: string }).code, 'OUTBOX_WORKER');
      assert.ok(Date.now() < deadline);
    }
  }
  assert.equal((await outbox.status()).epoch, epoch);
  const numbers = (await contents(outbox, 'live')).flatMap((batch) => batch.samples.map((each) => each.number));
  assert.deepEqual(numbers, outcome === 'kept' ? [1, 2, 3] : [1, 3], 'live as before');
  assert.ok(existsSync(join(sqlite)));
});
