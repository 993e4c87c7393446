import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestContainer } from '../support/container.js';

test('who uses a contract that will go is told so at the start, once a contract, with what to use instead', async (t) => {
  const c = new TestContainer(t);
  await c.start(
    'user',
    `const { component, contract, optional } = require('rackwatt');
     const Old = contract('test/Old', { major: 1, methods: ['read'], deprecated: 'use test/Old@2; this one goes with test 3.0.0' });
     const New = contract('test/Old', { major: 2, methods: ['read'] });
     exports.a = component({ name: 'user.a', references: { old: optional(Old), other: optional(New) }, activate() {} });
     exports.b = component({ name: 'user.b', references: { old: optional(Old) }, activate() {} });`,
  );
  await c.settled();
  const warnings = c.log.filter(({ level }) => level === 'warn');
  assert.deepEqual(warnings, [
    {
      level: 'warn',
      bundle: 'user',
      component: 'user.a',
      message: 'uses test/Old@1, which is deprecated: use test/Old@2; this one goes with test 3.0.0',
    },
  ]);
});
