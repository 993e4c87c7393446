import assert from 'node:assert/strict';
import { rackwatt } from '../support/container.js';
import { hub, Meter, meters, ranked } from './meters.js';
import { bothStyles } from './styles.js';

const { many, one, optional } = rackwatt;

bothStyles(195, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const bundle = await style.start(c, 'hub', hub(style, optional(Meter), seen));
  assert.deepEqual(seen.splice(0), ['up none']);
  await bundle.stop();
  register('low');
  register('best', ranked(2));
  register('middle', ranked(1));
  seen.length = 0;
  await bundle.start();
  assert.deepEqual(seen, ['+best', 'up best']);
});

bothStyles(196, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const bundle = await style.start(c, 'hub', hub(style, one(Meter), seen));
  assert.deepEqual([c.state('hub'), seen], ['unsatisfied', []]);
  const low = register('low');
  await c.settled();
  assert.deepEqual(seen.splice(0), ['+low', 'up low']);
  await bundle.stop();
  register('older', ranked(5));
  register('younger', ranked(5));
  seen.length = 0;
  await bundle.start();
  assert.deepEqual(seen.splice(0), ['+older', 'up older']);
  low.setProperties(ranked(6));
  await bundle.stop();
  seen.length = 0;
  await bundle.start();
  assert.deepEqual(seen, ['+low', 'up low']);
});

bothStyles(197, async (t, style) => {
  const { c, register } = meters(t);
  const all: string[] = [];
  const some: string[] = [];
  const components = [
    hub(style, many(Meter), all, { name: 'all' }),
    hub(style, many(Meter, { atLeastOne: true }), some, { name: 'some' }),
  ];
  const bundle = await style.start(c, 'hub', ...components);
  assert.deepEqual([all.splice(0), some], [['up none'], []]);
  assert.equal(c.state('some'), 'unsatisfied');
  await bundle.stop();
  register('x');
  register('y', ranked(1));
  register('z');
  all.length = 0;
  await bundle.start();
  for (const seen of [all, some]) assert.deepEqual(seen, ['+y', '+x', '+z', 'up y,x,z']);
});

bothStyles(198, async (t, style) => {
  const { c, register } = meters(t);
  const first = register('first');
  const [unary, several]: [string[], string[]] = [[], []];
  const components = [
    hub(style, one(Meter), unary, { name: 'unary' }),
    hub(style, many(Meter), several, { name: 'several' }),
  ];
  await style.start(c, 'hub', ...components);
  const second = register('second');
  await c.settled();
  assert.deepEqual(
    [unary.splice(0), several.splice(0)],
    [
      ['+first', 'up first'],
      ['+first', 'up first'],
    ],
  );
  first.unregister();
  await c.settled();
  const replaced = ['down reference', '-first', '+second', 'up second'];
  assert.deepEqual([unary.splice(0), several.splice(0)], [replaced, replaced]);
  second.unregister();
  await c.settled();
  const gone = ['down reference', '-second'];
  assert.deepEqual([unary, several], [gone, [...gone, 'up none']]);
  assert.equal(c.state('unary'), 'unsatisfied');
});

bothStyles(199, async (t, style) => {
  const { c, register } = meters(t);
  const seen = { one: [] as string[], optional: [] as string[], many: [] as string[] };
  const components = [
    hub(style, one(Meter), seen.one, { name: 'one' }),
    hub(style, optional(Meter), seen.optional, { name: 'optional' }),
    hub(style, many(Meter), seen.many, { name: 'many' }),
  ];
  register('first');
  await style.start(c, 'hub', ...components);
  register('better', ranked(9));
  register('further');
  await c.settled();
  for (const each of Object.values(seen)) assert.deepEqual(each, ['+first', 'up first']);
});

bothStyles(199, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  await style.start(c, 'hub', hub(style, optional(Meter), seen));
  register('additional');
  await c.settled();
  assert.deepEqual(seen, ['up none'], 'an empty static reference stays so');
});

bothStyles(200, async (t, style) => {
  const { c, register } = meters(t);
  const greedy = { greedy: true } as const;
  const seen = { one: [] as string[], optional: [] as string[], many: [] as string[], some: [] as string[] };
  const components = [
    hub(style, one(Meter, greedy), seen.one, { name: 'one' }),
    hub(style, optional(Meter, greedy), seen.optional, { name: 'optional' }),
    hub(style, many(Meter, greedy), seen.many, { name: 'many' }),
    hub(style, many(Meter, { ...greedy, atLeastOne: true }), seen.some, { name: 'some' }),
  ];
  await style.start(c, 'hub', ...components);
  register('first');
  await c.settled();
  const up = ['+first', 'up first'];
  const again = ['up none', 'down reference', ...up];
  assert.deepEqual(seen, { one: up, optional: again, many: again, some: up });
  for (const each of Object.values(seen)) each.length = 0;
  register('lower', ranked(-1));
  await c.settled();
  const both = ['down reference', '-first', '+first', '+lower', 'up first,lower'];
  assert.deepEqual(seen, { one: [], optional: [], many: both, some: both });
  for (const each of Object.values(seen)) each.length = 0;
  register('better', ranked(1));
  await c.settled();
  const better = ['down reference', '-first', '+better', 'up better'];
  const all = ['down reference', '-lower', '-first', '+better', '+first', '+lower', 'up better,first,lower'];
  assert.deepEqual(seen, { one: better, optional: better, many: all, some: all });
});

bothStyles(201, async (t, style) => {
  const { c, register } = meters(t);
  const dynamic = { dynamic: true } as const;
  const seen = { one: [] as string[], optional: [] as string[], many: [] as string[] };
  const components = [
    hub(style, one(Meter, dynamic), seen.one, { name: 'one' }),
    hub(style, optional(Meter, dynamic), seen.optional, { name: 'optional' }),
    hub(style, many(Meter, dynamic), seen.many, { name: 'many' }),
  ];
  await style.start(c, 'hub', ...components);
  assert.deepEqual(seen, { one: [], optional: ['up none'], many: ['up none'] });
  register('first');
  register('better', ranked(1));
  await c.settled();
  assert.deepEqual(seen, {
    one: ['+first', 'up first'],
    optional: ['up none', '+first'],
    many: ['up none', '+first', '+better'],
  });
});

bothStyles(202, async (t, style) => {
  const { c, register } = meters(t);
  const options = { dynamic: true, greedy: true } as const;
  const seen = { one: [] as string[], optional: [] as string[], many: [] as string[] };
  const components = [
    hub(style, one(Meter, options), seen.one, { name: 'one' }),
    hub(style, optional(Meter, options), seen.optional, { name: 'optional' }),
    hub(style, many(Meter, options), seen.many, { name: 'many' }),
  ];
  register('first');
  await style.start(c, 'hub', ...components);
  register('lower', ranked(-1));
  register('better', ranked(1));
  await c.settled();
  const unary = ['+first', 'up first', '+better', '-first'];
  assert.deepEqual(seen, { one: unary, optional: unary, many: ['+first', 'up first', '+lower', '+better'] });
});

bothStyles(203, async (t, style) => {
  const { c, register } = meters(t);
  const first = register('first');
  const seen: string[] = [];
  let live: { service: Meter | undefined } | undefined;
  const component = hub(style, one(Meter, { dynamic: true }), seen, {
    activate: ({ references }) => void (live = references.meter as typeof live),
  });
  await style.start(c, 'hub', component);
  const second = register('second');
  first.unregister();
  await c.settled();
  assert.deepEqual(seen.splice(0), ['+first', '+second', '-first'], 'the new one first, and no restart');
  assert.equal(live?.service?.name, 'second', 'what it holds is the new one');
  second.unregister();
  await c.settled();
  assert.deepEqual([seen, c.state('hub')], [['down reference', '-second'], 'unsatisfied']);
});

bothStyles(204, async (t, style) => {
  const { c, register } = meters(t);
  const [any, some]: [string[], string[]] = [[], []];
  const components = [
    hub(style, many(Meter, { dynamic: true }), any, { name: 'any' }),
    hub(style, many(Meter, { dynamic: true, atLeastOne: true }), some, { name: 'some' }),
  ];
  const [x, y] = [register('x'), register('y')];
  await style.start(c, 'hub', ...components);
  x.unregister();
  assert.deepEqual([any.splice(0), some.splice(0)], Array(2).fill(['+x', '+y', 'up x,y', '-x']));
  y.unregister();
  await c.settled();
  assert.deepEqual([any, some], [['-y'], ['down reference', '-y']]);
  assert.deepEqual([c.state('any'), c.state('some')], ['active', 'unsatisfied']);
});
