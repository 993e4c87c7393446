import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../support/temporary.js';
import { run } from './command.js';

const { parseUnits } = createRequire(import.meta.url)('@rackwatt/driver-snmp/dist/mib/units.js') as {
  parseUnits(clause: string): { unit: string; factor: number } | undefined;
};

/** A module as makers write them. */
const MODULE = `ACME-PDU-MIB DEFINITIONS ::= BEGIN
IMPORTS
    MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE, enterprises, Integer32, Unsigned32 FROM SNMPv2-SMI
    DisplayString FROM SNMPv2-TC;

acme MODULE-IDENTITY
    LAST-UPDATED "202601010000Z"
    ORGANIZATION "Acme"
    CONTACT-INFO "nobody"
    DESCRIPTION "Rack PDUs that never were."
    ::= { enterprises 99999 }

acmeModel OBJECT-TYPE
    SYNTAX DisplayString
    MAX-ACCESS read-only
    STATUS current
    DESCRIPTION "Model."
    ::= { acme 1 }

acmeOutletTable OBJECT-TYPE
    SYNTAX SEQUENCE OF AcmeOutletEntry
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION "Outlets."
    ::= { acme 2 }

acmeOutletEntry OBJECT-TYPE
    SYNTAX AcmeOutletEntry
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION "An outlet."
    INDEX { acmeOutletIndex }
    ::= { acmeOutletTable 1 }

AcmeOutletEntry ::= SEQUENCE {
    acmeOutletIndex Integer32,
    acmeOutletCurrent Unsigned32,
    acmeOutletState INTEGER
}

acmeOutletIndex OBJECT-TYPE
    SYNTAX Integer32 (1..48)
    MAX-ACCESS not-accessible
    STATUS current
    DESCRIPTION "Number."
    ::= { acmeOutletEntry 1 }

acmeOutletCurrent OBJECT-TYPE
    SYNTAX Unsigned32
    UNITS "0.01 Amps"
    MAX-ACCESS read-only
    STATUS current
    DESCRIPTION "Current."
    ::= { acmeOutletEntry 2 }

acmeOutletState OBJECT-TYPE
    SYNTAX INTEGER { off(1), on(2), fuse(3) }
    MAX-ACCESS read-write
    STATUS current
    DESCRIPTION "State."
    ::= { acmeOutletEntry 3 }

acmeOutletChanged NOTIFICATION-TYPE
    OBJECTS { acmeOutletState }
    STATUS current
    DESCRIPTION "Switched."
    ::= { acme 0 1 }
END
`;

interface Problem {
  severity: string;
  place: string;
  problem: string;
}

function files(
  t: TestContext,
  points: unknown[],
  module = MODULE,
  more: object = {},
): { profile: string; mib: string } {
  const folder = temporaryFolder(t);
  const profile = join(folder, 'acme.json');
  const mib = join(folder, 'ACME-PDU-MIB.txt');
  writeFileSync(mib, module);
  const document = {
    name: 'acme',
    title: 'Acme',
    vendor: 'Acme',
    source: 'ACME-PDU-MIB',
    evidence: 'facts',
    base: '1.3.6.1.4.1.99999',
    recognise: [{ sysObjectId: ['1.3.6.1.4.1.99999'] }],
    identity: {},
    parts: [{ part: 'outlet/{outlet}', points, ...more }],
  };
  writeFileSync(profile, JSON.stringify(document));
  return { profile, mib };
}

async function problems(t: TestContext, points: unknown[], more: object = {}): Promise<[number | void, string[]]> {
  const { profile, mib } = files(t, points, MODULE, more);
  const { status, stdout } = await run('profile lint', profile, { mib: [mib], json: true });
  const [{ problems: found }] = JSON.parse(stdout) as [{ problems: Problem[] }];
  return [status, found.map(({ severity, problem }) => `${severity}: ${problem}`)];
}

const current = { metric: 'current.rms', oid: '2.1.2.{outlet}', scale: 0.01 };
const state = { metric: 'state.outlet', oid: '2.1.3.{outlet}', states: { 1: 'off', 2: 'on', 3: 'fault' } };
const write = (oid: string): object => ({ switch: { on: { oid, value: 2 }, off: { oid, value: 1 } } });

test('a profile that says what its MIB says is right', async (t) => {
  assert.deepEqual(await problems(t, [current, state], write('2.1.3.{outlet}')), [0, []]);
});

test('what the MIB does not have, names otherwise, scales otherwise or does not let write is told', async (t) => {
  assert.deepEqual(await problems(t, [{ ...current, oid: '2.1.9.{outlet}' }]), [
    1,
    ['error: 2.1.9.{outlet} is no object of the MIB'],
  ]);
  assert.deepEqual(await problems(t, [{ ...current, scale: 0.1 }]), [
    0,
    ['warning: acmeOutletCurrent is in "0.01 Amps", which is a scale of 0.01, not 0.1'],
  ]);
  assert.deepEqual(await problems(t, [{ ...current, metric: 'power.active' }]), [
    0,
    ['warning: acmeOutletCurrent is in "0.01 Amps", the metric in W'],
  ]);
  assert.deepEqual(await problems(t, [{ ...state, states: { 1: 'off', 2: 'on' } }]), [
    1,
    ['error: acmeOutletState may be fuse(3), for which there is no word'],
  ]);
  const [, [problem]] = await problems(t, [current], write('2.1.2.{outlet}'));
  assert.equal(problem, 'error: acmeOutletCurrent is read-only');
});

test('a file that is no MIB, or one that lacks what it imports, is refused with one sentence', async (t) => {
  for (const [module, reason] of [
    ['not a MIB at all', /cannot be read as a MIB module: no module begins in it\.$/],
    ['X DEFINITIONS ::= BEGIN IMPORTS a FROM b', /its IMPORTS do not end\.$/],
    [MODULE.replace('enterprises 99999', 'nobodyKnows 1'), /no object's OID is known; name the modules/],
  ] as const) {
    const { profile, mib } = files(t, [current], module);
    await assert.rejects(run('profile lint', profile, { mib: [mib] }), { code: 'MIB_INVALID', message: reason });
  }
  const missing = join(temporaryFolder(t), 'none.mib');
  await assert.rejects(run('profile lint', 'x.json', { mib: [missing] }), {
    code: 'MIB_INVALID',
    message: /none\.mib/,
  });
});

test('units are read as makers write them', () => {
  const units: [clause: string, unit: string, factor: number][] = [
    ['0.1 Volts', 'V', 0.1],
    ['Volts (rms)', 'V', 1],
    ['0.1 Amps (rms)', 'A', 0.1],
    ['0.01 Amps-AC-RMS', 'A', 0.01],
    ['hundredth Amps', 'A', 0.01],
    ['tenth Kilowatt-Hours', 'W.h', 100],
    ['0.01 KWH', 'W.h', 10],
    ['mA', 'A', 0.001],
    ['centiamps (rms)', 'A', 0.01],
    ['decivolts (rms)', 'V', 0.1],
    ['Volt-Amps', 'V.A', 1],
    ['0.01 KVA', 'V.A', 10],
    ['0.1 Hertz', 'Hz', 0.1],
    ['mHz', 'Hz', 0.001],
    ['0.1 degrees Celsius', 'Cel', 0.1],
    ['percent Relative Humidity', '%', 1],
    ['.1 percent Relative Humidity', '%', 0.1],
    ['VARh', 'V.A.h', 1],
  ];
  for (const [clause, unit, factor] of units) {
    const parsed = parseUnits(clause);
    assert.equal(parsed?.unit, unit, clause);
    assert.ok(Math.abs(parsed!.factor / factor - 1) < 1e-9, `${clause}: ${parsed!.factor}`);
  }
  for (const clause of ['', 'seconds', 'rotations per minute', '0 = Off, 1 = On', 'Count']) {
    assert.equal(parseUnits(clause), undefined, clause);
  }
});
