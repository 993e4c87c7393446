import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BundleContext, LogEntry, Logger, LogReader as Reader } from 'rackwatt';
import { rackwatt } from '../support/container.js';
import { RunningNode } from '../support/running-node.js';
import { item } from './item.js';

const { LogReader, RackwattError } = rackwatt;

/** A node with a component that hands its logger to the test, and a bundle that reads. */
async function logging(t: TestContext) {
  const node = await RunningNode.start(t);
  let log: Logger | undefined;
  node.hand('log', (given: Logger) => void (log = given));
  const code = `const { component } = require('rackwatt');
    exports.writer = component({ name: 'acme.writer', activate: ({ log }) => void handed('log')(log) });`;
  await node.install(node.bundle('writer', { 'index.js': code }));
  const context: BundleContext = await node.context('reader');
  const reader: Reader = context.get(context.reference(LogReader)!)!;
  return { node, reader, log: log! };
}

/** The next so many entries of the writer. */
async function take(entries: AsyncIterable<LogEntry>, count: number): Promise<LogEntry[]> {
  const taken: LogEntry[] = [];
  for await (const entry of entries) {
    if (entry.bundle === 'writer' && taken.push(entry) === count) break;
  }
  return taken;
}

item(325, async (t) => {
  const { reader, log } = await logging(t);
  const entries = take(reader.follow(), 5);
  log.debug('{} stays');
  log.info({ outlets: 24 }, 'fields');
  log.warn('careful');
  log.error({ error: new RackwattError('ACME_LOST', 'it is lost') }, 'failed');
  log.error({ error: 'a text' }, 'failed again');
  const said = (await entries).map(({ level, bundle, component, message, fields }) => [
    level,
    bundle,
    component,
    message,
    fields,
  ]);
  const who = ['writer', 'acme.writer'];
  assert.deepEqual(said, [
    ['debug', ...who, '{} stays', {}],
    ['info', ...who, 'fields', { outlets: 24 }],
    ['warn', ...who, 'careful', {}],
    ['error', ...who, 'failed', {}],
    ['error', ...who, 'failed again', { error: 'a text' }],
  ]);
  const { name, code, message, stack } = (await entries)[3]!.error!;
  assert.deepEqual([name, code, message], ['RackwattError', 'ACME_LOST', 'it is lost']);
  assert.match(stack!, /it is lost\n +at /);
});

item(327, async (t) => {
  const { node, reader, log } = await logging(t);
  const messages = (entries: LogEntry[]): string[] => entries.map(({ message }) => message);
  const [first, second] = [take(reader.follow(), 3), take(reader.follow({ level: 'warn' }), 1)];
  const broken = (async () => {
    for await (const { message } of reader.follow()) throw new RangeError(message);
  })();
  let isBack = false;
  void first.then(() => assert.ok(isBack));
  for (const text of ['one', 'two', 'three']) log.info(text);
  log.warn('four');
  isBack = true;
  await assert.rejects(broken, { message: 'one' });
  assert.deepEqual([messages(await first), messages(await second)], [['one', 'two', 'three'], ['four']]);
  // With what came before; and one that does not keep up misses the oldest.
  assert.deepEqual(messages(await take(reader.follow({ history: 3 }), 3)), ['two', 'three', 'four']);
  const slow = reader.follow()[Symbol.asyncIterator]();
  const next = slow.next();
  for (let i = 0; i <= 10_100; i++) log.info(`${i}`);
  const [zero, one] = [(await next).value as LogEntry, (await slow.next()).value as LogEntry];
  assert.deepEqual([zero.message, one.message, one.sequence - zero.sequence], ['0', '101', 101]);
  await slow.return?.();
  // A reader that waits is told of the end.
  const waiting = reader.follow()[Symbol.asyncIterator]();
  const over = waiting.next();
  await waiting.return?.();
  assert.deepEqual(await over, { done: true, value: undefined });
  const last = take(node.registry.get({ id: 1, name: 'test' }, node.registry.reference(LogReader)!)!.follow(), 1_000);
  await node.stop();
  assert.deepEqual(await last, []);
});

item(328, async (t) => {
  const { reader, log } = await logging(t);
  const before = Date.now();
  const entries = take(reader.follow(), 2);
  log.error({ error: new RangeError('too far'), service: 12 }, 'out');
  log.info('on');
  const [out, on] = (await entries) as [LogEntry, LogEntry];
  const { error, ...rest } = out;
  assert.deepEqual(rest, {
    sequence: out.sequence,
    time: out.time,
    level: 'error',
    bundle: 'writer',
    component: 'acme.writer',
    message: 'out',
    fields: { service: 12 },
  });
  assert.deepEqual([error!.name, error!.message], ['RangeError', 'too far']);
  assert.ok(out.time >= before && out.time <= Date.now());
  assert.equal(on.sequence, out.sequence + 1);
  const all = await reader.recent({ count: 500 });
  assert.deepEqual(
    all.map(({ sequence }) => sequence),
    all.map((_, i) => i + 1),
  );
});

item(330, async (t) => {
  const { reader, log } = await logging(t);
  for (let i = 1; i <= 600; i++) log[i % 100 === 0 ? 'warn' : 'info'](`${i}`);
  const messages = async (options?: Parameters<Reader['recent']>[0]) =>
    (await reader.recent(options)).map(({ message }) => Number(message));
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => 600 - count + i + 1);
  assert.deepEqual(await messages({ count: 3 }), [598, 599, 600]);
  assert.deepEqual(await messages({ count: 0 }), []);
  assert.deepEqual(await messages({ count: 2, level: 'warn' }), [500, 600]);
  assert.deepEqual(await messages(), upTo(100));
  assert.deepEqual(await messages({ count: 10_000 }), upTo(500));
});

test('a bundle in a worker reads the log', async (t) => {
  const { node, reader, log } = await logging(t);
  const code = `const { component, one, LogReader } = require('rackwatt');
    exports.watcher = component({
      name: 'acme.watcher',
      references: { reader: one(LogReader) },
      activate({ reader, log }) {
        void (async () => {
          for await (const { level, message, error } of reader.follow({ level: 'warn', history: 1 }))
            if (level === 'error') log.info(message + ': ' + error.message);
        })();
      },
    });`;
  const { root } = node.bundle('watcher', { 'index.js': code });
  const heard = (async () => {
    for await (const { bundle, message } of reader.follow()) if (bundle === 'watcher') return message;
    return undefined;
  })();
  log.error({ error: new RangeError('too far') }, 'out');
  await node.node.configuration.edit([{ path: ['bundles', 2], value: { id: `link:${root}`, isolation: 'worker' } }]);
  assert.equal(await heard, 'out: too far');
});
