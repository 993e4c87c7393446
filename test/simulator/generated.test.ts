import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SnmpDriver } from '@rackwatt/driver-snmp';
import { FAMILIES, type FamilyName, GeneratedPdu, generatedAgent } from '@rackwatt/simulator';
import type { ProbeResult } from '@rackwatt/telemetry';
import { STATES } from '@rackwatt/telemetry';
import fc from 'fast-check';

const NOON = Date.UTC(2026, 5, 1, 12) / 1000;

/** Values of a read by `part metric`; words of states. */
function valuesOf({ points, reading }: ProbeResult): Map<string, number | string> {
  return new Map(
    Array.from(reading.points, (point, i) => {
      const { part, metric } = points[point]!;
      const code = reading.states[i]!;
      return [`${part} ${metric}`, code > 0 ? STATES[code]! : reading.values[i]!] as const;
    }),
  );
}

const close = (actual: unknown, expected: number, tolerance: number, what: string) => {
  assert.equal(typeof actual, 'number', `${what} is not read`);
  assert.ok(
    Math.abs((actual as number) - expected) <= tolerance,
    `${what} is ${String(actual)}, not ${expected} ± ${tolerance}`,
  );
};

/** Half of the last digit that a family shows. */
const ROUNDING: Record<
  FamilyName,
  { current: number; outletPower: number; inletPower: number; energy: number; voltage: number }
> = {
  'apc-rpdu2': { current: 0.05, outletPower: 0.5, inletPower: 5, energy: 100, voltage: 0.5 },
  'raritan-px': { current: 0.0005, outletPower: 0.5, inletPower: 0.5, energy: 1, voltage: 0.5 },
  'eaton-epdu': { current: 0.0005, outletPower: 0.5, inletPower: 0.5, energy: 1, voltage: 0.0005 },
};

for (const family of Object.keys(FAMILIES) as FamilyName[])
  for (const phases of [1, 3] as const)
    test(`a generated ${family} with ${phases} phase${phases > 1 ? 's' : ''} is read right by its profile`, async () => {
      const { agent, pdu, serial } = generatedAgent({
        family,
        seed: 'test',
        outlets: 24,
        phases,
        load: 'typical',
        now: () => NOON,
      });
      await agent.start();
      const driver = new SnmpDriver({ timeout: 1000, retries: 1 });
      try {
        const result = await driver.probe({ address: agent.address, profile: 'auto' });
        assert.equal(result.identity.profile, family);
        assert.equal(result.identity.serial, serial);
        assert.ok(result.identity.model && result.identity.firmware);
        const values = valuesOf(result);
        const snapshot = pdu.at(NOON);
        const rounding = { ...ROUNDING[family] };
        for (const key of Object.keys(rounding) as (keyof typeof rounding)[]) rounding[key] *= 1 + 1e-9;
        for (const [i, outlet] of snapshot.outlets.entries()) {
          const part = `outlet/${i + 1}`;
          close(values.get(`${part} power.active`), outlet.power, rounding.outletPower, `${part} power`);
          close(values.get(`${part} current.rms`), outlet.current, rounding.current, `${part} current`);
          close(values.get(`${part} energy.active`), outlet.energy, rounding.energy, `${part} energy`);
          assert.equal(values.get(`${part} state.outlet`), outlet.on ? 'on' : 'off');
          const { label, switchable } = result.parts.find(({ path }) => path === part)!;
          assert.equal(label, pdu.outlets[i]!.name);
          assert.equal(switchable, true);
        }
        for (const [i, branch] of snapshot.branches.entries())
          close(values.get(`branch/${i + 1} current.rms`), branch.current, rounding.current, `branch ${i + 1} current`);
        close(values.get('inlet/1 power.active'), snapshot.inlet.power, rounding.inletPower, 'inlet power');
        close(values.get('inlet/1 energy.active'), snapshot.inlet.energy, rounding.energy, 'inlet energy');
        if (phases === 1)
          close(values.get('inlet/1 voltage.rms'), snapshot.inlet.voltage, rounding.voltage, 'inlet voltage');
        else
          for (const [i, phase] of snapshot.phases.entries()) {
            const part = `inlet/1/phase/L${i + 1}`;
            close(values.get(`${part} current.rms`), phase.current, rounding.current, `${part} current`);
            close(values.get(`${part} power.active`), phase.power, rounding.inletPower, `${part} power`);
            close(values.get(`${part} voltage.rms`), phase.voltage, rounding.voltage, `${part} voltage`);
            const pair = `inlet/1/pair/${['L1-L2', 'L2-L3', 'L3-L1'][i]}`;
            close(values.get(`${pair} voltage.rms`), snapshot.lineVoltages[i]!, rounding.voltage, `${pair} voltage`);
          }
        const sensor = (metric: string) =>
          [...values].find(([key]) => key.startsWith('sensor/') && key.endsWith(metric))?.[1];
        close(sensor('temperature'), snapshot.temperature, 0.051, 'temperature');
        close(sensor('humidity.relative'), snapshot.humidity, 0.51, 'humidity');
        const bad = Array.from(result.reading.quality).filter((quality) => quality !== 0).length;
        assert.equal(bad, 0, `${bad} values are not good`);
      } finally {
        driver.closeAll();
        await agent.close();
      }
    });

for (const family of Object.keys(FAMILIES) as FamilyName[])
  test(`an outlet of a generated ${family} is switched by its driver; the others go on`, async () => {
    let now = NOON;
    const { agent, pdu } = generatedAgent({
      family,
      seed: 'test',
      outlets: 12,
      phases: 1,
      load: 'heavy',
      now: () => now,
    });
    await agent.start();
    const driver = new SnmpDriver({ timeout: 1000, retries: 1 });
    const outlet = pdu.at(now).outlets.findIndex(({ power }) => power > 0) + 1;
    const powers = () => pdu.at(now).outlets.map(({ power }) => Math.round(power));
    try {
      const open = await driver.open({ address: agent.address, profile: 'auto' });
      const before = powers();
      await driver.switchOutlet(open.session, `outlet/${outlet}`, 'off');
      assert.deepEqual(
        powers(),
        before.map((power, i) => (i === outlet - 1 ? 0 : power)),
      );
      await driver.switchOutlet(open.session, `outlet/${outlet}`, 'on');
      assert.deepEqual(powers(), before);
      await driver.switchOutlet(open.session, `outlet/${outlet}`, 'cycle');
      assert.equal(pdu.at(now).outlets[outlet - 1]!.on, false);
      now += 6;
      assert.equal(pdu.at(now).outlets[outlet - 1]!.on, true);
    } finally {
      driver.closeAll();
      await agent.close();
    }
  });

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
