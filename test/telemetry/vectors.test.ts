import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeAck,
  decodeBatch,
  decodeBody,
  decodePlainBody,
  decodeSchema,
  decodeState,
  encodeAck,
  encodeBatch,
  encodePlainBody,
  encodeState,
  observe,
  RangeSet,
  rebase,
  timeAt,
  type AckMessage,
  type Anchor,
  type BatchMessage,
  type ClockState,
  type Range,
  type StateMessage,
} from '@rackwatt/telemetry/wire';
import { fromHex, fromPlain, toHex, toPlain, vectorFiles, vectors, type PlainBody } from './vectors.js';

type PlainAnchor = Omit<Anchor, 'monotonic'> & { monotonic: string };
const anchorOf = (plain: PlainAnchor): Anchor => ({ ...plain, monotonic: BigInt(plain.monotonic) });

test('every file of vectors is run', () => {
  assert.deepEqual(vectorFiles().sort(), ['bodies.json', 'clock.json', 'messages.json', 'ranges.json', 'refused.json']);
});

for (const vector of vectors('bodies.json')) {
  test(`body: ${vector.name}`, () => {
    const { body, plain, compressed } = vector as unknown as { body: PlainBody; plain: string; compressed: string };
    assert.equal(toHex(encodePlainBody(fromPlain(body))), plain);
    assert.deepEqual(toPlain(decodePlainBody(fromHex(plain))), body);
    assert.deepEqual(toPlain(decodeBody(fromHex(compressed))), body);
  });
}

for (const vector of vectors('messages.json')) {
  test(`message: ${vector.name}`, () => {
    const { kind, message, bytes } = vector as unknown as { kind: string; message: never; bytes: string };
    if (kind === 'ack') {
      assert.equal(toHex(encodeAck(message as AckMessage)), bytes);
      assert.deepEqual(decodeAck(fromHex(bytes)), message);
    } else if (kind === 'state') {
      assert.equal(toHex(encodeState(message as StateMessage)), bytes);
      assert.deepEqual(decodeState(fromHex(bytes)), message);
    } else if (kind === 'schema') {
      assert.deepEqual(decodeSchema(fromHex(bytes)), message);
    } else {
      const plain = message as Omit<BatchMessage, 'anchor' | 'body'> & { anchor: PlainAnchor; body: string };
      const batch = { ...plain, anchor: anchorOf(plain.anchor), body: fromHex(plain.body) };
      assert.equal(toHex(encodeBatch(batch)), bytes);
      const decoded = decodeBatch(fromHex(bytes));
      assert.deepEqual({ ...decoded, body: toHex(decoded.body) }, { ...batch, body: plain.body });
    }
  });
}

for (const vector of vectors('ranges.json')) {
  test(`ranges: ${vector.name}`, () => {
    const { add, ranges, upTo, missing, reach } = vector as unknown as {
      add: Range[];
      ranges: Range[];
      upTo: number;
      missing: Range[];
      reach: number;
    };
    const set = RangeSet.fromArray(add);
    assert.deepEqual(set.toArray(), ranges);
    assert.deepEqual(set.complement(upTo), missing);
    assert.equal(set.reach(), reach);
  });
}

for (const vector of vectors('clock.json')) {
  test(`clock: ${vector.name}`, () => {
    const { start, looks, rebased } = vector as unknown as {
      start: PlainAnchor;
      looks: { monotonic: string; wall: number; time: number }[];
      rebased?: { time: number; given: PlainAnchor; better: PlainAnchor; gives: number };
    };
    let state: ClockState = { anchor: anchorOf(start), slew: 0n };
    for (const { monotonic, wall, time } of looks) {
      state = observe(state, BigInt(monotonic), wall);
      assert.equal(timeAt(state, BigInt(monotonic)), time);
    }
    if (rebased) assert.equal(rebase(rebased.time, anchorOf(rebased.given), anchorOf(rebased.better)), rebased.gives);
  });
}

const decoders: Record<string, (bytes: Uint8Array) => unknown> = {
  body: decodeBody,
  plain: decodePlainBody,
  batch: decodeBatch,
  ack: decodeAck,
  state: decodeState,
  schema: decodeSchema,
};

for (const vector of vectors('refused.json')) {
  test(`refused: ${vector.name}`, () => {
    const { kind, bytes } = vector as unknown as { kind: string; bytes: string };
    assert.throws(() => decoders[kind]!(fromHex(bytes)), { code: 'WIRE_INVALID' });
  });
}
