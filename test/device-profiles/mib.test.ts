import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProfilePart, type ProfilePoint, profiles } from '@rackwatt/device-profiles';
import { METRICS } from '@rackwatt/telemetry';
import { mibSkip } from './mib.js';
import { notifications, objectsOf } from './mib-objects.js';

/** Families of which no MIB is at hand: their OIDs come from what the vendors' users have written down. */
const WITHOUT_MIB = new Set<string>([
  'algcom',
  'apc-easy-pdu-text',
  'apc-netbotz',
  'ats',
  'bachmann-bluenet2',
  'baytech',
  'clever-ippdu',
  'clever-pdu',
  'digital-loggers',
  'eaton-ats',
  'energy-object',
  'entity-sensor',
  'ipoman',
  'janitza-umg96',
]);

/** UPS-MIB, which old agents of PDUs show as well: RFC 1628, of which no columns are at hand. */
const STANDARD = /^2\.1\.33\./;

/** What a later issue of a MIB has and the one at hand has not: arcs below the profile's base. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  'sinetica-eagle-i': [
    '7.2.3.1.9',
    '7.2.3.1.13',
    '7.2.3.1.14',
    '7.2.3.1.15',
    '7.2.3.1.16',
    '7.2.3.1.17',
    '7.3.1.1.9',
    '7.3.5.1',
  ],
};

/** One enumeration for sensors of all kinds: which of its values a sensor can have depends on the kind. */
const SHARED_ENUM = /^(measurements\w*SensorState|outletSwitchingState|externalSensorState)$/;

const NUMBER =
  /INTEGER|Integer32|Gauge|Counter|Unsigned|TimeTicks|CounterBasedGauge|Opaque|Float|Quantity|Tenth|Status|State|Value|Enum|TruthValue|Deci|Milli|Type|Scale/i;
const TEXT = /STRING|DisplayString|SnmpAdminString|Utf8|Text/i;

interface Use {
  template: string;
  what: string;
  text?: boolean;
}

function* usesOf(part: ProfilePart, point: ProfilePoint): Generator<Use> {
  const what = `${part.part} ${point.metric}`;
  const text = point.units !== undefined || point.list !== undefined;
  yield { template: point.oid, what, text };
  for (const from of point.scaleFrom ?? []) yield { template: from.oid, what: `scale of ${what}` };
  for (const guard of point.guards ?? []) yield { template: guard.oid, what: `guard of ${what}` };
  for (const [level, { oid }] of Object.entries(point.thresholds ?? {}))
    yield { template: oid, what: `${level} of ${what}` };
}

function* partUses(part: ProfilePart): Generator<Use> {
  for (const [name, attribute] of Object.entries(part.attributes ?? {}))
    if ('oid' in attribute) yield { template: attribute.oid, what: `attribute ${name} of ${part.part}` };
  for (const label of part.label ?? []) yield { template: label, what: `label of ${part.part}`, text: true };
  if (part.ratedCurrent) yield { template: part.ratedCurrent.oid, what: `rated current of ${part.part}` };
}

for (const profile of profiles()) {
  const skip = mibSkip || (WITHOUT_MIB.has(profile.name) && `no MIB of ${profile.name} is at hand`);

  test(`${profile.name}: every object is one of the MIB, of a fitting type`, { skip }, () => {
    const wrong: string[] = [];
    for (const part of profile.parts) {
      for (const { template, what, text } of [
        ...partUses(part),
        ...part.points.flatMap((point) => [...usesOf(part, point)]),
      ]) {
        if (STANDARD.test(template)) continue;
        if (LATER[profile.name]?.some((arcs) => template.startsWith(`${arcs}.`))) continue;
        const found = objectsOf(profile, template);
        if (found.length === 0) wrong.push(`${what}: ${template} is in no MIB`);
        else if (text === false && found.every(({ type }) => TEXT.test(type) && !NUMBER.test(type)))
          wrong.push(`${what}: ${template} is ${found[0]!.name} of type ${found[0]!.type}`);
      }
    }
    assert.deepEqual([...new Set(wrong)], []);
  });

  test(`${profile.name}: every enumerated value has a word`, { skip }, () => {
    const wrong: string[] = [];
    for (const part of profile.parts) {
      for (const { metric, oid, states, noValue } of part.points) {
        if (!states) continue;
        const none = Array.isArray(noValue) ? noValue : [];
        // Where several MIBs (revisions of one) define it, one of them must be whole.
        const own = objectsOf(profile, oid).filter(({ name }) => !SHARED_ENUM.test(name));
        const missing = own.map(({ name, enums }) =>
          [...enums.keys()]
            .filter(
              (value) => !(String(value) in states) && !none.includes(value) && !(noValue === 'negative' && value < 0),
            )
            .map((value) => `${part.part} ${metric}: ${name} may be ${enums.get(value)}(${value})`),
        );
        if (missing.length > 0 && missing.every((some) => some.length > 0)) wrong.push(...missing[0]!);
      }
    }
    assert.deepEqual([...new Set(wrong)], []);
  });

  test(`${profile.name}: what is written may be written, and what is told is a notification`, { skip }, () => {
    const wrong: string[] = [];
    for (const { part, switch: commands } of profile.parts) {
      for (const name of ['on', 'off', 'cycle'] as const) {
        const write = commands?.[name];
        if (!write) continue;
        for (const { oid } of [write, ...(write.first ?? [])])
          if (!objectsOf(profile, oid).some(({ access }) => /write|create/.test(access)))
            wrong.push(`${part} ${name}: ${oid} is not read-write in any MIB`);
      }
    }
    for (const { oid, name } of profile.notifications ?? [])
      if (!notifications.get(oid)?.includes(name)) wrong.push(`${name} is not ${oid}`);
    assert.deepEqual(wrong, []);
  });

  test(`${profile.name}: each point has one unit, and keys are told apart`, () => {
    const seen = new Map<string, string>();
    for (const part of profile.parts) {
      for (const point of part.points) {
        assert.ok(METRICS[point.metric].unit, `${part.part} ${point.metric}`);
        const { metric, oid, when, threshold = '' } = point;
        const key = `${part.part} ${metric} ${oid} ${threshold} ${JSON.stringify([part.when, part.attributes, when])}`;
        assert.equal(seen.get(key), undefined, `${key} is there twice`);
        seen.set(key, oid);
      }
    }
  });
}
