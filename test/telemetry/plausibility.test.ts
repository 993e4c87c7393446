import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  METRICS,
  type MetricName,
  type PointDescription,
  Quality,
  type Reading,
  suspectedScales,
} from '@rackwatt/telemetry';
import fc from 'fast-check';

type Measured = Partial<Record<MetricName, number>>;

function device(parts: Record<string, Measured>): [PointDescription[], Reading] {
  const all = Object.entries(parts).flatMap(([part, values]) =>
    Object.entries(values).map(([metric, value]) => ({ part, metric: metric as MetricName, value })),
  );
  const points = all.map(({ part, metric }) => ({ part, metric, unit: METRICS[metric].unit }));
  const reading: Reading = {
    time: 0,
    layout: 1,
    points: Uint32Array.from(all.keys()),
    values: Float64Array.from(all, ({ value }) => value),
    quality: new Uint16Array(all.length),
    states: new Uint8Array(all.length),
  };
  return [points, reading];
}

const told = (parts: Record<string, Measured>): string[] =>
  suspectedScales(...device(parts)).map(({ level, metric, factor }) => `${level} ${metric} ${factor.toFixed(2)}`);

const outlet = (watts: number, amperes: number, more: Measured = {}): Measured => ({
  'voltage.rms': 230,
  'current.rms': amperes,
  'power.active': watts,
  ...more,
});

test('power that is ten times, a tenth, three times or root three times the product is suspected', () => {
  for (const factor of [10, 0.1, 1000, 3, 1 / 3, Math.sqrt(3), 1 / Math.sqrt(3)]) {
    const parts = { 'outlet/1': outlet(230 * 4 * 0.95 * factor, 4, { 'power.factor': 0.95 }) };
    assert.deepEqual(told(parts), [`outlet power.active ${factor.toFixed(2)}`]);
  }
  assert.deepEqual(told({ 'outlet/1': outlet(8740, 4, { 'power.factor': 0.95 }) }), ['outlet power.active 10.00']);
  assert.deepEqual(told({ 'branch/1': { 'voltage.rms': 400, 'current.rms': 10, 'power.apparent': 6928 } }), [
    'branch power.apparent 1.73',
  ]);
});

test('the sentence names the part and its values', () => {
  const [suspicion] = suspectedScales(...device({ 'outlet/1': outlet(8740, 4, { 'power.factor': 0.95 }) }));
  assert.equal(suspicion!.message, 'power.active of outlet/1 is 10 times 230 V times 4 A times 0.95: 8740 W');
});

test('what is right, idle, bad or not to be compared is not suspected', () => {
  assert.deepEqual(told({ 'outlet/1': outlet(860, 4), 'outlet/2': outlet(0, 0.1), 'outlet/3': outlet(12, 0.2) }), []);
  assert.deepEqual(told({ 'outlet/1': outlet(400, 4) }), [], 'a power factor of 0.43 may be');
  const [points, reading] = device({ 'outlet/1': outlet(8600, 4) });
  reading.quality[2] = Quality.SUSPECT;
  assert.deepEqual(suspectedScales(points, reading), []);
  const phases = Object.fromEntries(['L1', 'L2', 'L3'].map((line) => [`inlet/1/phase/${line}`, outlet(900, 4)]));
  assert.deepEqual(told({ 'inlet/1': { 'voltage.rms': 400, 'current.rms': 4, 'power.active': 2700 }, ...phases }), []);
});

test('one outlet that is off among many is no matter of scale', () => {
  const parts = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`outlet/${i + 1}`, outlet(870, 4)]));
  assert.deepEqual(told({ ...parts, 'outlet/11': outlet(8700, 4) }), []);
});

test('outlets, branches and phases are compared with the inlet when each of them measures power', () => {
  const outlets = { 'outlet/1': { 'power.active': 300 }, 'outlet/2': { 'power.active': 200 } };
  assert.deepEqual(told({ 'inlet/1': { 'power.active': 510 }, ...outlets }), []);
  assert.deepEqual(told({ 'inlet/1': { 'power.active': 5100 }, ...outlets }), ['outlet power.active 0.10']);
  const phases = { 'inlet/1/phase/L1': { 'power.active': 300 }, 'inlet/1/phase/L2': { 'power.active': 310 } };
  assert.deepEqual(told({ 'inlet/1': { 'power.active': 1056 }, ...phases }), ['phase power.active 0.58']);
  assert.deepEqual(told({ 'inlet/1': { 'power.active': 5100 }, ...outlets, 'outlet/3': { 'current.rms': 2 } }), []);
});

test('consistent devices are never suspected, whatever their load', () => {
  const load = fc.record({
    volts: fc.double({ min: 100, max: 250, noNaN: true }),
    amperes: fc.double({ min: 0, max: 16, noNaN: true }),
    factor: fc.double({ min: 0.5, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(load, { minLength: 1, maxLength: 24 }), fc.boolean(), (loads, withFactor) => {
      const outlets = Object.fromEntries(
        loads.map(({ volts, amperes, factor }, i) => [
          `outlet/${i + 1}`,
          {
            'voltage.rms': Math.round(volts),
            'current.rms': Math.round(amperes * 10) / 10,
            'power.active': Math.round(volts * amperes * factor),
            ...(withFactor ? { 'power.factor': Math.round(factor * 100) / 100 } : {}),
          },
        ]),
      );
      const total = loads.reduce((sum, { volts, amperes, factor }) => sum + volts * amperes * factor, 0);
      assert.deepEqual(told({ 'inlet/1': { 'power.active': Math.round(total / 10) * 10 }, ...outlets }), []);
    }),
  );
});
