import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';

const { component, contract, many, one, optional } = rackwatt;

interface Meter {
  name: string;
}
const Meter = contract<Meter>('test/Meter', { major: 1, local: true });
const OWNER = { id: 7, name: 'outside' };

function container(t: TestContext) {
  const c = new TestContainer(t);
  const register = (name: string, properties: Record<string, string | number> = {}) =>
    c.framework.registry.register(OWNER, Meter, { name }, properties);
  return { c, register };
}

/** A component that writes down what happens to it. */
function recorder(name: string, reference: Record<string, ReturnType<typeof one>>, seen: string[], extra: object = {}) {
  return component({
    name,
    references: reference as never,
    activate(cradle: never) {
      const value = (cradle as Record<string, unknown>)['meter'];
      const text = Array.isArray(value)
        ? value.map((bound: { service: Meter }) => bound.service.name).join('+')
        : ((value as Meter | undefined)?.name ?? 'none');
      seen.push(`up ${text}`);
    },
    deactivate: (_instance, reason) => void seen.push(`down ${reason}`),
    ...extra,
  });
}

test('196 a 1..1 reference is bound to the highest ranking, then the oldest', async (t) => {
  const { c, register } = container(t);
  register('low');
  register('high', { 'service.ranking': 5 });
  const seen: string[] = [];
  c.components('a', recorder('a', { meter: one(Meter) as never }, seen));
  await c.settled();
  assert.deepEqual(seen, ['up high']);
});

test('195 a 0..1 reference is satisfied by none', async (t) => {
  const { c } = container(t);
  const seen: string[] = [];
  c.components('a', recorder('a', { meter: optional(Meter) as never }, seen));
  assert.deepEqual(seen, ['up none']);
});

test('197 0..n binds all targets in order, 1..n wants at least one', async (t) => {
  const { c, register } = container(t);
  register('x');
  register('y', { 'service.ranking': 1 });
  const seen: string[] = [];
  c.components('a', recorder('a', { meter: many(Meter) as never }, seen));
  assert.deepEqual(seen, ['up y+x']);
  const other: string[] = [];
  const set = c.components(
    'b',
    recorder(
      'b',
      { meter: many(contract<Meter>('test/Other', { major: 1, local: true }), { atLeastOne: true }) as never },
      other,
    ),
  );
  assert.deepEqual(other, []);
  assert.equal([...set.instances][0]?.state, 'unsatisfied');
});

test('198 losing a statically bound service restarts the component with a replacement', async (t) => {
  const { c, register } = container(t);
  const first = register('first');
  register('second');
  const seen: string[] = [];
  c.components('a', recorder('a', { meter: one(Meter) as never }, seen));
  first.unregister();
  await c.settled();
  assert.deepEqual(seen, ['up first', 'down reference', 'up second']);
});

test('199 static reluctant ignores a better service; 200 static greedy restarts for it', async (t) => {
  const { c, register } = container(t);
  register('first');
  const reluctant: string[] = [];
  const greedy: string[] = [];
  c.components(
    'a',
    recorder('a', { meter: one(Meter) as never }, reluctant),
    recorder('b', { meter: one(Meter, { greedy: true }) as never }, greedy),
  );
  register('better', { 'service.ranking': 9 });
  await c.settled();
  assert.deepEqual(reluctant, ['up first']);
  assert.deepEqual(greedy, ['up first', 'down reference', 'up better']);
});

test('203 a dynamic 1..1 reference follows a replacement, the same instance lives on', async (t) => {
  const { c, register } = container(t);
  const first = register('first');
  const changes: string[] = [];
  let live: { service: Meter | undefined } | undefined;
  c.components(
    'a',
    component({
      name: 'a',
      references: { meter: one(Meter, { dynamic: true }) },
      activate({ meter }) {
        live = meter;
        meter.onChange(() => changes.push(meter.service?.name ?? 'none'));
      },
      deactivate: () => void changes.push('down'),
    }),
  );
  register('second');
  first.unregister();
  await c.settled();
  assert.equal(live?.service?.name, 'second');
  assert.equal(changes.at(-1), 'second');
  assert.ok(!changes.includes('down') && !changes.includes('none'), changes.join());
});

test('203 a dynamic 1..1 reference without a replacement takes the component down', async (t) => {
  const { c, register } = container(t);
  const only = register('only');
  const seen: string[] = [];
  c.components(
    'a',
    component({
      name: 'a',
      references: { meter: one(Meter, { dynamic: true }) },
      activate: () => void seen.push('up'),
      deactivate: (_, reason) => void seen.push(`down ${reason}`),
    }),
  );
  only.unregister();
  await c.settled();
  assert.deepEqual(seen, ['up', 'down reference']);
});

test('201 202 dynamic: reluctant keeps the first, greedy takes the better', async (t) => {
  const { c, register } = container(t);
  register('first');
  const held: { reluctant?: { service: Meter | undefined }; greedy?: { service: Meter | undefined } } = {};
  c.components(
    'a',
    component({
      name: 'a',
      references: { meter: one(Meter, { dynamic: true }) },
      activate: ({ meter }) => void (held.reluctant = meter),
    }),
    component({
      name: 'b',
      references: { meter: one(Meter, { dynamic: true, greedy: true }) },
      activate: ({ meter }) => void (held.greedy = meter),
    }),
  );
  register('better', { 'service.ranking': 3 });
  assert.equal(held.reluctant?.service?.name, 'first');
  assert.equal(held.greedy?.service?.name, 'better');
});

test('204 a dynamic many reference hears what comes and goes, once each', async (t) => {
  const { c, register } = container(t);
  register('x');
  const heard: string[] = [];
  c.components(
    'a',
    component({
      name: 'a',
      references: { meters: many(Meter, { dynamic: true }) },
      activate({ meters }) {
        meters.onAdded(({ service }) => heard.push(`+${service.name}`));
        meters.onRemoved(({ service }) => heard.push(`-${service.name}`));
      },
    }),
  );
  const y = register('y');
  y.unregister();
  assert.deepEqual(heard, ['+x', '+y', '-y']);
});

test('206 a property change that leaves the target is a loss, one that enters it an arrival', async (t) => {
  const { c, register } = container(t);
  const registration = register('x', { room: 'a' });
  const seen: string[] = [];
  c.components('a', recorder('a', { meter: one(Meter, { target: '(room=a)' }) as never }, seen));
  registration.setProperties({ room: 'b' });
  await c.settled();
  registration.setProperties({ room: 'a' });
  await c.settled();
  assert.deepEqual(seen, ['up x', 'down reference', 'up x']);
});

test('208 configuration overrides the target; 209 and raises the minimum', async (t) => {
  const { c, register } = container(t);
  register('x', { room: 'a' });
  register('y', { room: 'b' });
  const seen: string[] = [];
  c.configurations.set('a', { pid: 'a', values: {}, properties: { 'meter.target': '(room=b)' } });
  c.configurations.set('b', { pid: 'b', values: {}, properties: { 'meter.cardinality.minimum': 3 } });
  c.components(
    'x',
    recorder('a', { meter: one(Meter, { target: '(room=a)' }) as never }, seen),
    recorder('b', { meter: many(Meter) as never }, seen),
  );
  assert.deepEqual(seen, ['up y']);
  register('z');
  await c.settled();
  assert.deepEqual(seen, ['up y', 'up x+y+z']);
});

test('187 188 a service is not seen before an asynchronous activate has settled', async (t) => {
  const { c } = container(t);
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  c.components(
    'a',
    component({
      name: 'provider',
      provides: Meter,
      async activate() {
        await gate.promise;
        return { name: 'slow' };
      },
    }),
    recorder('consumer', { meter: one(Meter) as never }, seen),
  );
  assert.equal(c.state('provider'), 'activating');
  assert.deepEqual(seen, []);
  gate.resolve();
  await c.settled();
  assert.deepEqual(seen, ['up slow']);
});

test('183 184 consumers go down before their provider, and the service goes before deactivate', async (t) => {
  const { c } = container(t);
  const seen: string[] = [];
  const set = c.components(
    'provider',
    component({
      name: 'provider',
      provides: Meter,
      activate: () => ({ name: 'm' }),
      deactivate: () => void seen.push(`provider down, ${c.framework.registry.references(Meter).length} services`),
    }),
  );
  c.components('consumer', recorder('consumer', { meter: one(Meter) as never }, seen));
  await c.framework.components.remove(set);
  assert.deepEqual(seen, ['up m', 'down reference', 'provider down, 0 services']);
});

test('a failed activation is explained, hurts nobody else, and is tried again', async (t) => {
  const { c, register } = container(t);
  let broken = true;
  c.components(
    'a',
    component({
      name: 'a',
      references: { meter: optional(Meter, { greedy: true }) },
      activate() {
        if (broken) throw new rackwatt.RackwattError('TEST', 'port 1883 is in use');
      },
    }),
    component({ name: 'b', activate: () => undefined }),
  );
  await c.settled();
  assert.equal(c.state('a'), 'failed');
  assert.equal(c.state('b'), 'active');
  assert.ok(
    c.log.some(
      ({ level, component: who, message }) => level === 'error' && who === 'a' && message === 'port 1883 is in use',
    ),
  );
  broken = false;
  register('wakes it up');
  await c.settled();
  assert.equal(c.state('a'), 'active');
});

test('an activate that never settles and a deactivate that never settles hurt nobody else', async (t) => {
  const { c } = container(t);
  const c2 = new TestContainer(t, { patience: 50 });
  c.components(
    'a',
    component({ name: 'stuck', activate: () => new Promise<void>(() => undefined) }),
    component({ name: 'fine', activate: () => undefined }),
  );
  assert.equal(c.state('fine'), 'active');
  await assert.rejects(c.framework.components.settled(20), { code: 'COMPONENTS_BUSY', message: /stuck/ });
  const set = c2.components(
    'b',
    component({ name: 'b', activate: () => undefined, deactivate: () => new Promise<void>(() => undefined) }),
  );
  await c2.framework.components.remove(set);
  assert.ok(c2.log.some(({ message }) => /deactivate of b did not finish/.test(message)));
});

test('230 one component for each pid~name; 229 228 require needs one; 232 modified takes a change alive; 233 else it restarts', async (t) => {
  const { c } = container(t);
  const seen: string[] = [];
  const definition = (name: string, modified: boolean) =>
    component({
      name,
      configuration: { policy: 'require' as const },
      activate: ({ config, context }) => void seen.push(`up ${context.pid} ${JSON.stringify(config)}`),
      deactivate: (_, reason) => void seen.push(`down ${reason}`),
      ...(modified
        ? { modified: ({ config }: { config: unknown }) => void seen.push(`modified ${JSON.stringify(config)}`) }
        : {}),
    });
  c.components('a', definition('dev', true), definition('plain', false));
  assert.deepEqual(seen, []);
  c.configure('dev~1', { a: 1 });
  c.configure('dev~2', { a: 2 });
  await c.settled();
  c.configure('dev~1', { a: 3 });
  c.configure('dev~2', undefined);
  await c.settled();
  assert.deepEqual(seen.splice(0), [
    'up dev~1 {"a":1}',
    'up dev~2 {"a":2}',
    'modified {"a":3}',
    'down configuration-deleted',
  ]);
  c.configure('plain', { b: 1 });
  await c.settled();
  c.configure('plain', { b: 2 });
  await c.settled();
  assert.deepEqual(seen, ['up plain {"b":1}', 'down configuration-modified', 'up plain {"b":2}']);
});

test('227 an optional configuration comes and goes', async (t) => {
  const { c } = container(t);
  const seen: unknown[] = [];
  c.components('a', component({ name: 'a', activate: ({ config }) => void seen.push(config) }));
  c.configure('a', { x: 1 });
  await c.settled();
  c.configure('a', undefined);
  await c.settled();
  assert.deepEqual(seen, [{}, { x: 1 }, {}]);
});

test('components explain why they are not active, with near misses', async (t) => {
  const { c, register } = container(t);
  register('x', { room: 'b' });
  const set = c.components(
    'a',
    component({
      name: 'a',
      references: { meter: one(Meter, { target: '(room=a)' }) },
      configuration: { policy: 'require' },
      activate: () => undefined,
    }),
  );
  const { componentInfo } = (await import(
    new URL('../../../src/dist/component/index.js', import.meta.url).href
  )) as typeof import('../../src/component/index.js');
  assert.equal(set.instances.size, 0);
  c.configure('a', {});
  await c.settled();
  const info = componentInfo([...set.instances][0]!);
  assert.equal(info.state, 'unsatisfied-reference');
  assert.match(
    info.reasons.join(),
    /reference "meter" needs 1 of test\/Meter@1 with \(room=a\); there are #\d+ of outside \{"room":"b"\}/,
  );
});

test('private parts are wired by awilix, once for an activation, and disposed of with it', async (t) => {
  const { c } = container(t);
  const seen: string[] = [];
  const set = c.components(
    'a',
    component({
      name: 'a',
      wiring: {
        codec: () => ({ id: seen.push('codec made'), [Symbol.dispose]: () => void seen.push('codec disposed') }),
        poller: (_, { codec }: { codec: object }) => ({ codec }),
      },
      activate: ({ codec, poller }) => {
        assert.equal(poller.codec, codec);
      },
    }),
  );
  assert.equal(c.state('a'), 'active', c.log.map(({ message }) => message).join());
  await c.framework.components.remove(set);
  assert.deepEqual(seen, ['codec made', 'codec disposed']);
});

test('references are still followed after a configuration restarted the component', async (t) => {
  const { c, register } = container(t);
  const seen: string[] = [];
  let live: { service: Meter | undefined } | undefined;
  c.configurations.set('a', { pid: 'a', values: { n: 1 }, properties: {} });
  c.components(
    'a',
    component({
      name: 'a',
      references: { live: optional(Meter, { dynamic: true }), fixed: optional(Meter) },
      activate(cradle) {
        live = cradle.live;
        seen.push(`up ${cradle.fixed?.name ?? 'none'}`);
      },
      deactivate: (_, reason) => void seen.push(`down ${reason}`),
    }),
  );
  const first = register('first');
  c.configure('a', { n: 2 });
  c.configure('a', { n: 3 });
  await c.settled();
  assert.equal(live?.service?.name, 'first');
  register('second');
  first.unregister();
  await c.settled();
  assert.equal(live?.service?.name, 'second');
  assert.equal(seen.at(-1), 'up second', seen.join(', '));
});
