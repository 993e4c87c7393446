import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { contract, RackwattError } from 'rackwatt';
import fc from 'fast-check';
import { merged, messagePort, Peer, type Port } from './built.js';
import { Lab } from './lab.js';
import { labService } from './lab-service.js';
import { held, NOTHING, roundTrip, TRANSPORTS } from './transports.js';

for (const transport of TRANSPORTS)
  suite(`calls to a ${transport.name}`, () => {
    test('give promises of their results, undefined included', async (t) => {
      const { lab } = await transport.open(t);
      assert.equal(await lab.add(2, 3), 5);
      assert.equal(await lab.echo(), undefined);
      assert.equal(await lab.echo(null), null);
    });

    test('carry whatever structured clone carries, both ways', async (t) => {
      const { lab } = await transport.open(t);
      const anything = fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: false,
        withBoxedValues: false,
        withUnicodeString: true,
      } as fc.ObjectConstraints);
      const property = fc.asyncProperty(anything, async (value) => {
        assert.deepEqual(await lab.echo(value), structuredClone(value));
      });
      await fc.assert(property, { numRuns: 300 });
    });

    test('carry circular data, and an object that stands twice as one', async (t) => {
      const { lab } = await transport.open(t);
      const data: { self?: unknown; list: unknown[] } = { list: [1] };
      data.self = data;
      data.list.push(data);
      const back = (await lab.echo(data)) as typeof data;
      assert.equal(back.self, back);
      assert.equal(back.list[1], back);
      const twice = { value: 1 };
      const [first, second] = (await lab.echo([twice, twice])) as object[];
      assert.equal(first, second);
    });

    test('see their arguments as they were when the call was made', async (t) => {
      const { lab } = await transport.open(t);
      const options = { small: 1 };
      const deep = { list: [{ value: 1 }] };
      const column = new Float64Array([1, 2]);
      const answers = [lab.echo(options), lab.echo(deep), lab.echo(column), lab.echo([options, column])];
      options.small = 2;
      deep.list[0]!.value = 2;
      column.fill(9);
      assert.deepEqual(await Promise.all(answers), [
        { small: 1 },
        { list: [{ value: 1 }] },
        new Float64Array([1, 2]),
        [{ small: 1 }, new Float64Array([1, 2])],
      ]);
    });

    test('are made in the order of the calls, whatever they carry', async (t) => {
      const { lab } = await transport.open(t);
      const order: number[] = [];
      const values = Array.from({ length: 3000 }, (_, i) => (i % 7 === 0 ? { deep: [{ i }] } : i));
      await Promise.all(values.map((value, i) => lab.echo(value).then(() => void order.push(i))));
      assert.deepEqual(
        order,
        values.map((_, i) => i),
      );
    });

    test('go both ways over one port', async (t) => {
      const { peer } = await transport.open(t);
      await peer.request('parent', peer.expose(Lab, labService()));
      assert.equal(await peer.request('ask-parent', 100), 5050);
    });

    test('refuse what would arrive as something else, and send nothing', async (t) => {
      const other = await transport.open(t);
      const { lab } = other;
      class Reading {
        value = 1;
      }
      const refused: [unknown, RegExp][] = [
        [new Reading(), /^test\/Lab@1\.echo: argument 1 is an instance of Reading,/],
        [{ a: [0, { b: () => 1 }] }, /argument 1\.a\[1\]\.b is a function inside data/],
        [[Symbol('s')], /argument 1\[0\] is a symbol/],
        [new Map([['k', new Reading()]]), /a value of argument 1 is an instance of Reading/],
        [Promise.resolve(1), /argument 1 is an instance of Promise/],
        [new WeakMap(), /is an instance of WeakMap/],
        [
          new Proxy({ list: Array.from({ length: 100 }, () => 0) }, {}),
          /^test\/Lab@1\.echo: an argument cannot cross isolation: .*could not be cloned/,
        ],
      ];
      for (const [value, text] of refused)
        await assert.rejects(lab.echo(value), (error) => {
          assert(error instanceof RackwattError);
          assert.equal(error.code, 'CALL_UNCLONABLE');
          assert.match(error.message, text);
          return true;
        });
      assert.equal(await lab.add(1, 1), 2);
      assert.deepEqual(await held(other), NOTHING);
    });

    test('refuse a result that would arrive as something else', async (t) => {
      const { lab } = await transport.open(t);
      await assert.rejects(lab.unclonable('function'), {
        code: 'CALL_UNCLONABLE',
        message: /^test\/Lab@1\.unclonable: its result\.nested\.run is a function inside data/,
      });
      await assert.rejects(lab.unclonable('class'), { code: 'CALL_UNCLONABLE', message: /an instance of Odd/ });
    });

    test('reject when the service has no such method', async (t) => {
      const { lab } = await transport.open(t);
      await assert.rejects(lab.missing(), {
        code: 'SERVICE_METHOD_ABSENT',
        message: /no test\/Lab@1\.missing: it is of an older version/,
      });
    });

    test('reject when the service was withdrawn, or never was', async (t) => {
      const { lab, peer } = await transport.open(t);
      await assert.rejects(peer.stub(Lab, 99).add(1, 1), { code: 'SERVICE_GONE' });
      await peer.request('withdraw');
      await assert.rejects(lab.add(1, 1), { code: 'SERVICE_GONE' });
    });

    test('reject after their deadline, and the other side is told', async (t) => {
      const other = await transport.open(t, { callTimeout: 50 });
      const signal = new AbortController().signal;
      await assert.rejects(other.lab.never({ signal }), {
        code: 'CALL_TIMEOUT',
        message: /^test\/Lab@1\.never gave no answer within 50 ms; it runs in the lab/,
        context: { call: 'test/Lab@1.never', timeout: 50, label: 'the lab' },
      });
      const Patient = contract<Lab>('test/Lab', { major: 1, methods: Lab.methods as never, timeout: 20_000 });
      const lab = other.peer.stub(Patient, (await other.peer.request('lab', undefined, { timeout: 20_000 })) as number);
      await roundTrip({ ...other, lab });
      assert.equal(await lab.aborted(), 1);
      assert.deepEqual(
        await held({ ...other, lab, counts: () => other.peer.request('counts', undefined, { timeout: 0 }) as never }),
        NOTHING,
      );
    });

    test('wait as long as they take when the contract says so', async (t) => {
      const { peer } = await transport.open(t, { callTimeout: 1 });
      const Patient = contract<Lab>('test/Lab', { major: 1, methods: ['never'], timeout: 0 });
      const lab = peer.stub(Patient, (await peer.request('lab', undefined, { timeout: 0 })) as number);
      const waited = await Promise.race([lab.never(), new Promise((resolve) => setTimeout(resolve, 60, 'waiting'))]);
      assert.equal(waited, 'waiting');
    });
  });

suite('signals', () => {
  for (const transport of TRANSPORTS)
    suite(`to a ${transport.name}`, () => {
      test('abort over there what was called with them, in options or by themselves', async (t) => {
        const other = await transport.open(t);
        const [inOptions, bare] = [new AbortController(), new AbortController()];
        const answers = [other.lab.untilAborted({ signal: inOptions.signal }), other.lab.untilAbortedBare(bare.signal)];
        await roundTrip(other);
        assert.equal(await other.lab.aborted(), 0);
        inOptions.abort(new RackwattError('WHY', 'for a reason'));
        bare.abort('a text');
        assert.deepEqual(await Promise.all(answers), ['for a reason', 'a text']);
        assert.deepEqual(await held(other), NOTHING);
      });

      test('that aborted before are aborted over there', async (t) => {
        const { lab } = await transport.open(t);
        assert.equal(await lab.untilAborted({ signal: AbortSignal.abort(new Error('before')) }), 'before');
        assert.deepEqual(await lab.kinds(AbortSignal.abort(), { signal: new AbortController().signal }), [
          '[object AbortSignal]',
          '[object Object]',
        ]);
      });

      test('are let go when the call is settled', async (t) => {
        const { lab } = await transport.open(t);
        const { signal } = new AbortController();
        let listening = 0;
        const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
        signal.addEventListener = ((...args: Parameters<typeof add>) => (listening++, add(...args))) as typeof add;
        signal.removeEventListener = ((...args: Parameters<typeof remove>) => (
          listening--, remove(...args)
        )) as typeof remove;
        const settled = lab.kinds({ signal });
        assert.equal(listening, 1);
        await settled;
        assert.equal(listening, 0);
        await assert.rejects(lab.kinds({ signal, bad: new WeakSet() }));
        assert.equal(listening, 0);
      });
    });
});

for (const transport of TRANSPORTS)
  suite(`requests to a ${transport.name}`, () => {
    test('are answered by the handler of their name', async (t) => {
      const { peer } = await transport.open(t);
      assert.deepEqual(await peer.request('echo', { a: [1] }), { a: [1] });
      await assert.rejects(peer.request('nobody'), { code: 'REQUEST_UNKNOWN', message: /"nobody"/ });
    });

    test('are given up at once by their signal, which aborts the handler', async (t) => {
      const other = await transport.open(t);
      const controller = new AbortController();
      const aborted = new Promise<void>((resolve) => other.peer.onTell('aborted', () => resolve()));
      const request = other.peer.request('wait', undefined, { signal: controller.signal });
      await roundTrip(other);
      controller.abort(new RackwattError('ENOUGH', 'enough'));
      await assert.rejects(request, { code: 'ENOUGH' });
      await aborted;
      assert.deepEqual(await held(other), NOTHING);
      await assert.rejects(other.peer.request('echo', 1, { signal: controller.signal }), { code: 'ENOUGH' });
    });

    test('have their own time', async (t) => {
      const { peer } = await transport.open(t);
      await assert.rejects(peer.request('wait', undefined, { timeout: 20 }), {
        code: 'CALL_TIMEOUT',
        message: /^the request "wait" gave no answer within 20 ms/,
      });
    });

    test('what is told is heard, in order, and not answered', async (t) => {
      const { peer } = await transport.open(t);
      const heard: unknown[] = [];
      const last = new Promise<void>((resolve) =>
        peer.onTell('noted', (body) => void (heard.push(body), body === 4 && resolve())),
      );
      for (const body of [1, { a: { b: 2 } }, [3], 4]) peer.tell('note', body);
      peer.tell('nobody listens', 1);
      await last;
      assert.deepEqual(heard, [1, { a: { b: 2 } }, [3], 4]);
      assert.throws(() => peer.tell('note', () => 1), { code: 'CALL_UNCLONABLE' });
    });
  });

test('calls of a turn leave in one message, and so do their answers', async () => {
  const { port1, port2 } = new MessageChannel();
  const sent: string[] = [];
  const counted = (side: string, port: MessagePort) => {
    const plain = messagePort(port);
    return { ...plain, post: (...message: Parameters<Port['post']>) => (sent.push(side), plain.post(...message)) };
  };
  const here = new Peer(counted('here', port1), { label: 'there' });
  const there = new Peer(counted('there', port2), { label: 'here' });
  const lab = here.stub(Lab, there.expose(Lab, labService()));
  const echoes = Array.from({ length: 64 }, (_, i) =>
    lab.echo(i % 2 === 0 ? i : { at: i, of: ['a', { small: true }] }),
  );
  assert.equal((await Promise.all(echoes)).length, 64);
  assert.deepEqual(sent, ['here', 'there']);
  here.close();
});

test('of a service with several contracts, no call gets less time than its own contract says', () => {
  const of = (name: string, timeout?: number) =>
    contract<object>(`test/${name}`, {
      major: 1,
      methods: ['run' as never],
      ...(timeout === undefined ? {} : { timeout }),
    });
  assert.equal(merged([of('A'), of('B')]).timeout, undefined);
  assert.equal(merged([of('A', 5), of('B')]).timeout, 60_000);
  assert.equal(merged([of('A', 90_000), of('B', 5)]).timeout, 90_000);
  assert.equal(merged([of('A', 90_000), of('B', 0)]).timeout, 0);
});

test('a contract marked local, or without methods, is refused with the reason', async (t) => {
  const { peer } = await TRANSPORTS[0]!.open(t);
  const Local = contract<object>('test/Local', { major: 1, local: true });
  const Empty = contract<object>('test/Empty', { major: 1 });
  const message =
    /^Services of test\/Local@1 cannot cross isolation: test\/Local@1 is marked local: .* Run both bundles in "space"\.$/;
  assert.throws(() => peer.stub(Local, 1), { code: 'CONTRACT_LOCAL', message });
  assert.throws(() => peer.expose(Local, {}), { code: 'CONTRACT_LOCAL', message });
  assert.throws(() => peer.expose(Empty, {}), { code: 'CONTRACT_LOCAL', message: /names neither methods nor streams/ });
});
