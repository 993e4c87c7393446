import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeFilterValue, parseFilter } from '../support/registry.js';

test('a value of any kind can be put into a filter', () => {
  const hostile = ')(|(a=*)\\*(';
  assert.equal(parseFilter(`(a=${escapeFilterValue(hostile)})`).matches({ a: hostile }), true);
  assert.equal(parseFilter(`(a=${escapeFilterValue(hostile)})`).matches({ a: 'x' }), false);
});
