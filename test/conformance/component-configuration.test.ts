import assert from 'node:assert/strict';
import { Type } from 'typebox';
import { rackwatt, TestContainer } from '../support/container.js';
import { Meter, meters, namesIn } from './meters.js';
import { bothStyles, type Described, type Style } from './styles.js';

const { many, one } = rackwatt;

/** A component that writes down what it is configured with. */
function recorder(style: Style, seen: string[], extra: Partial<Described> = {}): Described {
  return style.component({
    name: 'a',
    activate: ({ config, context }) => void seen.push(`up ${context.pid ?? 'without'} ${JSON.stringify(config)}`),
    deactivate: (_, reason) => void seen.push(`down ${reason}`),
    ...extra,
  });
}

const modifiable = (seen: string[]): Partial<Described> => ({
  modified: ({ config }) => void seen.push(`modified ${JSON.stringify(config)}`),
});

/** What was written down since the last look. */
async function since(c: TestContainer, seen: string[]): Promise<string[]> {
  await c.settled();
  return seen.splice(0);
}

bothStyles(226, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  c.configure('a', { x: 1 });
  await style.start(c, 'b', recorder(style, seen, { configuration: { policy: 'ignore' } }));
  c.configure('a', { x: 2 });
  c.configure('a~one', { x: 3 });
  assert.deepEqual(await since(c, seen), ['up without {}']);
});

bothStyles(227, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  await style.start(c, 'b', recorder(style, seen));
  c.configure('a', { x: 1 });
  assert.deepEqual(await since(c, seen), ['up without {}', 'down configuration-modified', 'up a {"x":1}']);
  c.configure('a', undefined);
  assert.deepEqual(await since(c, seen), ['down configuration-modified', 'up without {}']);
});

bothStyles(228, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  await style.start(c, 'b', recorder(style, seen, { configuration: { policy: 'require', pid: ['one', 'two'] } }));
  c.configure('one', { x: 1 });
  assert.deepEqual(await since(c, seen), []);
  c.configure('two', { y: 2 });
  assert.deepEqual(await since(c, seen), ['up one {"x":1,"y":2}']);
  c.configure('one', undefined);
  assert.deepEqual(await since(c, seen), ['down configuration-deleted']);
});

bothStyles(229, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  c.configure('a', { x: 1 });
  const bundle = await style.start(c, 'b', recorder(style, seen, { configuration: { policy: 'require' } }));
  assert.deepEqual(await since(c, seen), ['up a {"x":1}']);
  assert.equal(c.framework.components.instances().length, 1);
  await bundle.stop();
});

bothStyles(230, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  await style.start(c, 'b', recorder(style, seen));
  assert.deepEqual(await since(c, seen), ['up without {}']);
  c.configure('a~one', { x: 1 });
  assert.deepEqual(await since(c, seen), ['down configuration-modified', 'up a~one {"x":1}']);
  c.configure('a~two', { x: 2 });
  assert.deepEqual(await since(c, seen), ['up a~two {"x":2}']);
  assert.deepEqual([c.state('a~one'), c.state('a~two'), c.state('a')], ['active', 'active', undefined]);
  c.configure('a~one', undefined);
  assert.deepEqual(await since(c, seen), ['down configuration-deleted']);
  c.configure('a~two', undefined);
  assert.deepEqual(await since(c, seen), ['down configuration-modified', 'up without {}']);
});

bothStyles(231, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  for (const pid of ['one~x', 'two~y', 'three']) c.configure(pid, { pid });
  const pid = ['one', 'two', 'three'];
  await style.start(
    c,
    'b',
    recorder(style, seen, { name: 'optional', configuration: { pid } }),
    recorder(style, seen, { name: 'required', configuration: { pid, policy: 'require' } }),
  );
  assert.deepEqual(await since(c, seen), ['up three {"pid":"three"}']);
  const errors = c.log.filter(({ level }) => level === 'error').map(({ message }) => message);
  assert.deepEqual(
    errors,
    ['optional', 'required'].map(
      (name) => `component ${name} has instances of several PIDs (one, two): only one of them may have any`,
    ),
  );
  c.configure('one~x', undefined);
  assert.deepEqual(await since(c, seen), ['down configuration-modified', 'up two~y {"pid":"three"}']);
});

bothStyles(232, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const { registry } = c.framework;
  register('x', { room: 'a' });
  register('y', { room: 'b' });
  c.configure('a', { rate: 1, 'meters.target': '(room=a)' });
  await style.start(
    c,
    'b',
    style.component({
      name: 'a',
      provides: rackwatt.AnyService as never,
      references: { meters: many(Meter, { dynamic: true }) },
      activate: ({ references }) => void seen.push(`up ${namesIn(references.meters)}`),
      modified: ({ config, context }) =>
        void seen.push(`modified ${String(config['rate'])} ${String(context.properties['rate'])}`),
      deactivate: () => void seen.push('down'),
      bind: { meters: ({ service }) => void seen.push(`+${service.name}`) },
      unbind: { meters: ({ service }) => void seen.push(`-${service.name}`) },
    }),
  );
  const reference = registry.reference(rackwatt.AnyService)!;
  const events: string[] = [];
  registry.listen({ id: 901, name: 'ear' }, ({ type }) => void events.push(type), { contract: rackwatt.AnyService });
  assert.deepEqual(await since(c, seen), ['+x', 'up x']);
  c.configure('a', { rate: 2, 'meters.target': '(room=b)' });
  assert.deepEqual(await since(c, seen), ['modified 2 2', '+y', '-x']);
  assert.equal(reference.property('rate'), 2);
  assert.deepEqual(events, ['MODIFIED']);
  c.configure('a', undefined);
  assert.deepEqual((await since(c, seen))[0], 'modified undefined undefined');
});

bothStyles(233, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  c.configure('a', { x: 1 });
  await style.start(c, 'b', recorder(style, seen));
  c.configure('a', { x: 2 });
  assert.deepEqual(await since(c, seen), ['up a {"x":1}', 'down configuration-modified', 'up a {"x":2}']);
  c.configure('a', { x: 2 });
  assert.deepEqual(await since(c, seen), [], 'the same again is no change');
});

bothStyles(234, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  register('x', { room: 'a', floor: 1 });
  register('y', { room: 'b', floor: 1 });
  c.configure('a', { 'meter.target': '(room=a)' });
  await style.start(
    c,
    'b',
    style.component({
      name: 'a',
      references: { meter: one(Meter) },
      activate: ({ references }) => void seen.push(`up ${references.meter.name}`),
      modified: ({ references }) => void seen.push(`modified ${references.meter.name}`),
      deactivate: (_, reason) => void seen.push(`down ${reason}`),
    }),
  );
  c.configure('a', { 'meter.target': '(floor=1)' });
  assert.deepEqual(await since(c, seen), ['up x', 'modified x'], 'what is bound still matches');
  c.configure('a', { 'meter.target': '(room=b)' });
  assert.deepEqual(await since(c, seen), ['down configuration-modified', 'up y']);
});

bothStyles(236, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  c.configure('a', { x: 1 });
  const throws = (): void => {
    throw new rackwatt.RackwattError('TEST', 'no such rate');
  };
  await style.start(c, 'b', recorder(style, seen, { provides: Meter as never, modified: throws }));
  c.configure('a', { x: 2 });
  assert.deepEqual(await since(c, seen), ['up a {"x":1}']);
  assert.equal(c.state('a'), 'active');
  assert.equal(c.framework.registry.reference(Meter)!.property('x'), 2);
  assert.ok(c.log.some(({ level, message }) => level === 'error' && message === 'modified failed: no such rate'));
});

bothStyles(237, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  const root = style.write(c, '@acme/driver', [recorder(style, seen)], { version: '1.2.0' });
  const source = await c.source(root);
  const pids = ['a', 'a|@acme/driver', 'a|@acme/driver|1.2.0', `a|@acme/driver|1.2.0|${source.location}`];
  for (const pid of [...pids, 'a|@acme/other', 'a|@acme/driver|1.3.0']) c.configure(pid, {});
  const bundle = c.framework.install(source, { startLevel: 1 });
  await c.framework.setStartLevel(1);
  await bundle.start();
  for (const pid of pids.toReversed()) {
    assert.equal((await since(c, seen)).at(-1), `up ${pid} {}`);
    c.configure(pid, undefined);
  }
  assert.equal((await since(c, seen)).at(-1), 'up without {}');
});

bothStyles(238, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  c.configure('one', { x: 1 });
  await style.start(c, 'b', recorder(style, seen, { configuration: { pid: ['one', 'two'] }, ...modifiable(seen) }));
  c.configure('one', { x: 2 });
  c.configure('two', { y: 2 });
  c.configure('one', { x: 3 });
  assert.deepEqual(await since(c, seen), ['up one {"x":1}', 'modified {"x":3,"y":2}']);
});

bothStyles(239, async (t, style) => {
  const c = new TestContainer(t);
  const schema = Type.Object({ interval: Type.Number({ default: 10 }), room: Type.Optional(Type.String()) });
  const seen: unknown[] = [];
  await style.start(
    c,
    'b',
    style.component({
      name: 'a',
      configuration: { schema },
      activate: ({ config }) => void seen.push(config['interval'], config['room']),
    }),
  );
  c.configure('a', { room: 'b' });
  await c.settled();
  assert.deepEqual(seen, [10, undefined, 10, 'b']);
  // The compiler knows the configuration by its schema.
  rackwatt.component({
    name: 'typed',
    configuration: { schema },
    activate: ({ config }) => void (config.interval * 2),
  });
  // @ts-expect-error a text is no number
  rackwatt.component({ name: 'mistyped', configuration: { schema }, activate: ({ config }) => void (config.room * 2) });
});
