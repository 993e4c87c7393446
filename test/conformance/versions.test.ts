import assert from 'node:assert/strict';
import fc from 'fast-check';
import semver from 'semver';
import { matches, Version, VersionRange, type Capability } from '../support/wiring.js';
import { parseFilter } from '../support/registry.js';
import { item } from './item.js';

const of = (text: string) => Version.parse(text);
const includes = (range: string, version: string): boolean => VersionRange.parse(range).includes(of(version));
const order = (...texts: string[]): string[] =>
  texts
    .map(of)
    .sort((a, b) => a.compare(b))
    .map(String);
const capability = (version: string): Capability => ({
  namespace: 'test',
  attributes: { version: of(version) },
  mandatory: [],
  effective: 'resolve',
});
/** Whether a filter takes a capability of that version. */
const takes = (filter: string, version: string): boolean =>
  matches(
    { namespace: 'test', filter: parseFilter(filter), optional: false, effective: 'resolve' },
    capability(version),
  );

const number = fc.integer({ min: 0, max: 3 });
const release = fc.tuple(number, number, number).map((parts) => parts.join('.'));
const version = fc
  .tuple(release, fc.constantFrom('', '', '-0', '-beta', '-rc.1', '-rc.10'))
  .map(([numbers, prerelease]) => numbers + prerelease);
const comparison = fc
  .tuple(fc.constantFrom('^', '~', '>', '>=', '<', '<=', '='), version)
  .map(([operator, bound]) => operator + bound);
const interval = fc
  .tuple(fc.constantFrom('[', '('), version, version, fc.constantFrom(']', ')'))
  .map(([open, from, to, close]) => `${open}${from},${to}${close}`);
const npmRange = fc
  .array(fc.array(comparison, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 })
  .map((alternatives) => alternatives.map((each) => each.join(' ')).join(' || '));
const range = fc.oneof(npmRange, interval, fc.constant('*'));

item(58, () => {
  assert.deepEqual(order('1.10.0', '1.9.0', '1.2.10', '1.2.9', '0.10.0'), [
    '0.10.0',
    '1.2.9',
    '1.2.10',
    '1.9.0',
    '1.10.0',
  ]);
  assert.equal(of('1').compare(of('1.0.0')), 0);
  assert.equal(of('1.2').compare(of('1.2.0')), 0);
  assert.deepEqual(order('1.0.0-b', '1.0.0-a', '1.0.0-a-1'), ['1.0.0-a', '1.0.0-a-1', '1.0.0-b']);
  for (const bad of ['', 'one', '1.x', '1.2.3.4', '-1.0.0', '1.0.0-ä', '1.0.0-a_b', '1..0'])
    assert.throws(() => of(bad), { code: 'VERSION_SYNTAX' }, bad);
});

item(59, () => {
  assert.deepEqual(order('1.0.0', '1.0.0-beta', '1.0.0-rc.10', '1.0.0-rc.9', '0.9.9'), [
    '0.9.9',
    '1.0.0-beta',
    '1.0.0-rc.9',
    '1.0.0-rc.10',
    '1.0.0',
  ]);
  assert.ok(takes('(version<=1.0.0)', '1.0.0-beta'));
});

item(60, () => {
  const ends = (text: string) => ['1.2.0', '1.5.0', '2.0.0', '9.0.0'].filter((each) => includes(text, each));
  assert.deepEqual(ends('[1.2,2)'), ['1.2.0', '1.5.0']);
  assert.deepEqual(ends('(1.2,2)'), ['1.5.0']);
  assert.deepEqual(ends('[1.2.0,2.0.0]'), ['1.2.0', '1.5.0', '2.0.0']);
  assert.deepEqual(ends('(1.2,2]'), ['1.5.0', '2.0.0']);
  assert.deepEqual(ends('1.2.0'), ['1.2.0']);
  assert.deepEqual(ends('>=1.2.0'), ['1.2.0', '1.5.0', '2.0.0', '9.0.0']);
  assert.deepEqual(ends(''), ['1.2.0', '1.5.0', '2.0.0', '9.0.0']);
  assert.ok(includes('*', '0.0.0'));
});

item(61, () => {
  for (const bad of ['[1.0', '1.0,2.0)', '[1.0,2.0', '[one,two]', '[1,2,3]', '[,]', 'latest', '^one', '>=', '1 - - 2'])
    assert.throws(() => VersionRange.parse(bad), { code: 'VERSION_SYNTAX', message: /is not a version range/ }, bad);
  for (const empty of ['[2,1]', '(1,1)', '[1,1)', '(1,1]', '>2.0.0 <1.0.0']) {
    assert.ok(VersionRange.parse(empty).isEmpty, empty);
    assert.ok(!['1.0.0', '1.5.0', '2.0.0'].some((each) => includes(empty, each)), empty);
  }
  const exact = VersionRange.parse('[1,1]');
  assert.ok(exact.isExact && !exact.isEmpty && exact.includes(of('1.0.0')) && !exact.includes(of('1.0.1')));
  assert.ok(VersionRange.parse('1.2.3').isExact);
  assert.ok(!VersionRange.parse('^1.2.3').isExact);
});

item(62, () => {
  const both = VersionRange.parse('^1.2.0').intersection(VersionRange.parse('[1.4,3)'));
  assert.deepEqual(
    ['1.2.0', '1.4.0', '1.9.9', '2.0.0'].map((each) => both.includes(of(each))),
    [false, true, true, false],
  );
  assert.ok(VersionRange.parse('^1.0.0').intersection(VersionRange.parse('^2.0.0')).isEmpty);
  assert.equal(
    VersionRange.parse('[1.2.0,2.0.0)').toFilter(),
    '(&(version>=1.2.0)(!(version>=2.0.0))(!(version.prereleaseOf=*)))',
  );
  fc.assert(
    fc.property(range, range, version, (one, two, each) => {
      const [first, second] = [VersionRange.parse(one), VersionRange.parse(two)];
      const inFirst = first.includes(of(each));
      assert.equal(takes(first.toFilter(), each), inFirst, `${one} as a filter: ${first.toFilter()}`);
      const intersection = first.intersection(second);
      assert.equal(intersection.includes(of(each)), inFirst && second.includes(of(each)), `${one} and ${two}`);
      assert.equal(takes(intersection.toFilter(), each), inFirst && second.includes(of(each)));
    }),
    { numRuns: 2_000 },
  );
});

item(63, () => {
  assert.ok(includes('^1.2', '1.9.0') && !includes('^1.2', '2.0.0'));
  assert.ok(includes('~1.2', '1.2.9') && !includes('~1.2', '1.3.0'));
  assert.ok(includes('^1 || ^3', '3.1.0') && !includes('^1 || ^3', '2.0.0'));
  assert.ok(!includes('^1.2.0', '1.3.0-rc.1') && !includes('>=1.0.0', '2.0.0-rc.1'));
  assert.ok(includes('^1.2.0-rc.1', '1.2.0-rc.2') && !includes('^1.2.0-rc.1', '1.3.0-rc.1'));
  assert.ok(includes('*', '1.3.0-rc.1'));
  fc.assert(
    fc.property(npmRange, version, (text, each) => {
      assert.equal(includes(text, each), semver.satisfies(each, text), `${each} in ${text}`);
    }),
    { numRuns: 2_000 },
  );
});
