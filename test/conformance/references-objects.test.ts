import assert from 'node:assert/strict';
import { rackwatt } from '../support/container.js';
import { hub, Meter, meters } from './meters.js';
import { bothStyles } from './styles.js';

type ServiceFactory = import('rackwatt').ServiceFactory<Meter>;
type Lookup = import('rackwatt').Lookup<Meter>;

const { many, one, optional } = rackwatt;

/** Makes meters `made 1`, `made 2` ..., and keeps what was made and given back. */
function factory(scope: 'bundle' | 'prototype', calls: string[]): ServiceFactory {
  let count = 0;
  return {
    scope,
    get(user) {
      calls.push(`get ${++count} for ${user.name}`);
      return { name: `made ${count}` };
    },
    release: (user, _, { name }) => void calls.push(`release ${name} of ${user.name}`),
  };
}

bothStyles(210, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const calls: string[] = [];
  registry.register(owner, Meter, factory('bundle', calls));
  const seen: string[] = [];
  const first = await style.start(
    c,
    'first',
    hub(style, one(Meter), seen, { name: 'a' }),
    hub(style, many(Meter, { scope: 'bundle' }), seen, { name: 'b' }),
  );
  await style.start(c, 'second', hub(style, one(Meter), seen));
  assert.deepEqual(
    seen.filter((line) => line.startsWith('up')),
    ['up made 1', 'up made 1', 'up made 2'],
  );
  assert.deepEqual(calls.splice(0), ['get 1 for first', 'get 2 for second']);
  await first.stop();
  assert.deepEqual(calls, ['release made 1 of first'], 'with the last of them');
});

bothStyles(210, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const calls: string[] = [];
  registry.register(owner, Meter, factory('prototype', calls));
  const seen: string[] = [];
  const components = ['a', 'b'].map((name) => hub(style, one(Meter), seen, { name }));
  await style.start(c, 'first', ...components);
  assert.deepEqual(calls, ['get 1 for first'], 'shared although it is a prototype');
});

bothStyles(211, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const calls: string[] = [];
  registry.register(owner, Meter, factory('prototype', calls), { kind: 'prototype' });
  registry.register(owner, Meter, factory('bundle', calls), { kind: 'shared' });
  const target = '(kind=prototype)';
  const own = (name: string) =>
    style.component({
      name,
      references: {
        meter: one(Meter, { scope: 'prototype', target }),
        same: many(Meter, { scope: 'prototype', target, dynamic: true }),
        shared: one(Meter, { scope: 'prototype', target: '(kind=shared)' }),
      },
      activate({ references: { meter, same, shared } }) {
        assert.deepEqual(
          Array.from(same, ({ service }) => service === meter),
          [true],
          'the same in all references',
        );
        seen.push(`${name} ${meter.name}`, shared.name);
      },
    });
  const seen: string[] = [];
  const bundle = await style.start(c, 'first', own('a'), own('b'));
  assert.deepEqual(seen, ['a made 1', 'made 1', 'b made 2', 'made 1']);
  assert.deepEqual(calls.splice(0), ['get 1 for first', 'get 1 for first', 'get 2 for first']);
  await bundle.stop();
  assert.deepEqual(
    calls.toSorted((x, y) => x.localeCompare(y)),
    ['release made 1 of first', 'release made 1 of first', 'release made 2 of first'],
  );
});

bothStyles(211, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const calls: string[] = [];
  const registration = registry.register(owner, Meter, factory('prototype', calls));
  const seen: string[] = [];
  await style.start(c, 'first', hub(style, many(Meter, { scope: 'prototype', dynamic: true }), seen));
  assert.deepEqual(calls.splice(0), ['get 1 for first']);
  registration.unregister();
  await c.settled();
  assert.deepEqual([seen, calls], [['+made 1', 'up made 1', '-made 1'], ['release made 1 of first']]);
});

bothStyles(211, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const calls: string[] = [];
  registry.register(owner, Meter, factory('prototype', calls), { room: 'a' });
  const options = { scope: 'prototype', dynamic: true } as const;
  const component = style.component({
    name: 'hub',
    references: { kept: many(Meter, options), dropped: many(Meter, options) },
    modified: () => undefined,
  });
  const bundle = await style.start(c, 'first', component);
  c.configure('hub', { 'dropped.target': '(room=b)' });
  await c.settled();
  assert.deepEqual(calls.splice(0), ['get 1 for first'], 'one reference still holds it');
  await bundle.stop();
  assert.deepEqual(calls, ['release made 1 of first']);
});

bothStyles(212, async (t, style) => {
  const { c, register, registry, owner } = meters(t);
  register('single');
  registry.register(owner, Meter, factory('bundle', []));
  const seen: string[] = [];
  await style.start(c, 'hub', hub(style, one(Meter, { scope: 'prototype-required', target: '(!(old=*))' }), seen));
  assert.equal(c.state('hub'), 'unsatisfied');
  registry.register(owner, Meter, factory('prototype', []), { old: true });
  assert.equal(c.state('hub'), 'unsatisfied', 'the target counts as well');
  registry.register(owner, Meter, factory('prototype', []));
  await c.settled();
  assert.deepEqual(seen, ['+made 1', 'up made 1']);
});

/** A factory that fails as long as it is told to. */
function moody(): { fails: boolean; calls: number; factory: ServiceFactory } {
  const state = {
    fails: true,
    calls: 0,
    factory: {
      scope: 'bundle' as const,
      get() {
        state.calls++;
        if (state.fails) throw new rackwatt.RackwattError('TEST', 'not in the mood');
        return { name: 'moody' };
      },
      release: () => undefined,
    },
  };
  return state;
}

bothStyles(216, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const provider = moody();
  const registration = registry.register(owner, Meter, provider.factory);
  const seen = { mandatory: [] as string[], optional: [] as string[], many: [] as string[] };
  const components = [
    hub(style, one(Meter), seen.mandatory, { name: 'mandatory' }),
    hub(style, optional(Meter), seen.optional, { name: 'optional' }),
    hub(style, many(Meter), seen.many, { name: 'many' }),
  ];
  await style.start(c, 'hub', ...components);
  await c.settled();
  assert.deepEqual(seen, { mandatory: [], optional: ['up none'], many: ['up none'] });
  assert.equal(c.state('mandatory'), 'failed');
  assert.ok(
    c.errors.some((message) => message.includes('not in the mood')),
    c.errors.join(),
  );
  const error = c.log.find(({ level, component }) => level === 'error' && component === 'mandatory');
  assert.equal(error?.message, 'reference "meter": no provider of test/Meter@1 gives its service');
  provider.fails = false;
  registration.setProperties({ mood: 'better' });
  await c.settled();
  assert.deepEqual(seen.mandatory, ['+moody', 'up moody']);
});

bothStyles(216, async (t, style) => {
  const { c, register, registry, owner } = meters(t);
  registry.register(owner, Meter, moody().factory);
  register('second');
  const seen: string[] = [];
  await style.start(c, 'hub', hub(style, one(Meter), seen));
  assert.deepEqual(seen, ['+second', 'up second'], 'the next best counts');
});

bothStyles(217, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const calls: string[] = [];
  const registration = registry.register(owner, Meter, factory('bundle', calls));
  let found: Lookup | undefined;
  let all: (() => readonly { service: Meter }[] | undefined) | undefined;
  const component = style.component({
    name: 'hub',
    references: { meter: one(Meter, { lookup: true }), all: many(Meter, { lookup: true }) },
    activate({ references }) {
      found = references.meter;
      all = references.all;
    },
  });
  await style.start(c, 'hub', component);
  assert.deepEqual([c.state('hub'), calls], ['active', []], 'nothing is got before it is looked up');
  assert.equal(found?.()?.name, 'made 1');
  assert.equal(found?.(), all?.()?.[0]?.service, 'the object of the bundle');
  assert.deepEqual(calls.splice(0), ['get 1 for hub']);
  registration.unregister();
  await c.settled();
  assert.deepEqual([calls, c.state('hub')], [['release made 1 of hub'], 'unsatisfied']);
  assert.deepEqual([found?.(), all?.()], [undefined, []]);
});

bothStyles(217, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const provider = moody();
  registry.register(owner, Meter, provider.factory);
  let found: Lookup | undefined;
  const component = style.component({
    name: 'hub',
    references: { meter: one(Meter, { lookup: true }) },
    activate: ({ references }) => void (found = references.meter),
  });
  await style.start(c, 'hub', component);
  assert.deepEqual([c.state('hub'), provider.calls], ['active', 0]);
  assert.equal(found?.(), undefined);
  provider.fails = false;
  assert.equal(found?.()?.name, 'moody', 'asked again');
});
