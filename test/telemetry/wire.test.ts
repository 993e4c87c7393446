import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { METRICS, STATES, type MetricName, type Sample, type SchemaEntry } from '@rackwatt/telemetry';
import {
  decodeAck,
  decodeBatch,
  decodeBody,
  decodeEntry,
  decodePlainBody,
  decodeSchema,
  decodeState,
  encodeAck,
  encodeBatch,
  encodeBody,
  encodePlainBody,
  encodeSchema,
  encodeState,
  LIMITS,
  RangeSet,
  type BatchBody,
  type BatchMessage,
  type Range,
} from '@rackwatt/telemetry/wire';

/** Plain objects, as decoders give them. */
const record = ((model: never, constraints?: object) =>
  fc.record(model, { noNullPrototype: true, ...constraints })) as typeof fc.record;

const time = fc.double({ min: 0, max: 8e15, noNaN: true });
const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => text.length <= 256);
const due = fc.maxSafeNat();

/** What PDUs give: few decimals; and what they do not: any double, no value. */
const value = fc.oneof(
  fc.integer({ min: -100_000_000, max: 100_000_000 }).map((raw) => raw / 10),
  fc.integer({ min: -100_000_000, max: 100_000_000 }).map((raw) => raw / 1000),
  fc.constantFrom(0, -0, Number.NaN, 2 ** 53, -(2 ** 53), 2 ** 51, 5e-324, 1e-7, 1e300),
  fc.double({ noDefaultInfinity: true }),
);

const row = record({
  point: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff })),
  value,
  quality: fc.oneof({ arbitrary: fc.constant(0), weight: 5 }, fc.nat(0xffff)),
  state: fc.oneof({ arbitrary: fc.constant(0), weight: 5 }, fc.nat(STATES.length - 1)),
});

const sample: fc.Arbitrary<Sample> = record({
  device: name,
  number: due,
  time,
  rows: fc.array(row, { maxLength: 60 }),
}).map(({ rows, ...head }) => ({
  ...head,
  points: Uint32Array.from(rows, (each) => each.point),
  values: Float64Array.from(rows, (each) => each.value),
  quality: Uint16Array.from(rows, (each) => each.quality),
  states: Uint8Array.from(rows, (each) => each.state),
}));

const optional = { requiredKeys: [] };
const body: fc.Arbitrary<BatchBody> = record(
  {
    anchor: record({ boot: fc.uuid(), monotonic: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), wall: time }),
    samples: fc.array(sample, { maxLength: 8 }),
    gaps: fc.array(
      record({
        device: name,
        from: due,
        length: fc.nat(1000),
        time,
        reason: fc.constantFrom('no-answer', 'overrun', 'outbox-full', 'stopped'),
      }).map(
        ({ length, ...gap }) =>
          ({ ...gap, to: Math.min(gap.from + length, Number.MAX_SAFE_INTEGER) }) as BatchBody['gaps'][number],
      ),
      { maxLength: 5 },
    ),
    events: fc.array(
      record(
        {
          id: name,
          time,
          type: name,
          severity: fc.constantFrom('ok', 'warning', 'critical'),
          device: name,
          part: name,
          message: fc.string({ unit: 'grapheme', maxLength: 100 }),
          data: fc.dictionary(
            fc.string().filter((key) => key !== '__proto__'),
            fc.oneof(fc.string(), fc.integer(), fc.boolean()),
            {
              noNullPrototype: true,
            },
          ),
        },
        { requiredKeys: ['id', 'time', 'type', 'severity', 'message'] },
      ),
      { maxLength: 5 },
    ),
    statuses: fc.array(
      record(
        {
          device: name,
          state: fc.constantFrom('ok', 'no-answer', 'removed'),
          detail: fc.string({ maxLength: 100 }),
          since: time,
        },
        { requiredKeys: ['device', 'state', 'since'] },
      ),
      { maxLength: 5 },
    ),
  },
  { requiredKeys: ['samples', 'gaps', 'events', 'statuses'] },
);

const batch: fc.Arbitrary<BatchMessage> = record(
  {
    gateway: fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}$/),
    epoch: fc.uuid(),
    class: fc.constantFrom('live', 'replay', 'event'),
    sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    schema: due,
    sent: time,
    anchor: record({ boot: fc.uuid(), monotonic: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), wall: time }),
    replyTo: name,
    expires: time,
    correlation: name,
    body: fc.uint8Array({ maxLength: 200 }),
  },
  { requiredKeys: ['gateway', 'epoch', 'class', 'sequence', 'schema', 'sent', 'anchor', 'body'] },
);

const texts = <K extends string>(...keys: K[]): fc.Arbitrary<{ [key in K]?: string }> =>
  record(
    Object.fromEntries(keys.map((key) => [key, fc.string({ unit: 'grapheme', maxLength: 30 })])) as Record<
      K,
      fc.Arbitrary<string>
    >,
    optional,
  );

const entry = record({
  version: fc.integer({ min: 1, max: 1e9 }),
  device: name,
  identity: texts('vendor', 'model', 'serial', 'firmware', 'name', 'profile'),
  location: texts('site', 'room', 'row', 'rack', 'unit', 'feed'),
  parts: fc.array(
    record(
      {
        path: name,
        label: fc.string({ maxLength: 30 }),
        ratedCurrent: fc.double({ min: 0, max: 1000, noNaN: true }),
        switchable: fc.boolean(),
      },
      { requiredKeys: ['path'] },
    ),
    { maxLength: 5 },
  ),
  firstPoint: fc.nat(0x7fffffff),
  points: fc.array(
    record(
      {
        part: name,
        metric: fc.constantFrom(...(Object.keys(METRICS) as MetricName[])),
        unit: fc.constantFrom('W', 'V.A.h'),
        basis: fc.constantFrom('LN', 'LL'),
      },
      { requiredKeys: ['part', 'metric', 'unit'] },
    ),
    { maxLength: 5 },
  ),
  interval: fc.double({ min: 1, max: 1e7, noNaN: true }),
}) as fc.Arbitrary<SchemaEntry>;

const ack = record(
  {
    epoch: fc.uuid(),
    class: fc.constantFrom('live' as const, 'replay' as const, 'event' as const),
    ranges: fc.array(fc.nat(2000)),
    needSchemaAfter: due,
  },
  { requiredKeys: ['epoch', 'class', 'ranges'] },
);

const state = record({
  state: fc.constantFrom('online' as const, 'offline' as const),
  gateway: fc.uuid(),
  epoch: fc.uuid(),
  version: fc.string({ maxLength: 20 }),
  since: time,
});

const emptyBody: BatchBody = { samples: [], gaps: [], events: [], statuses: [] };

function sampleOf(count: number, points = Uint32Array.from({ length: count }, (_, i) => i)): Sample {
  return {
    device: 'a',
    number: 1,
    time: 0,
    points,
    values: new Float64Array(count),
    quality: new Uint16Array(count),
    states: new Uint8Array(count),
  };
}

test('a body comes back to the bit, plain and compressed', () => {
  fc.assert(
    fc.property(body, (content) => {
      assert.deepStrictEqual(decodePlainBody(encodePlainBody(content)), content);
      assert.deepStrictEqual(decodeBody(encodeBody(content)), content);
    }),
  );
});

test('batches, acknowledgements, states and schemas come back', () => {
  fc.assert(fc.property(batch, (message) => assert.deepStrictEqual(decodeBatch(encodeBatch(message)), message)));
  fc.assert(
    fc.property(ack, (message) => {
      const ranges = RangeSet.fromArray(message.ranges.map((each): Range => [each, each])).toArray();
      assert.deepStrictEqual(decodeAck(encodeAck({ ...message, ranges })), { ...message, ranges });
    }),
  );
  fc.assert(fc.property(state, (message) => assert.deepStrictEqual(decodeState(encodeState(message)), message)));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
      assert.deepStrictEqual(decodeSchema(encodeSchema({ gateway: 'g', epoch: 'e', entries })), {
        gateway: 'g',
        epoch: 'e',
        entries,
      });
    }),
  );
});

const decoders = { decodeBody, decodePlainBody, decodeBatch, decodeAck, decodeState, decodeSchema, decodeEntry };

/** Decodes or refuses with the one code that receivers expect; anything else fails the test. */
function tolerates(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    decode(bytes);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'WIRE_INVALID', String((error as Error).stack));
  }
}

test('random bytes are refused with WIRE_INVALID and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const decode of Object.values(decoders)) tolerates(decode, bytes);
    }),
    { numRuns: 2000 },
  );
});

test('messages with bytes changed, cut off or put in never break a decoder', () => {
  const mutation = fc.array(record({ at: fc.nat(), byte: fc.nat(255), how: fc.constantFrom('set', 'cut', 'insert') }), {
    minLength: 1,
    maxLength: 6,
  });
  function mutate(bytes: Uint8Array, changes: { at: number; byte: number; how: string }[]): Uint8Array {
    const list = [...bytes];
    for (const { at, byte, how } of changes) {
      const place = list.length === 0 ? 0 : at % list.length;
      if (how === 'set') list[place] = byte;
      else if (how === 'cut') list.splice(place, 1 + (byte % 8));
      else list.splice(place, 0, byte, byte);
    }
    return Uint8Array.from(list);
  }
  fc.assert(
    fc.property(body, batch, entry, ack, mutation, (content, message, described, answer, changes) => {
      tolerates(decodePlainBody, mutate(encodePlainBody(content), changes));
      tolerates(decodeBody, mutate(encodeBody(content), changes));
      tolerates(decodeBatch, mutate(encodeBatch(message), changes));
      tolerates(decodeSchema, mutate(encodeSchema({ gateway: 'g', epoch: 'e', entries: [described] }), changes));
      tolerates(
        decodeAck,
        mutate(
          encodeAck({
            ...answer,
            ranges: [
              [1, 5],
              [9, 9],
            ],
          }),
          changes,
        ),
      );
    }),
    { numRuns: 1000 },
  );
});

test('unknown fields are skipped: an older version reads a newer message', () => {
  const later = Uint8Array.of(0xfa, 0x07, 2, 1, 2, 0xf0, 0x07, 5, 0xf9, 0x07, 1, 2, 3, 4, 5, 6, 7, 8);
  const content = { ...emptyBody, samples: [sampleOf(3)] };
  assert.deepStrictEqual(decodePlainBody(Buffer.concat([encodePlainBody(content), later])), content);
  const answer = { epoch: 'e', class: 'live', ranges: [] } as const;
  assert.deepStrictEqual(decodeAck(Buffer.concat([encodeAck({ ...answer, ranges: [] }), later])), answer);
});

test('what a decoder would refuse is not encoded', () => {
  const refused = { code: 'WIRE_INVALID' };
  assert.throws(() => encodeBody({ ...emptyBody, samples: [sampleOf(LIMITS.points + 1)] }), refused);
  assert.throws(() => encodeBody({ ...emptyBody, samples: [{ ...sampleOf(3), states: new Uint8Array(2) }] }), refused);
  assert.throws(() => encodeBody({ ...emptyBody, samples: [{ ...sampleOf(1), device: '' }] }), refused);
  assert.throws(() => encodeBody({ ...emptyBody, samples: [{ ...sampleOf(1), number: -1 }] }), refused);
  assert.throws(() => encodeBody({ ...emptyBody, samples: [{ ...sampleOf(1), time: Number.NaN }] }), refused);
  assert.throws(
    () => encodeBody({ ...emptyBody, samples: Array.from({ length: 16 }, () => sampleOf(65_000)) }),
    refused,
  );
  assert.throws(
    () =>
      encodeBatch({
        epoch: 'e',
        class: 'live',
        sequence: 1,
        schema: 0,
        sent: 0,
        anchor: { boot: 'b', monotonic: 0n, wall: 0 },
        gateway: 'a/+',
        body: new Uint8Array(0),
      }),
    refused,
  );
});

test('sentences and labels that are too long are cut, never refused: a device may give anything', () => {
  const [status] = decodeBody(
    encodeBody({
      ...emptyBody,
      statuses: [{ device: 'a', state: 'error', detail: 'x'.repeat(5000) + '😀', since: 0 }],
    }),
  ).statuses;
  assert.equal(status!.detail!.length, LIMITS.sentence);
  const [cut] = decodeBody(
    encodeBody({
      ...emptyBody,
      statuses: [{ device: 'a', state: 'error', detail: 'x'.repeat(LIMITS.sentence - 1) + '😀', since: 0 }],
    }),
  ).statuses;
  assert.equal(cut!.detail!.length, LIMITS.sentence);
});

test('infinite numbers read as no value on either side', () => {
  const sample = { ...sampleOf(2), values: Float64Array.of(Number.POSITIVE_INFINITY, 1) };
  assert.deepEqual(
    [...decodeBody(encodeBody({ ...emptyBody, samples: [sample] })).samples[0]!.values],
    [Number.NaN, 1],
  );
});

test('a reading of a PDU takes less than four bytes before compression and two after', () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const samples = Array.from({ length: 50 }, (_, i) => {
    const values = Float64Array.from(
      { length: 223 },
      (__, k) =>
        [Math.round(random() * 300), Math.round(random() * 500) / 100, Math.round(2300 + random() * 20) / 10][k % 3]!,
    );
    return { ...sampleOf(223), number: i + 1, time: 1.7e12 + i * 10_000, values };
  });
  const content = { ...emptyBody, samples };
  assert.ok(encodePlainBody(content).length < 4 * 223 * 50);
  assert.ok(encodeBody(content).length < 2 * 223 * 50);
});
