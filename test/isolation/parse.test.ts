import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

const parse = (await import(
  new URL('../../../src/dist/isolation/parse.js', import.meta.url).href
)) as typeof import('../../src/isolation/parse.js');

const PARSERS: Record<string, (body: unknown) => unknown> = {
  ...parse,
  parseComponents: (body: unknown) => parse.parseComponents(body, 'acme'),
} as never;

const SERVICE = {
  key: '1',
  handle: 1,
  contracts: [
    {
      name: 'a/B',
      major: 1,
      methods: ['m'],
      streams: [],
      transfers: [],
      timeout: undefined,
      local: false,
      capability: undefined,
      deprecated: 'use acme/Meter@2',
    },
  ],
  properties: { unit: 'W' },
  owner: { id: 1, name: 'acme' },
};
const COMPONENT = {
  info: { name: 'a', bundle: 'forged', state: 'active', reasons: [], provides: ['a/B@1'], references: [] },
  state: 'active',
  activationTime: 1,
};

test('whatever an isolated bundle tells is understood or refused, and nothing else is thrown', () => {
  const almost = fc.oneof(
    fc.anything(),
    fc.record(
      Object.fromEntries(
        Object.entries(SERVICE).map(([key, value]) => [key, fc.oneof(fc.constant(value), fc.anything())]),
      ),
    ),
    fc.array(
      fc.record({
        info: fc.oneof(fc.constant(COMPONENT.info), fc.anything()),
        state: fc.constantFrom('active', 'sleeping'),
        activationTime: fc.anything(),
      }),
    ),
  );
  fc.assert(
    fc.property(almost, (body) => {
      for (const read of Object.values(PARSERS)) {
        try {
          read(body);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'PEER_PROTOCOL');
        }
      }
    }),
  );
});

test('a child speaks for its own bundle only', () => {
  assert.equal(parse.parseComponents([COMPONENT], 'acme')[0]!.info.bundle, 'acme');
  assert.deepEqual(parse.parseService(SERVICE), SERVICE);
});
