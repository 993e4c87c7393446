import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from 'rackwatt';

test('what a disposer adds while the scope closes is undone at once', async () => {
  const scope = new Scope('closing');
  const undone: string[] = [];
  scope.add('first', () => void undone.push('first'));
  scope.add('last', () => {
    assert.equal(scope.closed, true);
    scope.add('late', () => void undone.push('late'));
  });
  assert.deepEqual(await scope.close(), []);
  assert.deepEqual(undone, ['late', 'first']);
  assert.deepEqual(scope.effects(), []);
});

test('a scope inside another is closed with it, and forgotten by it once closed by itself', async () => {
  const outer = new Scope('outer');
  const undone: string[] = [];
  const one = outer.child('one');
  const other = outer.child('other');
  for (const scope of [one, other])
    scope.add('effect', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      undone.push(scope.label);
    });
  await one.close();
  assert.deepEqual(outer.effects(), ['other']);
  await outer.close();
  assert.deepEqual(undone, ['one', 'other']);
});
