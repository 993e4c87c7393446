import assert from 'node:assert/strict';
import type { ServiceObjects } from 'rackwatt';
import { rackwatt, TestContainer } from '../support/container.js';
import { Meter } from './meters.js';
import { bothStyles, type Described, type Part, type Style } from './styles.js';

const { contract, one } = rackwatt;
const provides = Meter as never;
const USER = { id: 901, name: 'user' };
const OTHER = { id: 902, name: 'other' };

interface Clock {
  now(zone: string): Promise<string>;
  ticks(): AsyncIterable<number>;
}
const Clock = contract<Clock>('test/Clock', { major: 1, methods: ['now'], streams: ['ticks'] });

/** A component behind a contract that says all that may be called, so that its activation can be waited for. */
function clock(style: Style, seen: string[], extra: Partial<Described> = {}): Described {
  return style.component({
    name: 'clock',
    provides: Clock as never,
    immediate: false,
    async activate() {
      seen.push('activating');
      await new Promise((resolve) => setImmediate(resolve));
      seen.push('up');
    },
    methods: {
      now: (_: Part, zone: never) => Promise.resolve(`noon in ${String(zone)}`),
      async *ticks() {
        yield await Promise.resolve(1);
        yield 2;
      },
    },
    deactivate: (_, reason) => void seen.push(`down ${reason}`),
    ...extra,
  });
}

bothStyles(176, async (t, style) => {
  const c = new TestContainer(t);
  const { registry } = c.framework;
  const seen: string[] = [];
  const local = style.component({
    name: 'local',
    provides,
    immediate: false,
    constructed: () => void seen.push('constructed'),
    activate: () => void seen.push('up'),
    methods: { read: () => 42 },
  });
  await style.start(c, 'a', local);
  const reference = registry.reference(Meter)!;
  assert.equal(c.state('local'), 'satisfied');
  assert.deepEqual(seen.splice(0), [], 'registered, but nothing of it was made');
  const service = registry.get(USER, reference) as unknown as { read(): number };
  assert.deepEqual(new Set(seen.splice(0)), new Set(['constructed', 'up']));
  assert.equal(service.read(), 42);
  assert.equal(registry.get(OTHER, reference), service, 'one for all');
  assert.deepEqual(seen, []);
  assert.equal(c.state('local'), 'active');
});

bothStyles(
  176,
  async (t, style) => {
    const c = new TestContainer(t);
    const { registry } = c.framework;
    const seen: string[] = [];
    let clockOf: Clock | undefined;
    const consumer = style.component({
      name: 'consumer',
      references: { clock: one(Clock) },
      activate: ({ references }) => void (clockOf = references.clock),
    });
    await style.start(c, 'a', clock(style, seen), consumer);
    assert.equal(c.state('consumer'), 'active');
    assert.deepEqual(seen.splice(0), [], 'whoever refers to it does not activate it: who calls it does');
    const [utc, mars] = await Promise.all([clockOf!.now('UTC'), clockOf!.now('Mars')]);
    assert.deepEqual([utc, mars], ['noon in UTC', 'noon in Mars']);
    assert.deepEqual(seen.splice(0), ['activating', 'up'], 'once, however many call');
    const direct = registry.get(USER, registry.reference(Clock)!)!;
    const ticks: number[] = [];
    for await (const tick of direct.ticks()) ticks.push(tick);
    assert.deepEqual(ticks, [1, 2]);
    assert.deepEqual(seen, []);
  },
  'stubs',
);

bothStyles(
  176,
  async (t, style) => {
    const c = new TestContainer(t);
    const { registry } = c.framework;
    let broken = true;
    const failing = style.component({
      name: 'failing',
      provides,
      immediate: false,
      activate() {
        if (broken) throw new rackwatt.RackwattError('TEST', 'no such file');
      },
    });
    const slow = clock(style, [], { name: 'slow', provides: [Meter, Clock] as never, properties: { slow: true } });
    await style.start(c, 'a', failing, slow);
    const reference = registry.reference(Meter, '(!(slow=true))')!;
    assert.equal(registry.get(USER, reference), undefined);
    assert.match(c.errors.join(), /component failing failed: no such file/);
    broken = false;
    await c.settled();
    assert.notEqual(registry.get(USER, reference), undefined, 'the next who asks has it tried again');
    assert.equal(registry.get(USER, registry.reference(Meter, '(slow=true)')!), undefined);
    assert.match(c.errors.join(), /component slow cannot be had at once: its activate waits for something/);
    await c.settled();
    assert.equal(c.state('slow'), 'satisfied');
  },
  'failures',
);

bothStyles(177, async (t, style) => {
  const c = new TestContainer(t);
  const { registry } = c.framework;
  const seen: string[] = [];
  await style.start(c, 'a', clock(style, seen));
  const reference = registry.reference(Clock)!;
  const [mine, others] = [registry.get(USER, reference)!, registry.get(OTHER, reference)!];
  await mine.now('UTC');
  assert.deepEqual(seen.splice(0), ['activating', 'up']);
  registry.release(OTHER, reference);
  await c.settled();
  assert.deepEqual(seen, []);
  registry.release(USER, reference);
  await c.settled();
  assert.deepEqual(seen.splice(0), ['down unspecified']);
  assert.equal(registry.reference(Clock), reference, 'its service stays');
  await assert.rejects(others.now('UTC'), { code: 'COMPONENT_NOT_ACTIVE' });
  assert.equal(await registry.get(USER, reference)!.now('UTC'), 'noon in UTC');
  assert.deepEqual(seen, ['activating', 'up']);
});

bothStyles(178, async (t, style) => {
  const c = new TestContainer(t);
  const { registry } = c.framework;
  const down: string[] = [];
  const made: { name: string; user: string | undefined }[] = [];
  const scoped = (serviceScope: 'singleton' | 'bundle' | 'prototype'): Described =>
    style.component({
      name: serviceScope,
      provides,
      serviceScope,
      properties: { kind: serviceScope },
      activate: ({ context }) => void made.push({ name: serviceScope, user: context.usingBundle?.name }),
      deactivate: (_, reason) => void down.push(`${serviceScope} ${reason}`),
    });
  const bundle = await style.start(c, 'a', scoped('singleton'), scoped('bundle'), scoped('prototype'));
  const [singleton, perBundle, prototype] = ['singleton', 'bundle', 'prototype'].map(
    (kind) => registry.reference(Meter, `(kind=${kind})`)!,
  );
  assert.deepEqual(made.splice(0), [{ name: 'singleton', user: undefined }]);
  assert.equal(registry.get(USER, singleton!), registry.get(OTHER, singleton!));

  const mine = registry.get(USER, perBundle!);
  assert.equal(registry.get(USER, perBundle!), mine);
  assert.notEqual(registry.get(OTHER, perBundle!), mine);
  assert.deepEqual(made.splice(0), [
    { name: 'bundle', user: 'user' },
    { name: 'bundle', user: 'other' },
  ]);
  registry.release(USER, perBundle!);
  assert.deepEqual(down, []);
  registry.release(USER, perBundle!);
  assert.deepEqual(down.splice(0), ['bundle unspecified']);

  const objects: ServiceObjects<Meter> = registry.serviceObjects(USER, prototype!)!;
  const [first, second] = [objects.get()!, objects.get()!];
  assert.notEqual(first, second);
  assert.deepEqual(
    made.splice(0).map(({ name }) => name),
    ['prototype', 'prototype'],
  );
  objects.release(first);
  assert.deepEqual(down.splice(0), ['prototype unspecified']);
  await bundle.stop();
  assert.deepEqual(
    new Set(down),
    new Set(['bundle bundle-stopped', 'prototype bundle-stopped', 'singleton bundle-stopped']),
  );
  assert.equal(down.length, 3);
});

bothStyles(
  178,
  async (t, style) => {
    const c = new TestContainer(t);
    const { registry } = c.framework;
    const seen: string[] = [];
    const outside = { id: 903, name: 'outside' };
    const first = registry.register(outside, Meter, { name: 'first' }, { source: true });
    const scoped = style.component({
      name: 'scoped',
      provides,
      serviceScope: 'bundle',
      references: { meter: one(Meter, { target: '(source=true)' }) },
      activate: ({ references, context }) =>
        void seen.push(`up ${references.meter.name} for ${context.usingBundle?.name}`),
      deactivate: ({ context }, reason) => void seen.push(`down ${reason} for ${context.usingBundle?.name}`),
      modified: ({ config }) => void seen.push(`modified ${String(config['rate'])}`),
    });
    const consumer = style.component({
      name: 'consumer',
      references: { meter: one(Meter, { target: '(component.name=scoped)' }) },
      activate: () => void seen.push('consumer up'),
      deactivate: () => void seen.push('consumer down'),
    });
    await style.start(c, 'scoped', scoped);
    await style.start(c, 'consumer', consumer);
    assert.deepEqual(seen.splice(0), ['up first for consumer', 'consumer up']);
    c.configure('scoped', { rate: 7 });
    await c.settled();
    assert.deepEqual(seen.splice(0), ['modified 7']);
    registry.register(outside, Meter, { name: 'second' }, { source: true });
    first.unregister();
    await c.settled();
    assert.deepEqual(seen, ['consumer down', 'down unspecified for consumer', 'up second for consumer', 'consumer up']);
  },
  'references and configuration',
);

bothStyles(235, async (t, style) => {
  const c = new TestContainer(t);
  const { registry } = c.framework;
  const seen: string[] = [];
  c.configure('clock', { rate: 1 });
  await style.start(c, 'a', clock(style, seen));
  const reference = registry.reference(Clock)!;
  c.configure('clock', { rate: 2 });
  await c.settled();
  assert.equal(registry.reference(Clock), reference);
  assert.equal(reference.property('rate'), 2);
  assert.deepEqual(seen, []);
  registry.get(USER, reference);
  c.configure('clock', { rate: 3 });
  await c.settled();
  assert.equal(reference.property('rate'), 3);
  assert.deepEqual(seen, [], 'held, but not called yet');
});
