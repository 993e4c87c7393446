import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { roundTrip, TRANSPORTS } from './transports.js';

const column = (length: number) => new Float64Array(length).fill(2);

for (const transport of TRANSPORTS)
  suite(`buffers that a contract hands over to a ${transport.name}`, () => {
    const moved = (length: number) => (transport.transfers ? 0 : length);

    test('move with arguments, wherever they are', async (t) => {
      const { lab } = await transport.open(t);
      const [top, nested] = [column(4), column(8)];
      assert.equal(await lab.handOver(top), 8);
      assert.equal(await lab.handOver({ values: nested, more: [{ states: new Uint8Array(3) }] }), 16);
      const bare = new ArrayBuffer(16);
      assert.equal(await lab.handOver({ values: column(1), bare }), 2);
      assert.equal(bare.byteLength, moved(16));
      assert.deepEqual([top.length, nested.length], [moved(4), moved(8)]);
    });

    test('move with results and items', async (t) => {
      const { lab } = await transport.open(t);
      const { points, values } = await lab.readHandedOver(223);
      assert.deepEqual([points[222], values[222]], [3, 1.5]);
      assert.deepEqual(await lab.stillSees(), [moved(223 * 4), moved(223 * 8)]);
      let items = 0;
      for await (const item of lab.columns(40)) {
        assert.equal(item.length, 223);
        assert.equal(item[5], items++);
      }
      assert.equal(items, 40);
    });

    test('stay where the contract does not say so', async (t) => {
      const { lab } = await transport.open(t);
      const kept = column(4);
      assert.deepEqual(await lab.echo({ kept }), { kept });
      assert.equal(kept.length, 4);
    });

    test('are copied when they are a part of something, and only that part', async (t) => {
      const { lab } = await transport.open(t);
      const whole = new Float64Array([1, 2, 3, 4]);
      assert.equal(await lab.handOver({ values: whole.subarray(1, 3) }), 5);
      assert.deepEqual(whole, new Float64Array([1, 2, 3, 4]));
      const echoed = (await lab.echo(whole.subarray(2))) as Float64Array;
      assert.deepEqual([...echoed], [3, 4]);
      if (transport.transfers) assert.equal(echoed.buffer.byteLength, 16);
      const pooled = Buffer.from('from the pool');
      const back = (await lab.echo({ pooled })) as { pooled: Uint8Array };
      assert.equal(Buffer.from(back.pooled).toString(), 'from the pool');
      if (transport.transfers) assert.equal(back.pooled.buffer.byteLength, pooled.length);
      assert.equal(Buffer.from(await lab.pooled()).toString(), 'pooled');
    });

    test('that two columns share move once', async (t) => {
      const { lab } = await transport.open(t);
      const values = column(4);
      const bytes = new Uint8Array(values.buffer);
      assert.equal(await lab.handOver({ values, bytes }), 8);
      assert.equal(bytes.length, moved(32));
    });

    test('that cannot move are copied', async (t) => {
      const { lab } = await transport.open(t);
      const { WebAssembly } = globalThis as unknown as {
        WebAssembly: { Memory: new (of: object) => { buffer: ArrayBuffer } };
      };
      const memory = new WebAssembly.Memory({ initial: 1 });
      const view = new Float64Array(memory.buffer);
      view[0] = 5;
      assert.equal(await lab.handOver({ values: view }), 5);
      assert.equal(view[0], 5);
    });

    if (transport.transfers) {
      test('are refused when they were handed over before', async (t) => {
        const { lab } = await transport.open(t);
        const values = column(4);
        const first = lab.handOver({ values });
        await assert.rejects(lab.handOver({ values }), {
          code: 'CALL_UNCLONABLE',
          message: /argument 1\.values is a buffer that was handed over before/,
        });
        assert.equal(await first, 8);
      });

      test('that are shared memory stay shared', async (t) => {
        const other = await transport.open(t);
        const shared = new Float64Array(new SharedArrayBuffer(16)).fill(1);
        const back = (await other.lab.echo(shared)) as Float64Array;
        shared[0] = 7;
        assert.equal(back[0], 7);
        await roundTrip(other);
      });
    } else
      test('cannot be shared memory', async (t) => {
        const { lab } = await transport.open(t);
        await assert.rejects(lab.echo(new Float64Array(new SharedArrayBuffer(16))), { code: 'CALL_UNCLONABLE' });
        assert.equal(await lab.add(1, 1), 2);
      });
  });
