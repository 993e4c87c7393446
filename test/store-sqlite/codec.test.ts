import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';

type Chunk = typeof import('../../bundles/store-sqlite/dist/codec/chunk.js');
type Coder = typeof import('../../bundles/store-sqlite/dist/codec/range-coder.js');
const require = createRequire(import.meta.url);
const { encodeChunk, decodeChunk, encodeNumbers, decodeNumbers } =
  require('../../../bundles/store-sqlite/dist/codec/chunk.js') as Chunk;
const { RangeEncoder, RangeDecoder, IntegerModel } =
  require('../../../bundles/store-sqlite/dist/codec/range-coder.js') as Coder;

const decimal = fc
  .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 6 }))
  .map(([whole, places]) => whole / 10 ** places);
const single = fc.float();
const number = fc.oneof(
  fc.double(),
  single,
  decimal,
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308),
);
const column = fc.oneof(
  fc.array(number, { maxLength: 40 }),
  fc.array(decimal, { maxLength: 300 }),
  fc.array(single, { maxLength: 100 }),
  fc.array(fc.maxSafeInteger(), { maxLength: 40 }),
  fc.array(fc.constantFrom(1, 2, Number.NaN), { maxLength: 300 }),
);

test('every integer of 53 bits comes back, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(3), fc.nat(), fc.maxSafeNat()), { maxLength: 300 }), (integers) => {
      const encoder = new RangeEncoder();
      const model = new IntegerModel();
      for (const integer of integers) encoder.integer(model, integer);
      const decoder = new RangeDecoder(encoder.finish());
      model.reset();
      for (const integer of integers) assert.equal(decoder.integer(model), integer);
    }),
    { numRuns: 300 },
  );
});

test('every float64 comes back to the bit', () => {
  fc.assert(
    fc.property(column, (values) => {
      const given = Float64Array.from(values);
      const back = decodeNumbers(encodeNumbers(given), given.length);
      assert.equal(back.length, given.length);
      given.forEach((value, i) => assert.ok(Object.is(back[i], value), `${value} came back as ${back[i]}`));
    }),
    { numRuns: 2000, examples: [[[-0]], [[0, -0]], [[Number.NaN]], [[5e-324, 1]], [[2 ** 53, 2 ** 53 + 2]], [[]]] },
  );
});

test('a chunk gives back values, quality, states and absent rows', () => {
  const row = fc.record({
    value: number,
    quality: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65_535 })),
    state: fc.integer({ min: 0, max: 255 }),
    absent: fc.boolean(),
  });
  const calm = fc.record({
    value: decimal,
    quality: fc.constant(0),
    state: fc.constant(0),
    absent: fc.constant(false),
  });
  fc.assert(
    fc.property(fc.oneof(fc.array(row, { maxLength: 60 }), fc.array(calm, { maxLength: 300 })), (rows) => {
      const absent = Uint8Array.from(rows, (r) => (r.absent ? 1 : 0));
      const given = {
        absent,
        values: Float64Array.from(rows, (r) => (r.absent ? Number.NaN : r.value)),
        quality: Uint16Array.from(rows, (r) => r.quality),
        states: Uint8Array.from(rows, (r) => r.state),
      };
      const back = decodeChunk(encodeChunk(given), rows.length);
      assert.deepEqual({ ...back, absent: back.absent ?? new Uint8Array(rows.length) }, given);
    }),
    { numRuns: 300 },
  );
});

test('a negative zero among decimals costs a few bytes, not the column', () => {
  const rows = 288;
  const columns = { quality: new Uint16Array(rows), states: new Uint8Array(rows) };
  const values = Float64Array.from({ length: rows }, (_, i) => Math.round(Math.sin(i) * 100) / 100);
  const without = encodeChunk({ ...columns, values }).length;
  values[17] = -0;
  const bytes = encodeChunk({ ...columns, values });
  assert.ok(bytes.length < without + 12, `${without} bytes became ${bytes.length}`);
  assert.ok(Object.is(decodeChunk(bytes, rows).values[17], -0));
});

test('a constant column takes a few bytes however long it is', () => {
  const rows = 288;
  const bytes = encodeChunk({
    values: new Float64Array(rows).fill(230.1),
    quality: new Uint16Array(rows),
    states: new Uint8Array(rows),
  });
  assert.ok(bytes.length <= 16, `${bytes.length} bytes`);
});

test('a damaged chunk is a coded error, and one with a forged checksum never crashes', () => {
  const good = encodeChunk({
    values: Float64Array.from({ length: 288 }, (_, i) => Math.round(Math.sin(i) * 1000) / 10),
    quality: Uint16Array.from({ length: 288 }, (_, i) => i % 3),
    states: new Uint8Array(288).fill(2),
  });
  const coded = (run: () => unknown): void => {
    try {
      run();
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'STORE_CHUNK_CORRUPT', String(error));
    }
  };
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(400), (at, flip, rows) => {
      const bad = Uint8Array.from(good);
      bad[at]! ^= flip;
      assert.throws(() => decodeChunk(bad, 288), { code: 'STORE_CHUNK_CORRUPT' });
      new DataView(bad.buffer).setUint32(bad.length - 4, crc32(bad.subarray(0, -4)));
      coded(() => decodeChunk(bad, rows));
      coded(() => decodeChunk(good.subarray(0, at), 288));
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(500), (noise, rows) => {
      const forged = new Uint8Array(noise.length + 4);
      forged.set(noise);
      new DataView(forged.buffer).setUint32(noise.length, crc32(noise));
      coded(() => decodeChunk(forged, rows));
      coded(() => decodeNumbers(forged, rows));
      coded(() => decodeChunk(noise, rows));
    }),
    { numRuns: 500 },
  );
});
