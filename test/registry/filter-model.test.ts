import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { escapeFilterValue, parseFilter } from '../support/registry.js';
import { alice, Meter, meter, newRegistry } from './support.js';

type Tree =
  | { is: '&'; parts: readonly Tree[] }
  | { is: '|'; parts: readonly Tree[] }
  | { is: '!'; part: Tree }
  | { is: '=' | '~=' | '>=' | '<='; name: string; value: string }
  | { is: 'like'; name: string; pieces: readonly string[] };
type Single = string | number | bigint | boolean;
type Given = Readonly<Record<string, Single | readonly Single[] | null>>;

const name = fc.constantFrom('a', 'A', 'b', 'long name', 'x.y', 'absent');
const word = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0',
    '1',
    ' 1',
    '1.0',
    '1e0',
    '-1',
    '2.5',
    '9007199254740993',
    'true',
    'TRUE',
    ' false',
    'x',
  ),
  fc.constantFrom('X', 'xy', 'x y', 'yx', '*', '(', ')', '\\', 'é', '0x1', 'NaN', 'Infinity'),
  fc.string({ unit: fc.constantFrom('x', 'y', '*', '1', ' '), maxLength: 4 }),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ is: fc.constantFrom('=', '=', '~=', '>=', '<='), name, value: word }),
    fc.record({ is: fc.constant('like'), name, pieces: fc.array(word, { minLength: 2, maxLength: 4 }) }),
    fc.record({ is: fc.constantFrom('&', '|'), parts: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ is: fc.constant('!'), part: tie('tree') }),
  ) as fc.Arbitrary<Tree>,
}));
const single: fc.Arbitrary<Single> = fc.oneof(
  word,
  fc.constantFrom<Single>(0, 1, -1, 2.5, Infinity, 9007199254740992, 1n, 9007199254740993n, true, false),
);
const properties = fc.dictionary(
  fc.constantFrom('a', 'B', 'Long Name', 'x.y'),
  fc.oneof(single, fc.array(single, { maxLength: 3 }), fc.constant(null)),
  { noNullPrototype: true },
) as fc.Arbitrary<Given>;

function print(node: Tree): string {
  if (node.is === '&' || node.is === '|') return `(${node.is}${node.parts.map(print).join('')})`;
  if (node.is === '!') return `(!${print(node.part)})`;
  if (node.is === 'like') return `(${node.name}=${node.pieces.map(escapeFilterValue).join('*')})`;
  return `(${node.name}${node.is}${escapeFilterValue(node.value)})`;
}

/** The meaning of a filter, as plainly as it can be said. */
function holds(node: Tree, given: Given): boolean {
  if (node.is === '&') return node.parts.every((part) => holds(part, given));
  if (node.is === '|') return node.parts.some((part) => holds(part, given));
  if (node.is === '!') return !holds(node.part, given);
  const [, found] = Object.entries(given).find(([key]) => key.toLowerCase() === node.name.toLowerCase()) ?? [];
  if (found === undefined || found === null) return false;
  if (node.is === 'like' && node.pieces.length === 2 && node.pieces.join('') === '') return true;
  return listOf(found).some((value) => (node.is === 'like' ? isLike(value, node.pieces) : compares(value, node)));
}

function listOf(value: Single | readonly Single[]): readonly Single[] {
  return typeof value === 'object' ? value : [value];
}

function isLike(value: Single, pieces: readonly string[]): boolean {
  if (typeof value !== 'string') return false;
  const pattern = pieces.map((piece) => piece.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('[^]*');
  return new RegExp(`^${pattern}$`).test(value);
}

function compares(value: Single, { is, value: text }: { is: string; value: string }): boolean {
  if (typeof value === 'boolean') return text.trim().toLowerCase() === String(value);
  if (typeof value === 'string') {
    const bare = (one: string) => one.replaceAll(/\s/g, '').toLowerCase();
    if (is === '~=') return bare(value) === bare(text);
    return is === '=' ? value === text : is === '>=' ? value >= text : value <= text;
  }
  const trimmed = text.trim();
  const isWhole = typeof value === 'bigint' && /^[+-]?\d+$/.test(trimmed);
  const operand = isWhole ? BigInt(trimmed) : trimmed === '' || trimmed.includes('x') ? Number.NaN : Number(trimmed);
  if (Number.isNaN(operand)) return false;
  const [below, above] = [value < operand, value > operand];
  return is === '>=' ? !below : is === '<=' ? !above : !below && !above;
}

test('136 a filter says what its plain meaning says, on a map and on a service (property)', () => {
  fc.assert(
    fc.property(tree, properties, (node, given) => {
      const text = print(node);
      const expected = holds(node, given);
      assert.equal(parseFilter(text).matches(given), expected, text);
      const { registry } = newRegistry();
      const { reference } = registry.register(alice, Meter, meter(), given);
      assert.equal(parseFilter(text).matchesReference(reference), expected, text);
    }),
    { numRuns: 5000 },
  );
});

test('107 among many services a filter finds those that it means, whichever index is asked (property)', () => {
  fc.assert(
    fc.property(
      fc.array(properties, { minLength: 40, maxLength: 60 }),
      fc.array(tree, { maxLength: 12 }),
      (all, trees) => {
        const { registry } = newRegistry();
        const references = all.map((given) => registry.register(alice, Meter, meter(), given).reference);
        for (const node of trees) {
          const expected = references.filter((_, i) => holds(node, all[i]!));
          const found = registry.references(Meter, print(node));
          assert.deepEqual(
            found.map(({ id }) => id),
            expected.map(({ id }) => id),
            print(node),
          );
        }
      },
    ),
    { numRuns: 100 },
  );
});
