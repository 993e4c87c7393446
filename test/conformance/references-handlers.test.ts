import assert from 'node:assert/strict';
import { rackwatt } from '../support/container.js';
import { hub, Meter, meters, ranked } from './meters.js';
import { bothStyles } from './styles.js';

const { many, one, optional } = rackwatt;

bothStyles(213, async (t, style) => {
  const { c, register, registry } = meters(t);
  const meter = register('x', { room: 'a' });
  const seen: unknown[][] = [];
  const tell =
    (what: string) =>
    ({ service, properties, id, reference }: import('rackwatt').BoundEvent<Meter>) => {
      assert.equal(reference, registry.reference(Meter) ?? meter.reference);
      assert.equal(id, reference.id);
      seen.push([what, service.name, properties['room']]);
    };
  const component = style.component({
    name: 'hub',
    references: { meter: many(Meter, { dynamic: true }) },
    bind: { meter: tell('bind') },
    updated: { meter: tell('updated') },
    unbind: { meter: tell('unbind') },
  });
  await style.start(c, 'hub', component);
  meter.setProperties({ room: 'b' });
  meter.unregister();
  await c.settled();
  assert.deepEqual(seen, [
    ['bind', 'x', 'a'],
    ['updated', 'x', 'b'],
    ['unbind', 'x', 'b'],
  ]);
});

bothStyles(214, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const references = { first: one(Meter), next: many(Meter, { dynamic: true }), last: optional(Meter) };
  const tell = (sign: string) => (name: string) => [
    name,
    ({ service }: { service: Meter }) => void seen.push(`${sign}${name} ${service.name}`),
  ];
  const handlers = (sign: string) => Object.fromEntries(Object.keys(references).map(tell(sign)));
  const component = style.component({
    name: 'hub',
    references,
    bind: handlers('+'),
    unbind: handlers('-'),
    activate: () => void seen.push('up'),
    deactivate: () => void seen.push('down'),
  });
  register('x');
  register('y', ranked(1));
  const bundle = await style.start(c, 'hub', component);
  assert.deepEqual(seen.splice(0), ['+first y', '+next y', '+next x', '+last y', 'up'], 'in the order of references');
  const z = register('z');
  z.setProperties({ changed: true });
  z.unregister();
  assert.deepEqual(seen.splice(0), ['+next z', '-next z']);
  await bundle.stop();
  assert.deepEqual(seen, ['down', '-last y', '-next x', '-next y', '-first y'], 'in reverse order');
});

bothStyles(214, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  register('x');
  let broken = true;
  const component = hub(style, one(Meter), seen, {
    activate() {
      seen.push('up');
      if (broken) throw new rackwatt.RackwattError('TEST', 'cannot start');
    },
  });
  await style.start(c, 'hub', component);
  await c.settled();
  assert.deepEqual([seen.splice(0), c.state('hub')], [['+x', 'up', '-x'], 'failed'], 'unbound when activation fails');
  broken = false;
  c.configure('hub', { again: true });
  await c.settled();
  assert.deepEqual(seen, ['+x', 'up']);
});

bothStyles(215, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const fail = (what: string) => () => {
    seen.push(what);
    throw new rackwatt.RackwattError('TEST', `${what} is broken`);
  };
  const component = hub(style, many(Meter, { dynamic: true }), seen, {
    bind: { meter: fail('bind') },
    updated: { meter: fail('updated') },
    unbind: { meter: fail('unbind') },
  });
  const [x, y] = [register('x'), register('y')];
  const bundle = await style.start(c, 'hub', component);
  x.setProperties({ changed: true });
  assert.equal(c.state('hub'), 'active');
  y.unregister();
  await bundle.stop();
  assert.deepEqual(seen, ['bind', 'bind', 'up x,y', 'updated', 'unbind', 'down bundle-stopped', 'unbind']);
  const errors = c.log.filter(({ level, component }) => level === 'error' && component === 'hub');
  assert.deepEqual(
    errors.map(({ message }) => message),
    ['bind', 'bind', 'updated', 'unbind', 'unbind'].map(
      (what) => `${what} of reference "meter" threw: ${what} is broken`,
    ),
  );
});

bothStyles(215, async (t, style) => {
  const { c, register } = meters(t);
  const component = style.component({
    name: 'hub',
    references: { meter: one(Meter) },
    bind: { meter: async () => Promise.reject(new rackwatt.RackwattError('TEST', 'late')) },
  });
  register('x');
  await style.start(c, 'hub', component);
  await c.settled();
  assert.equal(c.state('hub'), 'active');
  assert.ok(c.log.some(({ message }) => message === 'bind of reference "meter" threw: late'));
});
