import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GeneratedPdu, generatedAgent } from '@rackwatt/simulator';
import fc from 'fast-check';

const NOON = Date.UTC(2026, 5, 1, 12) / 1000;

const close = (actual: unknown, expected: number, tolerance: number, what: string) => {
  assert.equal(typeof actual, 'number', `${what} is not read`);
  assert.ok(
    Math.abs((actual as number) - expected) <= tolerance,
    `${what} is ${String(actual)}, not ${expected} ± ${tolerance}`,
  );
};

const options = fc.record({
  seed: fc.string({ minLength: 1, maxLength: 10 }),
  outlets: fc.integer({ min: 1, max: 48 }),
  phases: fc.constantFrom(1 as const, 3 as const),
  load: fc.constantFrom('light' as const, 'typical' as const, 'heavy' as const),
});

test('at each moment power, current and energy add up over the levels, and P = U I cos phi', () => {
  fc.assert(
    fc.property(options, fc.integer({ min: 0, max: 86_400 * 365 }), (given, later) => {
      const now = NOON + later;
      const pdu = new GeneratedPdu(given, now);
      const { outlets, branches, phases, inlet } = pdu.at(now);
      for (const key of ['power', 'energy', 'apparent'] as const)
        for (const level of [outlets, branches, phases]) {
          const total = level.reduce((sum, measure) => sum + measure[key], 0);
          assert.ok(Math.abs(total - inlet[key]) <= 1e-6 * (1 + total), `${key}: ${total} is not ${inlet[key]}`);
        }
      for (const [i, branch] of branches.entries()) {
        const current = outlets
          .filter((_, o) => pdu.outlets[o]!.branch === i + 1)
          .reduce((sum, outlet) => sum + outlet.current, 0);
        assert.ok(Math.abs(current - branch.current) < 1e-9);
        assert.ok(branch.current < 32, `${branch.current} A in a branch`);
      }
      for (const { power, voltage, current, powerFactor } of [...outlets, ...branches, ...phases]) {
        assert.ok(Math.abs(power - voltage * current * powerFactor) < 1e-6);
        assert.ok(power >= 0 && voltage > 220 && voltage < 240);
      }
    }),
    { numRuns: 200 },
  );
});

test('energy never falls, is the integral of power, and goes on after a restart, whatever is switched', () => {
  const steps = fc.array(
    fc.record({
      wait: fc.integer({ min: 1, max: 50_000 }),
      outlet: fc.nat(5),
      command: fc.constantFrom('on', 'off', 'cycle', 'none', 'restart'),
    }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 5 }), steps, (seed, happenings) => {
      const given = { seed, outlets: 6, phases: 1, load: 'typical' } as const;
      let now = NOON;
      let pdu = new GeneratedPdu(given, now);
      let last = pdu.at(now).outlets.map(({ energy }) => energy);
      for (const { wait, outlet, command } of happenings) {
        const { on, power } = pdu.at(now).outlets[outlet]!;
        now += wait;
        const energies = pdu.at(now).outlets.map(({ energy }) => energy);
        for (const [i, energy] of energies.entries())
          assert.ok(energy >= last[i]! - 1e-6, `outlet ${i + 1} fell from ${last[i]} to ${energy}`);
        if (!on && pdu.at(now).outlets[outlet]!.on === false)
          assert.ok(Math.abs(energies[outlet]! - last[outlet]!) < 1e-6);
        if (on && wait < 60)
          close(
            energies[outlet]! - last[outlet]!,
            (power * wait) / 3600,
            0.1 * ((power * wait) / 3600) + 1e-6,
            'drawn energy',
          );
        if (command === 'restart') pdu = new GeneratedPdu({ ...given, memory: pdu.memory(now) }, now);
        else if (command !== 'none') pdu.switch(outlet + 1, command, now);
        last = pdu.at(now).outlets.map(({ energy }) => energy);
        for (const [i, energy] of last.entries())
          assert.ok(Math.abs(energy - energies[i]!) < 1e-6, 'switching leaves the counter where it is');
      }
    }),
    { numRuns: 300 },
  );
});

test('a PDU is the same for a seed, another for another', () => {
  const make = (seed: string) =>
    generatedAgent({ family: 'raritan-px', seed, outlets: 24, phases: 1, load: 'typical', now: () => NOON });
  const [first, again, other] = [make('a'), make('a'), make('b')];
  assert.equal(first.serial, again.serial);
  assert.deepEqual(first.pdu.at(NOON), again.pdu.at(NOON));
  assert.notEqual(first.serial, other.serial);
  assert.notDeepEqual(first.pdu.at(NOON).outlets, other.pdu.at(NOON).outlets);
  const { outlets } = first.pdu.at(NOON);
  assert.ok(outlets.filter(({ power }) => power > 20).length >= 12);
});
