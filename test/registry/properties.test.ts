import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Contract, Properties } from 'rackwatt';
import { compareReferences, parseFilter, type ServiceReference } from '../support/registry.js';
import { alice, Meter, meter, newRegistry, Switch } from './support.js';

const name = fc.stringMatching(/^[a-zA-Z!&|*.:_-][a-zA-Z0-9!&|*.:_ -]{0,6}[a-zA-Z0-9]$/);
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('1', '01', ' 2', 'true', 'TRUE', '', 'x', 'é*(\\)'),
);
const escaped = text.map((value) => value.replace(/[\\*()]/g, '\\$&'));
const comparison = fc.oneof(
  fc
    .tuple(name, fc.constantFrom('=', '~=', '>=', '<='), escaped)
    .map(([key, operator, value]) => `(${key}${operator}${value})`),
  fc
    .tuple(name, fc.array(escaped, { minLength: 2, maxLength: 4 }))
    .map(([key, pieces]) => `(${key}=${pieces.join('*')})`),
);
const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc
      .tuple(fc.constantFrom('&', '|'), fc.array(tie('filter'), { minLength: 1, maxLength: 3 }))
      .map(([operator, parts]) => `(${operator}${parts.join('')})`),
    tie('filter').map((part) => `(!${part})`),
  ),
}));

test('141 printing and reading again is the identity (property)', () => {
  fc.assert(
    fc.property(filter, (source) => {
      const parsed = parseFilter(source);
      assert.equal(parsed.toString(), source);
      assert.equal(parseFilter(` ${source.replace(/^\(/, '( ')}\n`).toString(), source);
    }),
  );
});

test('144 any text is a filter or a FILTER_SYNTAX error (property)', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('(', ')', '&', '|', '!', '=', '*', '\\', ' ', 'a', '<', '~', '>'),
        maxLength: 30,
      }),
      (source) => {
        try {
          const printed = parseFilter(source).toString();
          assert.equal(parseFilter(printed).toString(), printed);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'FILTER_SYNTAX', `${source}: ${String(error)}`);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

const scalar = fc.oneof(
  fc.constantFrom<string | number | bigint | boolean>('1', 'x', 'X ', 'true', '', 1, 2, -1, 1.5, 1n, 2n, true, false),
  fc.integer({ min: 0, max: 3 }),
);
const properties = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'service.ranking'),
  fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.constant(null)),
  { noNullPrototype: true },
) as fc.Arbitrary<Properties>;
const simple = fc
  .tuple(
    fc.constantFrom('a', 'B', 'c', 'missing'),
    fc.constantFrom('=', '=', '=', '>=', '~='),
    fc.constantFrom('1', 'x', 'true', '', '2', ' 1', '1.5'),
  )
  .map(([key, operator, value]) => `(${key}${operator}${value})`);
const query = fc.oneof(
  simple,
  fc.array(simple, { minLength: 1, maxLength: 3 }).map((parts) => `(&${parts.join('')})`),
  fc.array(simple, { minLength: 1, maxLength: 3 }).map((parts) => `(|${parts.join('')})`),
  fc.tuple(simple, simple).map(([a, b]) => `(&(!${a})${b})`),
  fc.tuple(simple, simple).map(([a, b]) => `(!(&${a}(!${b})))`),
  fc.constantFrom(
    `(objectClass=${Meter.id})`,
    `(&(objectclass=${Switch.id})(a=1))`,
    '(service.id=7)',
    '(service.bundleid=1)',
  ),
);
type Step =
  | { do: 'add'; contracts: number; properties: Properties }
  | { do: 'change'; which: number; properties: Properties }
  | { do: 'remove'; which: number }
  | { do: 'ask'; contract: number; filter: string };
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), contracts: fc.nat(2), properties }),
  fc.record({ do: fc.constant('change' as const), which: fc.nat(), properties }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('ask' as const), contract: fc.nat(2), filter: query }),
) as fc.Arbitrary<Step>;

test('104 107 an index answers as a scan of all services would (property)', () => {
  const combinations = [[Meter], [Switch], [Meter, Switch]] as const;
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 150 }), (steps) => {
      const { registry } = newRegistry();
      let live: ReturnType<typeof registry.register>[] = [];
      for (let i = 0; i < 30; i++)
        live.push(registry.register(alice, [Meter, Switch], meter(), { a: i % 4, b: String(i % 3) }));
      for (const one of steps) {
        if (one.do === 'add')
          live.push(registry.register(alice, combinations[one.contracts]!, meter(), one.properties));
        else if (one.do === 'ask') {
          const asked = ([Meter, Switch, undefined] as const)[one.contract] as Contract<unknown> | undefined;
          const expected = live
            .map((registration): ServiceReference => registration.reference)
            .filter(
              (reference) =>
                (!asked || reference.contracts.includes(asked.id)) &&
                parseFilter(one.filter).matches(reference.properties()),
            )
            .sort(compareReferences);
          assert.deepEqual(
            registry.references(asked, one.filter).map(({ id }) => id),
            expected.map(({ id }) => id),
            one.filter,
          );
          assert.equal(registry.reference(asked, one.filter), expected[0]);
        } else {
          const chosen = live[one.which % live.length];
          if (one.do === 'change') chosen?.setProperties(one.properties);
          else {
            chosen?.unregister();
            live = live.filter((registration) => registration !== chosen);
          }
        }
      }
      const all = live.map(({ reference }) => reference).sort(compareReferences);
      assert.deepEqual(registry.references(undefined), all);
    }),
    { numRuns: 60 },
  );
});

test('116 an indexed listener hears what an unindexed one would (property)', () => {
  fc.assert(
    fc.property(
      fc.array(query, { minLength: 1, maxLength: 8 }),
      fc.array(properties, { minLength: 1, maxLength: 8 }),
      (filters, states) => {
        const { registry } = newRegistry();
        const heard = filters.map(() => [] as string[]);
        const expected = filters.map(() => [] as string[]);
        filters.forEach((source, i) =>
          registry.listen(alice, ({ type }) => void heard[i]!.push(type), { filter: source }),
        );
        const registration = registry.register(alice, Meter, meter(), states[0]);
        const holds = () => filters.map((source) => parseFilter(source).matches(registration.reference.properties()));
        let before = holds();
        before.forEach((match, i) => match && expected[i]!.push('REGISTERED'));
        for (const state of states.slice(1)) {
          registration.setProperties(state);
          const after = holds();
          after.forEach((match, i) => {
            if (match) expected[i]!.push('MODIFIED');
            else if (before[i]) expected[i]!.push('MODIFIED_ENDMATCH');
          });
          before = after;
        }
        registration.unregister();
        before.forEach((match, i) => match && expected[i]!.push('UNREGISTERING'));
        assert.deepEqual(heard, expected);
      },
    ),
    { numRuns: 300 },
  );
});
