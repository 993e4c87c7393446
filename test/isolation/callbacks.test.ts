import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as immediately } from 'node:timers/promises';
import { RackwattError } from 'rackwatt';
import { Lab } from './lab.js';
import { held, NOTHING, type Other, roundTrip, TRANSPORTS } from './transports.js';

/** What the other side's `onError` heard, waited for. */
async function heardThere({ peer }: Other): Promise<unknown[]> {
  for (;;) {
    const errors = (await peer.request('errors')) as unknown[];
    if (errors.length > 0) return errors;
    await immediately();
  }
}

for (const transport of TRANSPORTS)
  suite(`callbacks given to a ${transport.name}`, () => {
    test('are called with data and answer with data, as an argument or in options', async (t) => {
      const other = await transport.open(t);
      const twice = (value: unknown) => ({ twice: (value as number) * 2 });
      const expected = [{ twice: 0 }, { twice: 2 }, { twice: 4 }];
      assert.deepEqual(await other.lab.each(3, twice), expected);
      assert.deepEqual(await other.lab.eachOption({ count: 3, onValue: async (value) => twice(value) }), expected);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('reject over there with what they threw', async (t) => {
      const { lab } = await transport.open(t);
      const failing = () => {
        throw new RackwattError('NOT_MINE', 'I do not want it.', { context: { why: 'test' } });
      };
      await assert.rejects(lab.each(1, failing), {
        code: 'NOT_MINE',
        message: 'I do not want it.',
        context: { why: 'test' },
      });
      await assert.rejects(
        lab.each(1, () => () => new WeakMap()),
        // A function is something that lives until it is ended; as an answer of a callback it is carried, as data it is not.
        { code: 'CALL_UNCLONABLE' },
      );
      await assert.rejects(
        lab.each(1, () => new WeakMap()),
        { code: 'CALL_UNCLONABLE', message: /^a callback of test\/Lab@1\.each: its result is an instance of WeakMap/ },
      );
    });

    test('are released with the call, and reject when they are called later', async (t) => {
      const other = await transport.open(t);
      let called = 0;
      await other.lab.steal(() => called++);
      await assert.rejects(other.lab.callStolen(), {
        code: 'CALLBACK_RELEASED',
        message: /^Called a callback of test\/Lab@1\.steal after the call/,
      });
      assert.equal(called, 0);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('leave nothing behind, however many', async (t) => {
      const other = await transport.open(t);
      let calls = 0;
      for (let round = 0; round < 100; round++)
        await Promise.all(
          Array.from({ length: 100 }, (_, i) =>
            i % 2 === 0 ? other.lab.each(1, () => calls++) : other.lab.eachOption({ count: 1, onValue: () => calls++ }),
          ),
        );
      assert.equal(calls, 10_000);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('of a subscription live until it is ended', async (t) => {
      const other = await transport.open(t);
      const heard: unknown[] = [];
      const stop = await other.lab.subscribe((value) => heard.push(value));
      await roundTrip(other);
      await other.lab.emit('first');
      await other.lab.emit({ second: true });
      assert.deepEqual(heard, ['first', { second: true }]);
      await stop();
      await stop();
      assert.equal(await other.lab.subscribers(), 0);
      await other.lab.emit('third');
      assert.equal(heard.length, 2);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('of many subscriptions leave nothing behind', async (t) => {
      const other = await transport.open(t);
      for (let round = 0; round < 20; round++) {
        const stops = await Promise.all(Array.from({ length: 50 }, () => other.lab.subscribe(() => 1)));
        assert.equal(await other.lab.subscribers(), 50);
        assert.deepEqual(
          await other.lab.emit(1),
          Array.from({ length: 50 }, () => 1),
        );
        await Promise.all(stops.map((stop) => stop()));
      }
      assert.deepEqual(await held(other), NOTHING);
    });

    test('of an object with close, dispose or asyncDispose live until that', async (t) => {
      const other = await transport.open(t);
      const closing = await other.lab.watch(() => 1, 'close');
      assert.equal(closing.id, 7);
      await closing.close();
      {
        await using subscription = await other.lab.watch(() => 1, 'asyncDispose');
        assert.equal(subscription.id, 7);
        assert.equal(await other.lab.subscribers(), 1);
      }
      assert.equal(await other.lab.subscribers(), 0);
      {
        using _subscription = await other.lab.watch(() => 1, 'dispose');
        assert.equal(await other.lab.subscribers(), 1);
      }
      assert.equal(await other.lab.subscribers(), 0);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('of a subscription that fails as it ends are released all the same', async (t) => {
      const other = await transport.open(t);
      const subscription = await other.lab.watch(() => 1, 'failing');
      await assert.rejects(subscription.close(), { code: 'END_FAILED' });
      assert.deepEqual(await held(other), NOTHING);
    });

    test('a subscription that nobody waits for any more is ended', async (t) => {
      const other = await transport.open(t, { callTimeout: 20 });
      await assert.rejects(other.lab.subscribeLate(200), { code: 'CALL_TIMEOUT' });
      const patient = other.peer.stub(
        { ...Lab, timeout: 20_000 },
        (await other.peer.request('lab', undefined, { timeout: 0 })) as number,
      );
      while (((await other.peer.request('counts', undefined, { timeout: 0 })) as { kept: number }).kept > 0)
        await immediately();
      await patient.subscribeLate(200);
      assert.equal(await patient.subscribers(), 1, 'only the second one is there');
    });

    test('whose failure nobody waits for end nothing, and are told', async (t) => {
      const other = await transport.open(t);
      await other.lab.steal(() => 1);
      await other.lab.notifyStolen();
      assert.deepEqual(await heardThere(other), ['CALLBACK_RELEASED']);
      assert.equal(await other.lab.add(1, 1), 2);
    });

    test('are released and their subscriptions ended when the other side goes', async (t) => {
      const other = await transport.open(t);
      const stop = await other.lab.subscribe(() => 1);
      const signal = new AbortController().signal;
      const pending = assert.rejects(other.lab.never({ signal }), { code: 'PEER_GONE' });
      await other.kill();
      await pending;
      assert.deepEqual(Object.values(other.peer.counts).filter(Boolean), []);
      await stop();
    });
  });
