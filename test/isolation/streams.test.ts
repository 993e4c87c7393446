import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as immediately } from 'node:timers/promises';
import fc from 'fast-check';
import { held, NOTHING, roundTrip, TRANSPORTS } from './transports.js';

const WINDOW = 16;

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

for (const transport of TRANSPORTS)
  suite(`streams of a ${transport.name}`, () => {
    test('give their items in order, and end', async (t) => {
      const other = await transport.open(t);
      const numbers = Array.from({ length: 1000 }, (_, i) => i);
      assert.deepEqual(await all(other.lab.count(1000)), numbers);
      assert.deepEqual(await all(other.lab.count(0)), []);
      const several = await Promise.all([1, 16, 17, 500].map((to) => all(other.lab.count(to))));
      assert.deepEqual(
        several,
        [1, 16, 17, 500].map((to) => numbers.slice(0, to)),
      );
      assert.deepEqual(await held(other), NOTHING);
    });

    test('are asked for when they are iterated, each time anew', async (t) => {
      const other = await transport.open(t);
      const stream = other.lab.count(3);
      await roundTrip(other);
      assert.equal(await other.lab.produced(), 0);
      assert.deepEqual([...(await all(stream)), ...(await all(stream))], [0, 1, 2, 0, 1, 2]);
    });

    test('are never more than the window ahead of a slow reader', async (t) => {
      const other = await transport.open(t);
      let read = 0;
      for await (const item of other.lab.count(200)) {
        assert.equal(item, read++);
        if (read % 20 !== 0) continue;
        await roundTrip(other);
        const ahead = (await other.lab.produced()) - read;
        assert(ahead >= 0 && ahead <= WINDOW, `${ahead} items ahead`);
      }
      assert.equal(read, 200);
    });

    test('that nobody reads on take no memory', async (t) => {
      const other = await transport.open(t);
      const iterator = other.lab.columns(1e9)[Symbol.asyncIterator]();
      await iterator.next();
      await roundTrip(other, 20);
      assert((await other.lab.produced()) <= WINDOW + 1);
      await iterator.return!();
    });

    test('take no turn of their own for what was read before: any mix of reading and waiting', async (t) => {
      const other = await transport.open(t);
      const property = fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 8 }), fc.nat(120), async (pauses, length) => {
        const items: number[] = [];
        for await (const item of other.lab.count(length)) {
          items.push(item);
          if (pauses.includes(items.length)) await immediately();
        }
        assert.deepEqual(
          items,
          Array.from({ length }, (_, i) => i),
        );
      });
      await fc.assert(property, { numRuns: 60 });
      assert.deepEqual(await held(other), NOTHING);
    });

    test('answer several readers that ask before there is anything', async (t) => {
      const { lab } = await transport.open(t);
      const iterator = lab.count(3)[Symbol.asyncIterator]();
      const results = await Promise.all(Array.from({ length: 5 }, () => iterator.next()));
      assert.deepEqual(
        results.map(({ value, done }) => (done ? 'done' : value)),
        [0, 1, 2, 'done', 'done'],
      );
    });

    test('that are left by a break run their finally over there', async (t) => {
      const other = await transport.open(t);
      for await (const item of other.lab.count(1e9)) if (item === 40) break;
      await assert.rejects(async () => {
        for await (const item of other.lab.count(1e9)) if (item === 3) throw new RangeError('enough');
      }, /enough/);
      await roundTrip(other);
      assert.equal(await other.lab.finallies(), 2);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('reject once with what they throw, after the items before', async (t) => {
      const other = await transport.open(t);
      const iterator = other.lab.failing(20)[Symbol.asyncIterator]();
      for (let i = 0; i < 20; i++) assert.deepEqual(await iterator.next(), { value: i, done: false });
      await assert.rejects(iterator.next(), { code: 'DEVICE_NO_ANSWER' });
      assert.deepEqual(await iterator.next(), { value: undefined, done: true });
      assert.deepEqual(await held(other), NOTHING);
    });

    test('reject for an item that cannot cross, and end over there', async (t) => {
      const other = await transport.open(t);
      await assert.rejects(all(other.lab.unclonableItems()), {
        code: 'CALL_UNCLONABLE',
        message: /^test\/Lab@1\.unclonableItems: an item\.run is a function inside data/,
      });
      await roundTrip(other);
      assert.equal(await other.lab.finallies(), 1);
      await assert.rejects(all(other.lab.count(new WeakMap() as never)), { code: 'CALL_UNCLONABLE' });
      await assert.rejects(all(other.lab.notAStream({ signal: new AbortController().signal })), TypeError);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('whose end throws after an item that cannot cross tell that, too, where they were made', async (t) => {
      const other = await transport.open(t);
      await assert.rejects(all(other.lab.unclonableAndFailing()), { code: 'CALL_UNCLONABLE' });
      await roundTrip(other);
      assert.deepEqual(await other.peer.request('errors'), ['END_FAILED']);
    });

    test('follow signals, and abort them when they are left', async (t) => {
      const other = await transport.open(t);
      const controller = new AbortController();
      const items: string[] = [];
      for await (const item of other.lab.signalled({ signal: controller.signal })) {
        items.push(item);
        controller.abort(new Error('by its reader'));
      }
      assert.deepEqual(items, ['begun', 'by its reader']);
      for await (const _ of other.lab.signalled({ signal: new AbortController().signal })) break;
      await roundTrip(other);
      assert.equal(await other.lab.aborted(), 2);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('that are dropped unread are ended', async (t) => {
      const other = await transport.open(t);
      await (async () => void (await other.lab.count(1e9)[Symbol.asyncIterator]().next()))();
      while (other.peer.counts.consumers > 0) {
        await immediately();
        global.gc!();
      }
      while ((await other.lab.finallies()) === 0) await immediately();
    });

    test('reject when the other side goes, after what had come', async (t) => {
      const other = await transport.open(t);
      const iterator = other.lab.count(1e9)[Symbol.asyncIterator]();
      await iterator.next();
      await roundTrip(other);
      await other.kill();
      await assert.rejects(
        (async () => {
          for (;;) await iterator.next();
        })(),
        { code: 'PEER_GONE' },
      );
      await assert.rejects(all(other.lab.count(1)), { code: 'PEER_GONE' });
    });
  });
