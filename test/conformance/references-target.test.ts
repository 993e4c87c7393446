import assert from 'node:assert/strict';
import { rackwatt } from '../support/container.js';
import { hub, Meter, meters, ranked } from './meters.js';
import { bothStyles } from './styles.js';

const { AnyService, many, one, optional } = rackwatt;

bothStyles(205, async (t, style) => {
  const { c, register } = meters(t);
  const meter = register('x', { room: 'a', watts: 1 });
  const kept: string[] = [];
  const followed: string[] = [];
  const properties: unknown[] = [];
  const target = '(room=a)';
  const components = [
    hub(style, one(Meter, { target }), kept, {
      name: 'kept',
      updated: {
        meter: ({ service, properties: now, reference }) => {
          kept.push(`~${service.name}`);
          properties.push(now['watts'], reference.property('watts'));
        },
      },
    }),
    hub(style, many(Meter, { target, dynamic: true }), followed, { name: 'followed' }),
  ];
  await style.start(c, 'hub', ...components);
  meter.setProperties({ room: 'a', watts: 2 });
  await c.settled();
  for (const seen of [kept, followed]) assert.deepEqual(seen, ['+x', 'up x', '~x']);
  assert.deepEqual(properties, [2, 2]);
});

bothStyles(206, async (t, style) => {
  const { c, register } = meters(t);
  const meter = register('x', { room: 'a' });
  const [fixed, followed]: [string[], string[]] = [[], []];
  const target = '(room=a)';
  const components = [
    hub(style, one(Meter, { target }), fixed, { name: 'fixed' }),
    hub(style, many(Meter, { target, dynamic: true }), followed, { name: 'followed' }),
  ];
  await style.start(c, 'hub', ...components);
  meter.setProperties({ room: 'b' });
  await c.settled();
  assert.deepEqual(fixed.splice(0), ['+x', 'up x', 'down reference', '-x']);
  assert.deepEqual(followed.splice(0), ['+x', 'up x', '-x']);
  meter.setProperties({ room: 'a' });
  await c.settled();
  assert.deepEqual([fixed, followed], [['+x', 'up x'], ['+x']]);
});

bothStyles(207, async (t, style) => {
  const { c, register } = meters(t);
  const first = register('first', ranked(1));
  const second = register('second');
  const seen = { reluctant: [] as string[], patient: [] as string[], greedy: [] as string[], live: [] as string[] };
  const components = [
    hub(style, one(Meter), seen.reluctant, { name: 'reluctant' }),
    hub(style, one(Meter, { dynamic: true }), seen.patient, { name: 'patient' }),
    hub(style, one(Meter, { greedy: true }), seen.greedy, { name: 'greedy' }),
    hub(style, one(Meter, { greedy: true, dynamic: true }), seen.live, { name: 'live' }),
  ];
  await style.start(c, 'hub', ...components);
  const empty = (): void => Object.values(seen).forEach((each) => void (each.length = 0));
  empty();
  second.setProperties(ranked(2));
  await c.settled();
  const restarted = (before: string, now: string) => ['down reference', `-${before}`, `+${now}`, `up ${now}`];
  assert.deepEqual(seen, {
    reluctant: [],
    patient: [],
    greedy: restarted('first', 'second'),
    live: ['+second', '-first'],
  });
  empty();
  // The one that is bound falls behind.
  second.setProperties(ranked(0));
  await c.settled();
  assert.deepEqual(seen, {
    reluctant: [],
    patient: [],
    greedy: ['~second', ...restarted('second', 'first')],
    live: ['~second', '+first', '-second'],
  });
  empty();
  first.setProperties(ranked(5));
  await c.settled();
  for (const each of Object.values(seen)) assert.deepEqual(each, ['~first'], 'still the best');
});

bothStyles(208, async (t, style) => {
  const { c, register } = meters(t);
  register('x', { room: 'a' });
  register('y', { room: 'b' });
  const seen: string[] = [];
  await style.start(c, 'hub', hub(style, one(Meter, { target: '(room=a)' }), seen));
  assert.deepEqual(seen.splice(0), ['+x', 'up x']);
  c.configure('hub', { 'meter.target': '(room=b)' });
  await c.settled();
  assert.deepEqual(seen.splice(0), ['down configuration-modified', '-x', '+y', 'up y']);
  c.configure('hub', { 'meter.target': '(room=c)' });
  await c.settled();
  assert.deepEqual([seen.splice(0), c.state('hub')], [['down configuration-modified', '-y'], 'unsatisfied']);
  c.configure('hub', { 'meter.target': '(room' });
  await c.settled();
  assert.equal(c.state('hub'), 'unsatisfied');
  assert.ok(c.log.some(({ level, message }) => level === 'error' && message.includes('(room cannot be read')));
  c.configure('hub', undefined);
  await c.settled();
  assert.deepEqual(seen, ['+x', 'up x']);
});

bothStyles(208, async (t, style) => {
  const { c, register } = meters(t);
  register('x', { room: 'a' });
  register('y', { room: 'b' });
  register('z', { room: 'b' });
  const [live, fixed]: [string[], string[]] = [[], []];
  const modified = (seen: string[]) => () => void seen.push('modified');
  const components = [
    hub(style, many(Meter, { target: '(room=a)', dynamic: true }), live, { name: 'live', modified: modified(live) }),
    hub(style, many(Meter, { target: '(room=b)' }), fixed, { name: 'fixed', modified: modified(fixed) }),
  ];
  await style.start(c, 'hub', ...components);
  assert.deepEqual(
    [live.splice(0), fixed.splice(0)],
    [
      ['+x', 'up x'],
      ['+y', '+z', 'up y,z'],
    ],
  );
  for (const name of ['live', 'fixed']) c.configure(name, { 'meter.target': '(room=*)' });
  await c.settled();
  assert.deepEqual([live.splice(0), fixed.splice(0)], [['modified', '+y', '+z'], ['modified']], 'taken alive');
  for (const name of ['live', 'fixed']) c.configure(name, { 'meter.target': '(|(room=a)(room=c))' });
  await c.settled();
  assert.deepEqual(live, ['modified', '-y', '-z']);
  assert.deepEqual(fixed, ['down configuration-modified', '-z', '-y', '+x', 'up x']);
});

bothStyles(209, async (t, style) => {
  const { c, register } = meters(t);
  const minimum = (value: unknown) => ({ 'meter.cardinality.minimum': value });
  const seen = { any: [] as string[], some: [] as string[], maybe: [] as string[], must: [] as string[] };
  const components = [
    hub(style, many(Meter), seen.any, { name: 'any' }),
    hub(style, many(Meter, { atLeastOne: true }), seen.some, { name: 'some' }),
    hub(style, optional(Meter), seen.maybe, { name: 'maybe' }),
    hub(style, one(Meter), seen.must, { name: 'must' }),
  ];
  c.configure('any', minimum(3));
  for (const name of ['some', 'must']) c.configure(name, minimum(0));
  c.configure('maybe', minimum(1));
  await style.start(c, 'hub', ...components);
  assert.deepEqual(seen, { any: [], some: [], maybe: [], must: [] });
  register('x');
  register('y');
  await c.settled();
  const x = ['+x', 'up x'];
  assert.deepEqual(seen, { any: [], some: x, maybe: x, must: x }, 'raised to one; not lowered to none');
  register('z');
  await c.settled();
  assert.deepEqual(seen.any.splice(0), ['+x', '+y', '+z', 'up x,y,z']);
  for (const invalid of [-1, 1.5, 'two', null]) {
    c.configure('any', minimum(invalid));
    c.configure('maybe', minimum(2));
    await c.settled();
    assert.deepEqual([c.state('any'), c.state('maybe')], ['active', 'active'], String(invalid));
  }
});

bothStyles(209, async (t, style) => {
  const { c, register } = meters(t);
  const [x] = [register('x'), register('y')];
  const seen: string[] = [];
  c.configure('hub', { 'meter.cardinality.minimum': 2 });
  await style.start(c, 'hub', hub(style, many(Meter, { dynamic: true }), seen));
  assert.deepEqual(seen.splice(0), ['+x', '+y', 'up x,y']);
  x.unregister();
  await c.settled();
  assert.deepEqual(seen, ['down reference', '-y', '-x'], 'one less than the minimum');
});

bothStyles(221, async (t, style) => {
  const { c, register, registry, owner } = meters(t);
  const Valve = rackwatt.contract<{ name: string }>('test/Valve', { major: 1, local: true });
  registry.register(owner, Valve, { name: 'valve' }, { room: 'a' });
  register('meter', { room: 'a' });
  register('elsewhere', { room: 'b' });
  const seen = { all: [] as string[], mandatory: [] as string[], optional: [] as string[] };
  const any = AnyService as typeof Meter;
  const components = [
    hub(style, many(any, { target: '(room=a)' }), seen.all, { name: 'all' }),
    hub(style, one(any), seen.mandatory, { name: 'mandatory' }),
    hub(style, many(any), seen.optional, { name: 'optional' }),
  ];
  await style.start(c, 'hub', ...components);
  register('late', { room: 'b' });
  await c.settled();
  assert.deepEqual(seen, { all: ['+valve', '+meter', 'up valve,meter'], mandatory: [], optional: ['up none'] });
  c.configure('mandatory', { 'meter.target': '(room=b)' });
  await c.settled();
  assert.deepEqual(seen.mandatory, ['+elsewhere', 'up elsewhere']);
});
