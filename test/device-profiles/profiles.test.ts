import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { loadProfile, profiles, ProfileSchema } from '@rackwatt/device-profiles';
import { RackwattError } from 'rackwatt';

const folder = join(
  dirname(createRequire(import.meta.url).resolve('@rackwatt/device-profiles/package.json')),
  'profiles',
);
const document = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Record<string, unknown>;

const least = (): Record<string, unknown> => ({
  name: 'acme',
  title: 'Acme',
  vendor: 'Acme',
  source: 'ACME-MIB',
  base: '1.3.6.1.4.1.99999',
  evidence: 'facts',
  recognise: [{ sysObjectId: ['1.3.6.1.4.1.99999'] }],
  identity: {},
  parts: [{ part: 'outlet/{outlet}', points: [{ metric: 'power.active', oid: '1.2.{outlet}' }] }],
});

function refuses(change: (profile: Record<string, unknown>) => void, pattern: RegExp): void {
  const profile = least();
  change(profile);
  assert.throws(
    () => loadProfile(profile),
    (error) => error instanceof RackwattError && error.code === 'PROFILE_INVALID' && pattern.test(error.message),
  );
}

test('the profiles that come with Rackwatt are right', () => {
  const names = profiles().map((profile) => profile.name);
  assert.deepEqual(names, names.toSorted(), 'in the order of their names, each once');
  assert.deepEqual(
    names,
    globSync('*.json', { cwd: folder })
      .map((file) => file.replace('.json', ''))
      .filter((name) => name !== 'profile.schema')
      .toSorted(),
  );
  for (const profile of profiles())
    for (const group of profile.parts) assert.ok(group.points.length > 0, `${profile.name} ${group.part}`);
});

test('the JSON Schema beside the profiles is the one that they are checked with', () => {
  const { $schema, ...schema } = document('profile.schema');
  assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(schema, JSON.parse(JSON.stringify(ProfileSchema)));
});

test('a profile is filled in from its sets, defaults and constants', () => {
  const outlet = profiles()
    .find((profile) => profile.name === 'raritan-px')!
    .parts.find((group) => group.part === 'outlet/{outlet}')!;
  const current = outlet.points.find((point) => point.metric === 'current.rms')!;
  assert.equal(current.oid, '5.4.3.1.4.{unit}.{outlet}.1');
  assert.deepEqual(current.scaleFrom, [{ oid: '3.5.4.1.7.{unit}.{outlet}.1', as: 'decimals' }]);
  assert.deepEqual(
    current.guards!.map((guard) => guard.oid),
    ['5.4.3.1.3.{unit}.{outlet}.1', '5.4.3.1.2.{unit}.{outlet}.1'],
  );
});

test('a wrong profile is refused with its name, the place and the reason', () => {
  assert.equal(loadProfile(least()).parts[0]!.points[0]!.oid, '1.2.{outlet}');
  refuses((profile) => (profile['base'] = '.1.3.6'), /'acme' is wrong at \/base/);
  refuses((profile) => (profile['surprise'] = 1), /acme/);
  refuses((profile) => (profile['parts'] = [{ part: 'socket/{n}', points: [] }]), /\/parts\/0\/part/);
  refuses(
    (profile) => (profile['parts'] = [{ part: 'outlet/{n}', points: [{ metric: 'power.actve', oid: '1' }] }]),
    /'power.actve' is no metric/,
  );
  refuses((profile) => (profile['parts'] = [{ part: 'outlet/{n}', points: [{ metric: 'power.active' }] }]), /no oid/);
  refuses((profile) => (profile['parts'] = [{ part: 'outlet/{n}', use: ['nothing'] }]), /no set 'nothing'/);
  refuses(
    (profile) => (profile['parts'] = [{ part: 'outlet/{n}', points: [{ metric: 'state.outlet', oid: '1' }] }]),
    /words/,
  );
  refuses(
    (profile) =>
      (profile['parts'] = [
        { part: 'outlet/{n}', points: [{ metric: 'state.outlet', oid: '1', states: { '1': 'onn' } }] },
      ]),
    /'onn' is no state word/,
  );
  refuses(
    (profile) => (profile['recognise'] = [{ sysObjectId: ['1.3'], sysDescr: '(' }]),
    /Invalid regular expression/,
  );
  assert.throws(() => loadProfile(null, 'file.json'), /file\.json/);
});
