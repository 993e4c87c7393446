import assert from 'node:assert/strict';
import { rackwatt } from '../support/container.js';
import { item } from './item.js';
import { hub, Meter, meters, namesIn } from './meters.js';
import { bothStyles } from './styles.js';

const { many, one, optional } = rackwatt;

/** What the bundles below tell the test. */
const TOLD = Symbol.for('rackwatt.test.injected');
const told = ((globalThis as unknown as Record<symbol, unknown[]>)[TOLD] ??= []);

const COMMON = `
const told = globalThis[Symbol.for('rackwatt.test.injected')];
const Meter = contract<{ name: string }>('test/Meter', { major: 1, local: true });
`;

const IN_CLASS = `
import { contract, many, one, optional } from 'rackwatt';
import type { Bound, ComponentContext } from 'rackwatt';
import { Component, inject, Reference } from 'rackwatt/decorators';
${COMMON}
@Component({ name: 'hub' })
export class Hub {
  @Reference(one(Meter)) readonly later!: { name: string };
  constructor(
    @Reference(one(Meter, { target: '(room=a)' }), 'first') first: { name: string },
    @Reference(many(Meter)) all: readonly Bound<{ name: string }>[],
    @Reference(optional(Meter, { target: '(room=none)' }), 'missing') missing: { name: string } | undefined,
    @inject('config') config: { interval: number },
    @inject('context') context: ComponentContext,
  ) {
    told.push(first.name, all.map(({ service }) => service.name), missing, config.interval, context.name, this.later);
  }
}
`;

/** A plain object constructs its private parts, and finds in their arguments what a class finds in its constructor's. */
const IN_PART = `
import { component, contract, many, one, optional } from 'rackwatt';
${COMMON}
class Hub {}
export const hub = component({
  name: 'hub',
  references: {
    first: one(Meter, { target: '(room=a)' }),
    all: many(Meter),
    missing: optional(Meter, { target: '(room=none)' }),
  },
  wiring: {
    hub: ({ first, all, missing, config, context }) => {
      const { interval } = config as { interval: number };
      told.push(first.name, all.map(({ service }) => service.name), missing, interval, context.name, undefined);
      return new Hub();
    },
  },
  activate: ({ hub }) => void hub,
});
`;

for (const [variant, code] of [
  ['object', IN_PART],
  ['class', IN_CLASS],
] as const)
  item(
    219,
    async (t) => {
      const { c, register } = meters(t);
      told.length = 0;
      register('x', { room: 'b' });
      const y = register('y', { room: 'a' });
      c.configurations.set('hub', { pid: 'hub', values: { interval: 7 }, properties: {} });
      const root = c.write('hub', { 'index.ts': code }, { main: './index.ts' });
      const bundle = c.framework.install(await c.source(root), { startLevel: 1 });
      await c.framework.setStartLevel(1);
      await bundle.start();
      await c.settled();
      assert.equal(c.state('hub'), 'active', c.log.map(({ message }) => message).join());
      assert.deepEqual(told.splice(0), ['y', ['x', 'y'], undefined, 7, 'hub', undefined]);
      y.unregister();
      await c.settled();
      assert.equal(c.state('hub'), 'unsatisfied', 'what is injected is a reference like any other');
    },
    { variant },
  );

/** Without types a constructor may ask for what it cannot have: the component is left out, and the others of its bundle run. */
const DYNAMIC = `
const { contract, one } = require('rackwatt');
const { Component, Reference } = require('rackwatt/decorators');
const Meter = contract('test/Meter', { major: 1, local: true });
class Follows {}
Reference(one(Meter, { dynamic: true }), 'meter')(Follows, undefined, 0);
Component({ name: 'follows' })(Follows);
class Beside {}
Component({ name: 'beside' })(Beside);
module.exports = { Follows, Beside };
`;

item(
  219,
  async (t) => {
    const { c, register } = meters(t);
    register('x');
    await c.start('hub', DYNAMIC);
    await c.settled();
    assert.deepEqual([c.state('follows'), c.state('beside')], [undefined, 'active']);
    const message =
      'the description of follows cannot be used: reference "meter" is a parameter of its constructor, and cannot be dynamic: put it on a property';
    assert.ok(c.log.some((entry) => entry.level === 'error' && entry.message === message));
  },
  { variant: 'class' },
);

bothStyles(220, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const component = () => hub(style, optional(Meter), seen, { bind: {}, unbind: {} });
  const bundle = await style.start(c, 'hub', component());
  assert.deepEqual(seen.splice(0), ['up none'], 'undefined, not an object that is empty');
  register('x');
  await bundle.stop();
  seen.length = 0;
  await bundle.start();
  assert.deepEqual(seen, ['up x']);
});

bothStyles(218, async (t, style) => {
  const { c, register } = meters(t);
  register('x');
  let kept: Iterable<unknown> | undefined;
  let copy: unknown[] = [];
  const component = style.component({
    name: 'hub',
    references: { meter: many(Meter, { dynamic: true }) },
    activate({ references: { meter } }) {
      kept = meter;
      copy = [...meter];
    },
  });
  await style.start(c, 'hub', component);
  const seen: string[] = [];
  for (const _ of kept!) {
    if (seen.length === 0) register('y');
    seen.push(namesIn(kept));
  }
  assert.deepEqual(seen, ['x,y'], 'the collection changed, and what runs over it does not see that');
  assert.deepEqual([namesIn(kept), namesIn(copy)], ['x,y', 'x'], 'a copy stays as it was');
});

bothStyles(222, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const { Condition } = rackwatt;
  const holds = { describe: () => Promise.resolve('The network is up.') };
  const seen: string[] = [];
  const down = (reason: string) => void seen.push(`down ${reason}`);
  const free = style.component({
    name: 'free',
    activate: () => void seen.push('free up'),
    deactivate: (_, reason) => down(reason),
  });
  const own = style.component({
    name: 'own',
    references: { 'satisfying.condition': one(Condition, { target: '(condition.id=disk)' }) },
    activate: () => void seen.push('own up'),
  });
  await style.start(c, 'hub', free, own);
  assert.deepEqual(seen.splice(0), ['free up'], 'one condition always holds, unless another is declared');
  c.configure('free', { 'satisfying.condition.target': '(condition.id=network)' });
  await c.settled();
  assert.deepEqual([seen.splice(0), c.state('free')], [['down configuration-modified'], 'unsatisfied']);
  const network = registry.register(owner, Condition, holds, { 'condition.id': 'network' });
  registry.register(owner, Condition, holds, { 'condition.id': 'disk' });
  await c.settled();
  assert.deepEqual(seen.splice(0), ['free up', 'own up']);
  network.unregister();
  await c.settled();
  assert.deepEqual(seen.splice(0), ['down reference']);
  c.configure('free', undefined);
  await c.settled();
  assert.deepEqual(seen, ['free up']);
});
