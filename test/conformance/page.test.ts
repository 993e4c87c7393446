import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkout } from '../support/node.js';
import { AREAS } from './items/index.js';
import { conformancePage, type Outcome } from './page.js';

const items = Object.values(AREAS).flat();

test('the page on conformance says what the items say; "npm run conformance" writes it anew', () => {
  const outcomes = new Map<number, Outcome>();
  for (const { number, differs, leftOut } of items) {
    const isTested: Outcome = differs === undefined ? 'passed' : 'differs on purpose';
    outcomes.set(number, leftOut === undefined ? isTested : 'left out');
  }
  assert.equal(readFileSync(join(checkout, 'docs/conformance.md'), 'utf8'), conformancePage(outcomes));
});

test('the list is whole: 334 items, each once, and none of the core left out', () => {
  assert.deepEqual(
    items.map(({ number }) => number),
    Array.from({ length: 334 }, (_, index) => index + 1),
  );
  assert.deepEqual(
    items.filter(({ mark, leftOut }) => mark === 'CORE' && leftOut !== undefined),
    [],
  );
  assert.equal(items.filter(({ mark }) => mark === 'CORE').length, 262);
});
