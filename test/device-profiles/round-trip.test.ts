import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Profile, type ProfilePoint, profiles } from '@rackwatt/device-profiles';
import {
  type ExpectedUnit,
  type GeneratedAgent,
  generatedAgent,
  type GeneratedAgentOptions,
  Tag,
} from '@rackwatt/simulator';
import { METRICS, type ProbedUnit, qualityText, STATES } from '@rackwatt/telemetry';
import { driverFor } from '../driver-snmp/support.js';

/**
 * What a generated device of each family says, its profile has to read: every point, and nothing else. The simulator turns profiles
 * around by code of its own; what is expected is its electrical model, rounded to what the device can say.
 */

const NOON = Date.UTC(2026, 5, 1, 12) / 1000;
const OUTLETS = 6;

/** Points that no generated device can show, with the reason. */
const NOT_GENERATED: Readonly<Record<string, readonly string[]>> = {
  // Breakers count from 0, those of generated PDUs from 1.
  'eaton-revelation': ['branch/0 current.rms at 1.3.1.40.0', 'branch/0 state.breaker at 1.3.1.20.0'],
  // Units are counted from 0, those of generated PDUs from 1.
  'eaton-epdu': [
    'sensor/{sensor}-{probe} temperature at 8.1.2.3.1.3.{sensor}.{probe}',
    'sensor/{sensor}-{probe} temperature at 8.1.2.3.1.3.{sensor}.{probe}',
    'sensor/{sensor}-{probe} humidity.relative at 8.1.3.3.1.3.{sensor}.{probe}',
    'sensor/{sensor}-contact-{probe} state.sensor at 8.1.4.3.1.1.{sensor}.{probe}',
  ],
  // Phases of generated PDUs are the first three, which their numbers tell.
  'riedo-updu': [
    'branch/phase-{module}-{meter} current.rms at 3.1.1.11.{module}.{meter}',
    'branch/phase-{module}-{meter} voltage.rms at 3.1.1.10.{module}.{meter}',
    'branch/phase-{module}-{meter} power.active at 3.1.1.7.{module}.{meter}',
    'branch/phase-{module}-{meter} power.apparent at 3.1.1.9.{module}.{meter}',
    'branch/phase-{module}-{meter} power.reactive at 3.1.1.8.{module}.{meter}',
    'branch/phase-{module}-{meter} energy.active at 3.1.1.4.{module}.{meter}',
  ],
  // Whole volts are told from tenths by how many digits both of these values have.
  'cyberpower-pdu': ['inlet/1 voltage.rms at 6.9.4.1.5.{row}', 'inlet/2 voltage.rms at 6.9.4.1.6.{row}'],
};

/** Families whose rows are told by names in free words, which the generator does not find; a hand-made device stands for them. */
const TOLD_BY_NAMES = new Set(['rittal-cmc3']);
const generatedProfiles = profiles().filter(({ name }) => !TOLD_BY_NAMES.has(name));

type Options = Omit<GeneratedAgentOptions, 'family' | 'seed' | 'load' | 'outlets' | 'now'> & { outlets?: number };

async function generated(t: TestContext, profile: Profile, options: Options): Promise<GeneratedAgent> {
  const made = generatedAgent({
    family: profile,
    seed: 'round-trip',
    load: 'heavy',
    outlets: OUTLETS,
    now: () => NOON,
    ...options,
  });
  await made.agent.start();
  t.after(() => made.agent.close());
  return made;
}

const nameOf = (profile: Profile, point: ProfilePoint): string => {
  const group = profile.parts.find(({ points }) => points.includes(point))!;
  return `${group.part} ${point.metric} at ${point.oid}`;
};

/** What a reader found, in the words of what it has to find. */
function found({ identity, parts, points, reading }: ProbedUnit): ExpectedUnit & { qualities: Record<string, string> } {
  const { profile: _, ...who } = identity;
  const qualities: Record<string, string> = {};
  const readings = Array.from(reading.points, (at, i) => {
    const { part, metric, basis, thresholds, unit } = points[at]!;
    assert.equal(unit, METRICS[metric as keyof typeof METRICS].unit);
    if (reading.quality[i] !== 0) qualities[`${part} ${metric}`] = qualityText(reading.quality[i]!);
    const value = reading.states[i] === 0 ? reading.values[i]! : STATES[reading.states[i]!]!;
    return {
      part,
      metric: metric as keyof typeof METRICS,
      value,
      ...(basis ? { basis } : {}),
      ...(thresholds ? { thresholds: { ...thresholds } } : {}),
    };
  });
  return { identity: who, parts, readings, qualities };
}

/** Numbers to ten digits: what differs behind them is the arithmetic's. */
const settled = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' ? Number(each.toPrecision(10)) : each)),
  ) as T;

const table = (unit: ExpectedUnit): Record<string, unknown> =>
  settled({
    identity: unit.identity,
    ...Object.fromEntries(unit.parts.map(({ path, ...part }) => [path, part])),
    ...Object.fromEntries(unit.readings.map(({ part, metric, ...rest }) => [`${part} ${metric}`, rest])),
  });

/** What is read otherwise than expected, or not at all, or though it is not there. */
function assertSame(read: ExpectedUnit, expected: ExpectedUnit, what = ''): void {
  const [actual, wanted] = [table(read), table(expected)];
  const differing = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])].filter(
    (key) => !isDeepStrictEqual(actual[key], wanted[key]),
  );
  const told = differing.map((key) => ({ what: key, read: actual[key], expected: wanted[key] }));
  assert.deepEqual(told.slice(0, 5), [], `${what}: ${differing.length} of ${Object.keys(wanted).length} differ`);
}

/** Reads a generated device, compares all of it, and says which points of the profile were read. */
async function readBack(t: TestContext, profile: Profile, options: Options): Promise<Set<ProfilePoint>> {
  const { agent, device } = await generated(t, profile, options);
  if (device.points().size === 0) return new Set();
  const driver = driverFor(t, { timeout: 5000 });
  const result = await driver.probe({ address: agent.address, profile: 'auto' });
  assert.equal(result.identity.profile, profile.name, 'recognised as another family');
  const units = [result, ...(result.units ?? [])];
  for (const [i, unit] of units.entries()) {
    const { qualities, ...read } = found(unit);
    const expected = device.expected(i);
    assertSame(read, expected, `unit ${i + 1}`);
    assert.deepEqual(qualities, {}, `unit ${i + 1}`);
    if (units.length > 1) {
      const alone = await driver.probe({ address: `${agent.address}/${device.layout.units[i]!}`, profile: 'auto' });
      assertSame(found(alone), expected, `unit ${i + 1} alone`);
    }
  }
  assert.equal(units.length, device.layout.units.length);
  return device.points();
}

const fill = (template: string, arcs: Readonly<Record<string, string>>): string =>
  template.replace(/\{([a-z]+)\*?\}/g, (_, name: string) => String(arcs[name]));

const hasUnits = (profile: Profile): boolean => /\{unit\}|"unit":\{"place"/.test(JSON.stringify(profile.parts));

for (const profile of generatedProfiles)
  test(`${profile.name}: everything that the profile describes is read back from generated devices`, async (t) => {
    const missing = new Set(profile.parts.flatMap(({ points }) => points));
    const read = async (options: Options) => {
      const points = await readBack(t, profile, options);
      const before = missing.size;
      for (const point of points) missing.delete(point);
      return missing.size < before;
    };
    for (const phases of [1, 3] as const) await read({ phases });
    if (hasUnits(profile)) await read({ phases: 3, units: 2 });
    // What better sources shadow, what excludes each other and what only large units have is read from devices that have nothing
    // else.
    for (let more = true; more && missing.size > 0; ) {
      more = false;
      for (const size of [{ phases: 1 }, { phases: 3 }, { phases: 1, outlets: 48, branches: 48 }] as const) {
        const without = new Set(profile.parts.flatMap(({ points }) => points).filter((point) => !missing.has(point)));
        if (missing.size > 0 && (await read({ ...size, without }))) more = true;
      }
    }
    assert.deepEqual(
      [...missing].map((point) => nameOf(profile, point)),
      NOT_GENERATED[profile.name] ?? [],
      'no generated device shows these',
    );
  });

const hasStates = ({ parts }: Profile): boolean => parts.some(({ points }) => points.some(({ states }) => states));

for (const profile of generatedProfiles.filter(hasStates))
  test(`${profile.name}: every word of its states is read`, async (t) => {
    const { agent, device } = await generated(t, profile, { phases: 3 });
    const driver = driverFor(t, { timeout: 5000 });
    const { session, points } = await driver.open({ address: agent.address, profile: 'auto' });
    const places = new Map(points.map(({ part, metric }, at) => [`${part} ${metric}`, at]));
    // A value that is a guard too, or no value, is another matter; so are lists, and an object that tells of several parts.
    const told = device.layout.readings.filter(({ point, path, oid }) => {
      const { readings } = device.layout;
      const first = readings.find((other) => other.path === path && other.point.metric === point.metric);
      const isOnly = readings.every((other) => other.oid !== oid || other.path === path);
      return point.states && first?.oid === oid && first.point === point && isOnly && !point.list;
    });
    for (let place = 0; place < Math.max(...told.map(({ point }) => Object.keys(point.states!).length)); place++) {
      const expected = new Map<number, string>();
      for (const { point, path, oid, arcs } of told) {
        const [raw, word] = Object.entries(point.states!)[place] ?? [];
        const isBad = (point.guards ?? []).some(
          ({ oid: guard, bad }) => fill(`${device.layout.base}.${guard}`, arcs) === oid && raw! in bad,
        );
        const isNone = Array.isArray(point.noValue) ? point.noValue.map(String).includes(raw!) : raw?.startsWith('-');
        if (raw === undefined || isBad || (point.noValue && isNone)) continue;
        agent.table.set(
          oid,
          /^-?\d+$/.test(raw) ? { type: Tag.Integer, value: Number(raw) } : { type: Tag.OctetString, value: raw },
        );
        expected.set(places.get(`${path} ${point.metric}`)!, word!);
      }
      const { points: read, states, quality } = await driver.read(session, { deadline: 20_000 });
      const found = new Map(
        Array.from(read, (point, i) => [point, quality[i] === 0 ? STATES[states[i]!]! : 'not good']),
      );
      const wrong = [...expected].filter(([point, word]) => found.get(point) !== word);
      assert.deepEqual(
        wrong.map(([point, word]) => [points[point]!.part, points[point]!.metric, word, found.get(point)]),
        [],
      );
    }
  });

for (const profile of generatedProfiles.filter(({ recognise }) => recognise.length > 1))
  test(`${profile.name}: each of its signs recognises it`, async (t) => {
    for (const recognition of profile.recognise.keys()) await readBack(t, profile, { phases: 3, recognition });
  });

for (const profile of generatedProfiles.filter(({ parts }) =>
  parts.some((group) => group.switch && group.part.startsWith('outlet/')),
))
  test(`${profile.name}: an outlet is switched, and its state and load follow`, async (t) => {
    const { agent, device, pdu } = await generated(t, profile, { phases: 1 });
    const driver = driverFor(t, { timeout: 5000 });
    const open = await driver.open({ address: agent.address, profile: 'auto' });
    const { parts } = device.expected();
    const switchable = parts.filter((part) => part.switchable).map(({ path }) => path);
    assert.ok(switchable.length > 0, 'no outlet can be switched');
    const loaded = pdu.at(NOON).outlets.findIndex(({ power }) => power > 0) + 1;
    const path = switchable.find((each) => each.endsWith(`/${loaded}`)) ?? switchable[0]!;
    const outlet = Number(/\d+$/.exec(path)![0]);
    for (const command of ['off', 'on', 'off', 'on'] as const) {
      await driver.switchOutlet(open.session, path, command);
      assert.equal(pdu.at(NOON).outlets[outlet - 1]!.on, command === 'on');
      const result = await driver.probe({ address: agent.address, profile: 'auto' });
      assertSame(found(result), device.expected(), `after ${command}`);
    }
    if (profile.parts.some((group) => group.switch?.cycle)) {
      await driver.switchOutlet(open.session, path, 'cycle');
      assert.equal(pdu.at(NOON).outlets[outlet - 1]!.on, false);
    }
  });
