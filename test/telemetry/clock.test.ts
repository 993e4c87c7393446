import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Clock, rebase, systemClock, wallAt } from '@rackwatt/telemetry/wire';

/** A machine whose wall clock a test can step. */
function machine(wall: number): {
  clock: Clock;
  run: (milliseconds: number) => void;
  step: (milliseconds: number) => void;
  wall: () => number;
} {
  let monotonic = 5_000_000_000n;
  const clock = new Clock({ boot: 'b', monotonic: () => monotonic, wall: () => wall });
  return {
    clock,
    wall: () => wall,
    run: (milliseconds) => {
      monotonic += BigInt(milliseconds) * 1_000_000n;
      wall += milliseconds;
    },
    step: (milliseconds) => void (wall += milliseconds),
  };
}

test('whatever the wall clock does, time rises with each moment and is right again after the steps', () => {
  const deed = fc.oneof(
    fc.record({ run: fc.integer({ min: 1, max: 60_000 }) }),
    fc.record({ step: fc.integer({ min: -20_000, max: 20_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      const { clock, run, step, wall } = machine(1_763_900_000_000);
      let last = clock.now();
      for (const done of deeds) {
        if ('run' in done) {
          run(done.run);
          const now = clock.now();
          assert.ok(now > last, `${now} after ${last}`);
          last = now;
        } else step(done.step);
      }
      clock.now();
      // Half speed makes up a second in two; all steps together are less than 800 s.
      run(1_700_000);
      assert.ok(Math.abs(clock.now() - wall()) <= 100.001);
    }),
  );
});

test('times that were given before the clock was set are re-based by what travels', () => {
  const { clock, run, step, wall } = machine(0);
  run(10_000);
  const reading = clock.now();
  const really = wall() + 1_763_900_000_000;
  run(2_000);
  const written = clock.stamp();
  step(1_763_900_000_000);
  run(60_000);
  assert.ok(Math.abs(rebase(reading, written, clock.anchor()) - really) < 1);
  assert.equal(rebase(reading, { ...written, boot: 'another' }, clock.anchor()), reading);
});

test('an anchor gives the wall time of any moment of its boot', () => {
  assert.equal(wallAt({ boot: 'b', monotonic: 2_000_000n, wall: 1000 }, 5_500_000n), 1003.5);
  assert.equal(wallAt({ boot: 'b', monotonic: 2_000_000n, wall: 1000 }, 0n), 998);
});

test("the machine's clock agrees with its wall clock, and two clocks share a boot", () => {
  const clock = systemClock();
  assert.ok(Math.abs(clock.now() - Date.now()) < 1000);
  assert.equal(clock.stamp().boot, systemClock().anchor().boot);
});
