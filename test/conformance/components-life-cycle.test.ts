import assert from 'node:assert/strict';
import { rackwatt, TestContainer } from '../support/container.js';
import { Meter, meters } from './meters.js';
import { bothStyles, type Described, type Style } from './styles.js';

const { one, optional } = rackwatt;
const provides = Meter as never;
const USER = { id: 901, name: 'user' };

/** A component that writes down when it comes up and goes down. */
function recorder(style: Style, name: string, seen: string[], extra: Partial<Described> = {}): Described {
  return style.component({
    name,
    activate: () => void seen.push(`up ${name}`),
    deactivate: (_, reason) => void seen.push(`down ${name} ${reason}`),
    ...extra,
  });
}

bothStyles(172, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const bundle = c.framework.install(
    await c.source(style.write(c, 'a', [recorder(style, 'a', seen, { references: { meter: optional(Meter) } })])),
    { startLevel: 1 },
  );
  await c.framework.setStartLevel(1);
  assert.equal(c.state('a'), undefined);
  await bundle.start();
  await bundle.stop();
  assert.deepEqual(seen, ['up a', 'down a bundle-stopped']);
  register('too late');
  await c.settled();
  assert.equal(c.state('a'), undefined);
  await bundle.start();
  assert.deepEqual(seen.slice(2), ['up a']);
});

bothStyles(173, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  let context: { enableComponent(name?: string): void; disableComponent(name: string): void } | undefined;
  await style.start(
    c,
    'a',
    recorder(style, 'one', seen, { enabled: false }),
    recorder(style, 'two', seen, { enabled: false }),
    recorder(style, 'three', seen, { enabled: false }),
    recorder(style, 'switch', seen, {
      activate(part) {
        context = part.context;
        seen.push('up switch');
      },
    }),
  );
  assert.deepEqual(seen.splice(0), ['up switch']);
  context!.enableComponent('two');
  assert.deepEqual(seen, [], 'it returns at once');
  await c.settled();
  assert.deepEqual(seen.splice(0), ['up two']);
  context!.enableComponent();
  await c.settled();
  assert.deepEqual(seen.splice(0), ['up one', 'up three']);
  context!.disableComponent('two');
  context!.disableComponent('switch');
  assert.deepEqual(seen, []);
  await c.settled();
  assert.deepEqual(seen.splice(0), ['down two disabled', 'down switch disabled']);
  context!.enableComponent('switch');
  await c.settled();
  assert.deepEqual(seen, ['up switch']);
  assert.throws(() => context!.enableComponent('nobody'), {
    code: 'COMPONENT_UNKNOWN',
    message: /no component nobody/,
  });
});

bothStyles(174, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const needy = recorder(style, 'needy', seen, {
    enabled: false,
    references: { meter: one(Meter) },
    configuration: { policy: 'require' },
  });
  let enable = (): void => undefined;
  const first = {
    activate: ({ context }: { context: { enableComponent(name: string): void } }) =>
      void (enable = () => context.enableComponent('needy')),
  };
  await style.start(c, 'a', needy, recorder(style, 'switch', [], first));
  const provide = () => register('m');
  const configure = (): void => c.configure('needy', {});
  let meter = provide();
  configure();
  await c.settled();
  assert.deepEqual(seen, [], 'not enabled');
  c.configure('needy', undefined);
  enable();
  await c.settled();
  assert.deepEqual(seen, [], 'not configured');
  meter.unregister();
  configure();
  await c.settled();
  assert.deepEqual(seen, [], 'the reference has no target');
  meter = provide();
  await c.settled();
  assert.deepEqual(seen.splice(0), ['up needy']);
  meter.unregister();
  await c.settled();
  assert.deepEqual(seen, ['down needy reference']);
});

bothStyles(175, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  await style.start(c, 'a', recorder(style, 'a', seen, { references: { meter: one(Meter) } }));
  assert.deepEqual(seen, []);
  const meter = register('m');
  await c.settled();
  assert.deepEqual(seen.splice(0), ['up a']);
  meter.unregister();
  await c.settled();
  assert.deepEqual(seen, ['down a reference']);
});

bothStyles(180, async (t, style) => {
  const { c, register } = meters(t);
  const made: object[] = [];
  let constructed = 0;
  await style.start(
    c,
    'a',
    style.component({
      name: 'a',
      references: { meter: one(Meter) },
      constructed: () => void constructed++,
      activate: ({ service }) => void made.push(service),
    }),
  );
  for (const name of ['first', 'second', 'third']) {
    register(name).unregister();
    await c.settled();
  }
  assert.equal(new Set(made).size, 3);
  assert.equal(constructed, 3);
});

for (const [number, expected] of [
  [181, { object: ['+a', '+z', '+m', 'constructed', 'up'], class: ['constructed', '+a', '+z', '+m', 'up'] }],
  [182, { object: ['down', '-m', '-z', '-a', 'undone'], class: ['down', '-m', '-z', '-a', 'undone'] }],
] as const)
  bothStyles(number, async (t, style) => {
    const { c, register } = meters(t);
    const seen: string[] = [];
    const reference = one(Meter);
    const tell = (text: string) => (): void => void seen.push(text);
    for (const name of ['x']) register(name);
    const bundle = await style.start(
      c,
      'a',
      style.component({
        name: 'a',
        references: { a: reference, z: reference, m: reference },
        bind: { a: tell('+a'), z: tell('+z'), m: tell('+m') },
        unbind: { a: tell('-a'), z: tell('-z'), m: tell('-m') },
        constructed: tell('constructed'),
        activate({ references, scope }) {
          assert.equal(references.m.name, 'x');
          scope.add('mark', tell('undone'));
          seen.push('up');
        },
        deactivate: ({ references }) => void seen.push(references.a.name === 'x' ? 'down' : 'down without'),
      }),
    );
    if (number === 182) seen.length = 0;
    else assert.deepEqual(seen, expected[style.name]);
    await bundle.stop();
    if (number === 182) assert.deepEqual(seen, expected[style.name]);
  });

bothStyles(183, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  const there = (): number => c.framework.registry.references(Meter).length;
  const note = (what: string) => (): void => void seen.push(`${what}: ${there()}`);
  const provider = style.component({ name: 'p', provides, activate: note('activate'), deactivate: note('deactivate') });
  const bundle = await style.start(c, 'provider', provider);
  assert.equal(there(), 1);
  const consumer = recorder(style, 'consumer', seen, { references: { meter: one(Meter) } });
  await style.start(c, 'consumer', consumer);
  await bundle.stop();
  assert.deepEqual(seen, ['activate: 0', 'up consumer', 'down consumer reference', 'deactivate: 0']);
});

bothStyles(184, async (t, style) => {
  const { c, register } = meters(t);
  const { registry } = c.framework;
  const reasons: string[] = [];
  const deactivate = (_: unknown, reason: string): void => void reasons.push(reason);
  let disable: (() => void) | undefined;
  const bundle = await style.start(
    c,
    'a',
    style.component({ name: 'delayed', provides, immediate: false, properties: { delayed: true }, deactivate }),
    style.component({
      name: 'disabled',
      activate: ({ context }) => void (disable = () => context.disableComponent('disabled')),
      deactivate,
    }),
    style.component({ name: 'reference', references: { meter: one(Meter, { target: '(mine=true)' }) }, deactivate }),
    style.component({ name: 'configured', configuration: { policy: 'require' }, deactivate }),
    style.component({ name: 'made', factory: 'made', deactivate }),
    style.component({ name: 'last', deactivate }),
  );
  const delayed = registry.reference(Meter, '(delayed=true)')!;
  registry.get(USER, delayed);
  registry.release(USER, delayed);
  assert.deepEqual(reasons.splice(0), ['unspecified']);
  disable!();
  await c.settled();
  assert.deepEqual(reasons.splice(0), ['disabled']);
  register('m', { mine: true }).unregister();
  await c.settled();
  assert.deepEqual(reasons.splice(0), ['reference']);
  for (const [values, reason] of [
    [{ a: 1 }],
    [{ a: 2 }, 'configuration-modified'],
    [undefined, 'configuration-deleted'],
  ] as const) {
    c.configure('configured', values);
    await c.settled();
    assert.deepEqual(reasons.splice(0), reason === undefined ? [] : [reason]);
  }
  const factory = registry.get(USER, registry.reference(rackwatt.ComponentFactory)!)!;
  await (await factory.newInstance()).dispose();
  assert.deepEqual(reasons.splice(0), ['disposed']);
  await bundle.stop();
  assert.deepEqual(reasons, ['bundle-stopped']);
});

bothStyles(185, async (t, style) => {
  const c = new TestContainer(t);
  const seen: unknown[] = [];
  const note =
    (hook: string) =>
    (
      { context, config }: { context: { name: string; bundle: { name: string }; properties: object }; config: object },
      reason?: string,
    ): void => {
      const { rate } = context.properties as { rate?: number };
      seen.push([hook, context.name, context.bundle.name, rate, { ...config }, reason]);
    };
  c.configure('a', { rate: 1 });
  const bundle = await style.start(
    c,
    'acme',
    style.component({
      name: 'a',
      activate: note('activate'),
      modified: note('modified'),
      deactivate: note('deactivate'),
    }),
  );
  c.configure('a', { rate: 2 });
  await c.settled();
  await bundle.stop();
  assert.deepEqual(seen, [
    ['activate', 'a', 'acme', 1, { rate: 1 }, undefined],
    ['modified', 'a', 'acme', 2, { rate: 2 }, undefined],
    ['deactivate', 'a', 'acme', 2, { rate: 2 }, 'bundle-stopped'],
  ]);
});

bothStyles(187, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const provider = style.component({
    name: 'provider',
    provides,
    async activate() {
      await gate.promise;
      seen.push('returned');
    },
  });
  await style.start(c, 'a', provider, recorder(style, 'consumer', seen, { references: { meter: one(Meter) } }));
  assert.equal(c.state('provider'), 'activating');
  assert.equal(c.framework.registry.reference(Meter), undefined);
  assert.deepEqual(seen, []);
  gate.resolve();
  await c.settled();
  assert.deepEqual(seen, ['returned', 'up consumer']);
});

bothStyles(188, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const [up, down] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const meter = register('m');
  const slow = style.component({
    name: 'slow',
    references: { meter: one(Meter) },
    async activate({ references }) {
      await up.promise;
      seen.push(`up ${references.meter.name}`);
    },
    async deactivate(_, reason) {
      seen.push(`going ${reason}`);
      await down.promise;
      seen.push('down');
    },
  });
  await style.start(c, 'a', slow);
  meter.unregister();
  assert.deepEqual(seen, []);
  up.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, ['up m', 'going reference']);
  assert.equal(c.state('slow'), 'deactivating');
  register('next');
  assert.equal(c.state('slow'), 'deactivating', 'it comes up again when it is down');
  down.resolve();
  await c.settled();
  assert.deepEqual(seen, ['up m', 'going reference', 'down', 'up next']);
});
