import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseManifest } from '../support/wiring.js';

const PACKAGE = [
  'name',
  'version',
  'main',
  'exports',
  'engines',
  'os',
  'cpu',
  'peerDependencies',
  'peerDependenciesMeta',
];
const OWN = [
  'update',
  'migrate',
  'contracts',
  'entries',
  'commands',
  'assets',
  'capabilities',
  'minimum',
  'components',
  'requires',
  'provides',
];
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(
    fc.dictionary(
      fc.constantFrom('name', 'namespace', 'version', 'filter', 'attributes', 'exports', 'mandatory'),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  ),
);
const part = (keys: readonly string[]) => fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 4 });

test('whatever a package.json says, it is a manifest or refused with one sentence', () => {
  fc.assert(
    fc.property(part(PACKAGE), part(OWN), (given, rackwatt) => {
      const text = JSON.stringify({ name: 'acme', version: '1.0.0', main: './index.js', ...given, rackwatt });
      try {
        assert.equal(typeof parseManifest(text, 'package.json').name, 'string');
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        assert.equal(code, 'BUNDLE_MANIFEST', message);
        assert.match(message, /^package\.json [^\n]+$/);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('what is wrong in a package.json is named by its key', () => {
  for (const [text, message] of [
    ['{', /is not JSON/],
    ['{\n  "name": }\n', /^package\.json is not JSON: [^\n]+$/],
    [
      '{"name":"x","version":"1.0.0","peerDependencies":{"a\\nb":"latest"},"rackwatt":{}}',
      /^[^\n]+"peerDependencies\.a b" must/,
    ],
    ['[]', /must be an object/],
    ['{"name":"../x","version":"1.0.0","rackwatt":{}}', /"name" must be an npm package name/],
    ['{"name":"x","version":"1.0","rackwatt":{}}', /"version" must be a semantic version/],
    ['{"name":"x","version":"1.0.0"}', /no "rackwatt" object/],
    [
      '{"name":"x","version":"1.0.0","peerDependencies":{"y":"latest"},"rackwatt":{}}',
      /"peerDependencies\.y" must be a version range/,
    ],
    [
      '{"name":"x","version":"1.0.0","engines":{"node":"new"},"rackwatt":{}}',
      /"engines\.node" must be a version range/,
    ],
    ['{"name":"x","version":"1.0.0","os":["li nux"],"rackwatt":{}}', /"os" has "li nux"/],
    ['{"name":"x","version":"1.0.0","peerDependenciesMeta":{"y":{}},"rackwatt":{}}', /about no peer dependency/],
    ['{"name":"x","version":"1.0.0","rackwatt":{"contracts":["../y"]}}', /must be a sub-path/],
    ['{"name":"x","version":"1.0.0","rackwatt":{"contracts":["./y"]}}', /"exports" say no file for it/],
    [
      '{"name":"x","version":"1.0.0","exports":{"./y":"../y.js"},"rackwatt":{"contracts":["./y"]}}',
      /leads out of the bundle/,
    ],
    [
      '{"name":"x","version":"1.0.0","rackwatt":{"requires":[{}]}}',
      /"rackwatt\.requires\.0\.namespace" must be a name/,
    ],
  ] as const)
    assert.throws(() => parseManifest(text, 'package.json'), { code: 'BUNDLE_MANIFEST', message }, text);
  for (const range of ['^1.2', '~1.2.3', '1.x', '>=1 <3 || 5', '*', 'file:../y', 'workspace:^', '../y']) {
    const text = JSON.stringify({ name: 'x', version: '1.0.0', peerDependencies: { y: range }, rackwatt: {} });
    const isPlace = /[:/]/.test(range);
    assert.equal(parseManifest(text, 'package.json').imports['y'], isPlace ? '*' : range);
  }
});
