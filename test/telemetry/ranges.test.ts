import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RangeSet, type Range } from '@rackwatt/telemetry/wire';

const range = fc.tuple(fc.nat(60), fc.nat(8)).map(([from, length]): Range => [from, from + length]);
const list = fc.array(range, { maxLength: 25 });

function numbers(ranges: readonly Range[]): Set<number> {
  const all = new Set<number>();
  for (const [from, to] of ranges) for (let n = from; n <= to; n++) all.add(n);
  return all;
}

test('a range set holds what a set of numbers would, in the fewest sorted ranges', () => {
  fc.assert(
    fc.property(list, (ranges) => {
      const set = RangeSet.fromArray(ranges);
      const model = numbers(ranges);
      assert.equal(set.count, model.size);
      assert.equal(set.last, model.size ? Math.max(...model) : undefined);
      for (let n = 0; n < 75; n++) assert.equal(set.has(n), model.has(n));
      const compact = set.toArray();
      assert.equal(set.ranges, compact.length);
      for (let i = 1; i < compact.length; i++) assert.ok(compact[i]![0] > compact[i - 1]![1] + 1);
    }),
  );
});

test('the order of adding and adding twice change nothing', () => {
  fc.assert(
    fc.property(
      list.chain((ranges) =>
        fc.tuple(fc.constant(ranges), fc.shuffledSubarray([...ranges, ...ranges], { minLength: ranges.length * 2 })),
      ),
      ([once, shuffled]) => {
        assert.deepEqual(RangeSet.fromArray(shuffled).toArray(), RangeSet.fromArray(once).toArray());
      },
    ),
  );
});

test('the union is what is in either', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      assert.deepEqual(
        RangeSet.fromArray(a).union(RangeSet.fromArray(b)).toArray(),
        RangeSet.fromArray([...a, ...b]).toArray(),
      );
    }),
  );
});

test('set and complement together are everything, and share nothing', () => {
  fc.assert(
    fc.property(list, fc.nat(80), (ranges, upTo) => {
      const model = numbers(ranges);
      const missing = numbers(RangeSet.fromArray(ranges).complement(upTo));
      for (let n = 1; n <= upTo; n++) assert.equal(missing.has(n), !model.has(n));
      assert.ok([...missing].every((n) => n >= 1 && n <= upTo));
    }),
  );
});

test('reach is the end of the unbroken run from the start', () => {
  fc.assert(
    fc.property(list, fc.nat(20), (ranges, from) => {
      const model = numbers(ranges);
      let reach = from - 1;
      while (model.has(reach + 1)) reach++;
      assert.equal(RangeSet.fromArray(ranges).reach(from), reach);
    }),
  );
});

test('a range that is none is refused', () => {
  const bad: unknown[] = [
    [2, 1],
    [-1, 1],
    [0.5, 1],
    [1, Number.NaN],
    [1, 2 ** 53],
    ['1', 2],
    [1],
    [1, 2, 3],
    null,
    '1-2',
  ];
  for (const range of bad) assert.throws(() => RangeSet.fromArray([range as Range]), { code: 'WIRE_INVALID' });
});
