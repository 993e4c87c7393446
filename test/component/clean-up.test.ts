import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';

test('a disposer that throws or never settles keeps none of the others from being called', async (t) => {
  const c = new TestContainer(t, { patience: 100 });
  const undone: string[] = [];
  const set = c.components(
    'untidy',
    rackwatt.component({
      name: 'untidy',
      activate: ({ scope }) => {
        scope.add('first', () => void undone.push('first'));
        scope.add('second', async () => void undone.push('second'));
        scope.add('stuck', () => new Promise(() => undefined));
        scope.add('broken', () => {
          throw new RangeError('cannot undo');
        });
      },
    }),
  );
  await c.settled();
  assert.equal(c.state('untidy'), 'active');
  await c.framework.components.remove(set);
  assert.deepEqual(undone, ['second', 'first']);
  const warnings = c.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
  assert.deepEqual(warnings, [
    'clean-up failed: cannot undo',
    'clean-up failed: stuck of untidy is not undone in time; the rest went on without it',
  ]);
});
