import assert from 'node:assert/strict';
import type { References } from 'rackwatt';
import { describeComponent, rackwatt, TestContainer } from '../support/container.js';
import { Meter } from './meters.js';
import { bothStyles, type Described } from './styles.js';

const { one } = rackwatt;

const errorsIn = (c: TestContainer): string[] =>
  c.log.filter(({ level }) => level === 'error').map(({ message }) => message);

/** As code without types could write it. */
const untyped = (described: object): Described => described as Described;

bothStyles(168, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  const good = (name: string): Described => style.component({ name, activate: () => void seen.push(name) });
  const broken = untyped({ name: 'broken', references: { meter: { contract: Meter } } });
  const bundle = c.framework.install(await c.source(style.write(c, 'a', [good('first'), broken, good('last')])), {
    startLevel: 1,
  });
  await c.framework.setStartLevel(1);
  assert.deepEqual(seen, []);
  await bundle.start();
  assert.deepEqual(seen, ['first', 'last']);
  assert.deepEqual(errorsIn(c), [
    'the description of broken cannot be used: reference "meter" has the cardinality undefined',
  ]);
});

bothStyles(169, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  const references = (meter: object): References => ({ meter: { ...one(Meter), ...meter } }) as never;
  const wrong: [object, RegExp][] = [
    [{ name: '' }, /it has no name/],
    [{ references: { meter: { cardinality: '1..1', policy: 'static' } } }, /reference "meter" has no contract/],
    [{ references: references({ cardinality: '2..3' }) }, /reference "meter" has the cardinality 2..3/],
    [{ references: references({ policy: 'lively' }) }, /reference "meter" has the policy lively/],
    [{ provides: [{}] }, /"provides" must be a contract/],
    [{ configuration: { policy: 'sometimes' } }, /its configuration has the policy sometimes/],
    [{ provides: Meter, serviceScope: 'planet' }, /its service has the scope planet/],
    [{ provides: Meter, factory: 'f', serviceScope: 'bundle' }, /a factory component has no service scope/],
    [{ immediate: false }, /it provides nothing/],
  ];
  const all = wrong.map(([options], i) =>
    untyped({ name: `wrong${i}`, activate: () => void seen.push(`wrong ${i}`), ...options }),
  );
  const good = (name: string): Described => style.component({ name: 'good', activate: () => void seen.push(name) });
  await style.start(c, 'a', ...all, good('good'), good('its double'));
  assert.deepEqual(seen, ['good']);
  const errors = errorsIn(c);
  for (const [i, [, expected]] of wrong.entries()) assert.match(errors[i]!, expected);
  assert.match(errors.at(-1)!, /the description of good cannot be used: its bundle describes two of this name/);
  assert.equal(errors.length, wrong.length + 1);
});

bothStyles(170, async (t, style) => {
  const c = new TestContainer(t);
  const service = style.component({ name: 'plain', provides: Meter as never, references: { meter: one(Meter) } });
  const bundle = await style.start(c, 'a', service, style.component({ name: 'nothing' }));
  const [plain, nothing] = bundle.definitions.map(describeComponent);
  assert.deepEqual(plain, {
    name: 'plain',
    provides: ['test/Meter@1'],
    enabled: true,
    immediate: true,
    serviceScope: 'singleton',
    references: {
      meter: { contract: 'test/Meter@1', cardinality: '1..1', policy: 'static', greedy: false, scope: 'bundle' },
    },
    configuration: { pid: 'plain', policy: 'optional' },
  });
  assert.equal(nothing!.immediate, true);
  if (style.name === 'object') return;
  const decorated = `const { Component } = require('rackwatt/decorators');
    class Named {}
    Component({})(Named);
    exports.Named = Named;`;
  assert.equal((await c.start('named', decorated)).definitions.map(describeComponent)[0]!.name, 'Named');
});

bothStyles(171, async (t, style) => {
  const c = new TestContainer(t);
  const seen: unknown[] = [];
  c.configure('site', { a: 'site', b: 'site', c: 'site' });
  c.configure('device', { b: 'device', c: 'device' });
  c.configure('own', { c: 'own' });
  await style.start(
    c,
    'a',
    style.component({
      name: 'device',
      configuration: { pid: ['site', '$', 'own'] },
      activate: ({ config }) => void seen.push(config),
    }),
  );
  assert.deepEqual(seen, [{ a: 'site', b: 'device', c: 'own' }]);
});

bothStyles(179, async (t, style) => {
  const c = new TestContainer(t);
  const provides = Meter as never;
  for (const serviceScope of ['bundle', 'prototype'] as const)
    await style.start(
      c,
      serviceScope,
      style.component({ name: 'immediate', provides, serviceScope, immediate: true }),
      style.component({ name: 'factory', provides, serviceScope, factory: 'f' }),
      style.component({ name: 'fine', provides, serviceScope }),
    );
  assert.deepEqual(errorsIn(c), [
    'the description of immediate cannot be used: a service of scope bundle cannot be immediate',
    'the description of factory cannot be used: a factory component has no service scope',
    'the description of immediate cannot be used: a service of scope prototype cannot be immediate',
    'the description of factory cannot be used: a factory component has no service scope',
  ]);
  assert.equal(c.framework.registry.references(Meter).length, 2);
});

bothStyles(186, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  const activate = (name: string) => (): void => void seen.push(`up ${name}`);
  const bundle = await style.start(
    c,
    'a',
    style.component({ name: 'no activate', misnamed: ['activate'] }),
    style.component({
      name: 'no deactivate',
      misnamed: ['deactivate'],
      activate: ({ scope }) => {
        scope.add('mark', () => void seen.push('cleaned up'));
        seen.push('up no deactivate');
      },
    }),
    style.component({ name: 'no modified', misnamed: ['modified'], activate: activate('no modified') }),
  );
  assert.deepEqual(seen.splice(0), ['up no deactivate', 'up no modified']);
  assert.deepEqual(errorsIn(c), [
    'the description of no activate cannot be used: it has no function "activate"',
    '"deactivate" of no deactivate is no function: it goes down without',
  ]);
  c.configure('no modified', { interval: 1 });
  await c.settled();
  assert.deepEqual(seen.splice(0), ['up no modified']);
  await bundle.stop();
  assert.deepEqual(seen, ['cleaned up']);
});
