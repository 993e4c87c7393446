import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import type { RackwattError } from 'rackwatt';
import { FRAME, LOAN, messagePort, Peer } from './built.js';
import { Lab } from './lab.js';
import { labService } from './lab-service.js';
import { roundTrip, TRANSPORTS } from './transports.js';

const closing = () => {
  let closed!: (reason: RackwattError) => void;
  const reason = new Promise<RackwattError>((resolve) => (closed = resolve));
  return { onClose: closed, reason };
};

for (const transport of TRANSPORTS)
  suite(`the end of a ${transport.name}`, () => {
    test('closing here ends both sides, with the reason', async (t) => {
      const { onClose, reason } = closing();
      const other = await transport.open(t, { onClose });
      const pending = other.lab.never();
      other.peer.close('it is stopped');
      other.peer.close('again');
      await assert.rejects(pending, {
        code: 'PEER_GONE',
        message: 'the lab is gone: it is stopped.',
        context: { label: 'the lab' },
      });
      await assert.rejects(other.lab.add(1, 1), { code: 'PEER_GONE' });
      await assert.rejects(other.peer.request('echo'), { code: 'PEER_GONE' });
      assert.equal((await reason).code, 'PEER_GONE');
      assert.equal(other.peer.closed, true);
      other.peer.tell('note', 1);
    });

    test('closing there ends both sides, with the reason', async (t) => {
      const { onClose, reason } = closing();
      const other = await transport.open(t, { onClose });
      const pending = other.lab.never();
      await other.peer.request('close', 'it had enough');
      await assert.rejects(pending, { code: 'PEER_GONE', message: 'the lab is gone: it had enough.' });
      assert.equal((await reason).message, 'the lab is gone: it had enough.');
    });

    test('an end without a word rejects what waits', async (t) => {
      const { onClose, reason } = closing();
      const other = await transport.open(t, { onClose });
      const pending = [other.lab.never(), other.peer.request('wait'), other.lab.exit()];
      for (const { status, reason: error } of (await Promise.allSettled(pending)) as PromiseRejectedResult[]) {
        assert.equal(status, 'rejected');
        assert.equal((error as RackwattError).code, 'PEER_GONE');
      }
      assert.equal((await reason).message, 'the lab is gone: it ended.');
    });

    test('ends what it used here: subscriptions, streams, calls with signals', async (t) => {
      const { onClose, reason } = closing();
      const other = await transport.open(t, { onClose });
      const mine = labService();
      await other.peer.request('parent', other.peer.expose(Lab, mine));
      await other.peer.request('use-parent');
      await roundTrip(other);
      assert.deepEqual([await mine.subscribers(), await mine.finallies(), await mine.aborted()], [1, 0, 0]);
      await other.kill();
      await reason;
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([await mine.subscribers(), await mine.finallies(), await mine.aborted()], [0, 1, 1]);
      assert.deepEqual(Object.values(other.peer.counts).filter(Boolean), []);
      assert.deepEqual(other.errors, []);
    });

    test('a malformed message cuts the sender off', async (t) => {
      for (const message of [
        'text',
        { an: 'object' },
        [99],
        [1, 'x'],
        [FRAME.result, 1e9, 1],
        [FRAME.item],
        [FRAME.result, 2],
      ]) {
        const { onClose, reason } = closing();
        const other = await transport.open(t, { onClose });
        const pending = other.lab.never();
        void other.peer.request('raw', message).catch(() => undefined);
        await assert.rejects(pending, { code: 'PEER_GONE', message: /sent a malformed message/ });
        assert.equal((await reason).code, 'PEER_PROTOCOL');
        await other.kill();
      }
    });

    test('a side that sends more of a stream than was asked for is cut off', async (t) => {
      const { onClose, reason } = closing();
      const other = await transport.open(t, { onClose });
      const iterator = other.lab.count(1e9)[Symbol.asyncIterator]();
      await iterator.next();
      await roundTrip(other);
      // The lab is the second thing that was asked for: `lab`, then the stream.
      const flood = Array.from({ length: 20 }, () => [FRAME.item, 2, 0]).flat();
      void other.peer.request('raw', flood).catch(() => undefined);
      assert.match((await reason).message, /goes beyond its window/);
    });
  });

suite('messages from whoever they come', () => {
  /** A peer whose other side says whatever is given. */
  const withHostile = () => {
    const { port1, port2 } = new MessageChannel();
    const errors: unknown[] = [];
    const { onClose, reason } = closing();
    const peer = new Peer(messagePort(port1), { label: 'hostile', onClose, onError: (error) => errors.push(error) });
    peer.expose(Lab, labService());
    peer.handle('echo', (body) => body);
    return { peer, port: port2, reason, errors };
  };

  const small = fc.integer({ min: -2, max: 5 });
  const field = fc.oneof(
    { weight: 4, arbitrary: small },
    {
      weight: 1,
      arbitrary: fc.constantFrom('add', 'echo', 'subscribe', 'count', '__proto__', 'constructor', 'toString'),
    },
    { weight: 1, arbitrary: fc.array(fc.oneof(small, fc.constantFrom('signal', '__proto__', 0)), { maxLength: 8 }) },
    {
      weight: 1,
      arbitrary: fc.anything({ withTypedArray: true, maxDepth: 2 }).filter((value) => typeof value !== 'symbol'),
    },
  );
  const frame = fc.tuple(fc.constantFrom(...Object.values(FRAME)), fc.array(field, { maxLength: 7 }));

  test('are read without harm: the peer goes on, or is closed; nothing is thrown', async () => {
    const thrown: unknown[] = [];
    const onThrown = (error: unknown) => void thrown.push(error);
    process.on('uncaughtException', onThrown);
    try {
      const property = fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 4 }), async (frames) => {
        const { peer, port } = withHostile();
        for (const [kind, fields] of frames) {
          try {
            port.postMessage([kind, ...fields]);
          } catch {
            // What cannot be cloned cannot come.
          }
        }
        // Either it still answers, or it was closed.
        await new Promise<void>((resolve) => {
          port.on('message', (message: unknown[]) => {
            if (message.includes('still there')) resolve();
          });
          port.once('close', resolve);
          port.postMessage([FRAME.request, 1000, 'echo', 0, 1, 'still there']);
        });
        peer.close();
        port.close();
      });
      await fc.assert(property, { numRuns: 1500 });
    } finally {
      process.off('uncaughtException', onThrown);
    }
    assert.deepEqual(thrown, []);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  const cases: Record<string, unknown[]> = {
    'a call made twice': [FRAME.call, 1, 1, 'never', [0, 'signal', LOAN.signal, 0], 1, { signal: undefined }],
    'a stream opened twice': [FRAME.open, 1, 1, 'count', 0, 1, 1e9],
  };
  for (const [what, message] of Object.entries(cases))
    test(`${what} is refused`, async () => {
      const { port, reason } = withHostile();
      port.on('message', () => undefined);
      port.postMessage([...message, ...message]);
      assert.equal((await reason).code, 'PEER_PROTOCOL');
    });

  test('a stream is given no more than its window', async () => {
    const { port, reason } = withHostile();
    port.on('message', () => undefined);
    port.postMessage([FRAME.open, 1, 1, 'count', 0, 1, 1e9]);
    port.postMessage([FRAME.credit, 1, 16, FRAME.credit, 1, 16]);
    assert.equal((await reason).code, 'PEER_PROTOCOL');
  });
});
