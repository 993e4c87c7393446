import assert from 'node:assert/strict';
import type { ComponentContext } from 'rackwatt';
import { rackwatt, TestContainer } from '../support/container.js';
import { Meter, meters, ranked } from './meters.js';
import { bothStyles } from './styles.js';

const { many, one, optional } = rackwatt;
const provides = Meter as never;

bothStyles(189, async (t, style) => {
  const { c, register } = meters(t);
  const contexts: Record<string, ComponentContext> = {};
  let early: unknown = 'not asked';
  register('low');
  register('high', ranked(5));
  await style.start(
    c,
    'acme',
    style.component({
      name: 'hub',
      provides,
      properties: { kind: 'hub' },
      references: {
        one: one(Meter),
        some: many(Meter, { dynamic: true }),
        none: optional(Meter, { target: '(kind=none)' }),
      },
      activate({ context }) {
        contexts['hub'] = context;
        early = context.serviceReference;
      },
    }),
    style.component({ name: 'other', enabled: false, activate: ({ context }) => void (contexts['other'] = context) }),
  );
  const hub = contexts['hub']!;
  assert.equal(early, undefined);
  assert.equal(hub.name, 'hub');
  assert.equal(hub.bundle.name, 'acme');
  assert.equal(hub.properties['kind'], 'hub');
  assert.equal((hub.locateService('one') as Meter).name, 'high');
  assert.deepEqual(
    hub.locateServices('some').map((meter) => (meter as Meter).name),
    ['high', 'low', undefined],
    'its own is among them, once it is registered',
  );
  assert.equal(hub.locateService('none'), undefined);
  assert.throws(() => hub.locateService('nowhere'), { code: 'REFERENCE_UNKNOWN', message: /no reference nowhere/ });
  assert.equal(hub.serviceReference, c.framework.registry.reference(Meter, '(kind=hub)'));
  assert.equal(hub.usingBundle, undefined);
  assert.equal(hub.instance, undefined);
  hub.enableComponent('other');
  await c.settled();
  assert.equal(contexts['other']?.name, 'other');
  contexts['other']!.disableComponent('other');
  await c.settled();
  assert.equal(c.state('other'), undefined);
});

bothStyles(190, async (t, style) => {
  const c = new TestContainer(t);
  const ids: unknown[] = [];
  const seen: unknown[][] = [];
  const named = (name: string) =>
    style.component({
      name,
      properties: { 'component.id': -1, 'Component.Name': 'someone else' },
      activate: ({ context }) => {
        ids.push(context.properties['component.id']);
        const keys = Object.keys(context.properties).filter((key) => key.toLowerCase().startsWith('component.'));
        seen.push([name, context.properties['component.name'], context.id === ids.at(-1), ...keys]);
      },
    });
  c.configure('b', { 'component.name': 'renamed', 'COMPONENT.ID': 7 });
  const bundle = await style.start(c, 'a', named('a'), named('b'));
  await style.start(c, 'c', named('c'));
  await bundle.stop();
  await bundle.start();
  for (const [name, told, isId, ...keys] of seen) {
    assert.equal(told, name);
    assert.ok(isId);
    assert.deepEqual(keys, ['component.name', 'component.id']);
  }
  assert.equal(ids.length, 5);
  for (const [i, id] of ids.entries()) assert.ok(typeof id === 'number' && (i === 0 || id > (ids[i - 1] as number)));
});

bothStyles(191, async (t, style) => {
  const c = new TestContainer(t);
  const seen: object[] = [];
  const values =
    (...names: string[]) =>
    (from: string) =>
      Object.fromEntries(names.map((name) => [name, from]));
  c.configure('first', values('b', 'C', 'd')('first'));
  c.configure('second', values('c', 'd')('second'));
  await style.start(
    c,
    'a',
    style.component({
      name: 'made',
      factory: 'made',
      properties: values('a', 'b', 'c', 'd')('description'),
      configuration: { pid: ['first', 'second'] },
      activate: ({ context: { properties } }) =>
        void seen.push({
          a: properties['a'],
          b: properties['b'],
          c: properties['c'],
          C: properties['C'],
          d: properties['D'],
        }),
    }),
  );
  const { registry } = c.framework;
  const factory = registry.get({ id: 901, name: 'user' }, registry.reference(rackwatt.ComponentFactory)!)!;
  await factory.newInstance({ D: 'newInstance' });
  assert.deepEqual(seen, [{ a: 'description', b: 'first', c: 'second', C: undefined, d: 'newInstance' }]);
});

bothStyles(192, async (t, style) => {
  const c = new TestContainer(t);
  const seen: unknown[] = [];
  for (const pid of ['site', 'meter~a', 'meter~b']) c.configure(pid, {});
  await style.start(
    c,
    'a',
    style.component({
      name: 'meter',
      configuration: { pid: ['site', '$'] },
      activate: ({ context }) => void seen.push(context.properties['service.pid']),
    }),
    style.component({
      name: 'site',
      activate: ({ context }) => void seen.push(context.properties['service.pid']),
    }),
  );
  assert.deepEqual(seen, [['site', 'meter~a'], ['site', 'meter~b'], 'site']);
});

bothStyles(193, async (t, style) => {
  const c = new TestContainer(t);
  let inside: object = {};
  c.configure('a', { '.hidden': 2, shown: 3 });
  await style.start(
    c,
    'acme',
    style.component({
      name: 'a',
      provides,
      properties: { '.secret': 1, room: 'b' },
      activate: ({ context }) => void (inside = context.properties),
    }),
  );
  const own = ['.secret', '.hidden', 'room', 'shown', 'component.name'];
  for (const key of own) assert.ok(key in inside, key);
  const reference = c.framework.registry.reference(Meter)!;
  assert.deepEqual(
    own.map((key) => reference.property(key)),
    [undefined, undefined, 'b', 3, 'a'],
  );
});
