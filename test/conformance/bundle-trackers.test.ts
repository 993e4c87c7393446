import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { BundleEvent, BundleView } from 'rackwatt';
import { acting } from '../support/acting.js';
import { activated } from '../support/activated.js';
import { TestContainer } from '../support/container.js';
import { item } from './item.js';

async function tracking(t: TestContext) {
  const container = new TestContainer(t);
  await container.framework.setStartLevel(1);
  const { bundle, context } = await activated(container, 'extender');
  const calls: string[] = [];
  const note = (what: string) => (which: BundleView, event: BundleEvent | undefined) =>
    void (which.name !== 'extender' && calls.push(`${what} ${which.name} ${event?.type ?? 'none'}`));
  const customizer = {
    adding: (which: BundleView, event: BundleEvent | undefined) => {
      note('adding')(which, event);
      return { of: which.name };
    },
    modified: note('modified'),
    removed: note('removed'),
  };
  return { container, bundle, context, calls, customizer };
}

item(164, async (t) => {
  const { container, context, calls, customizer } = await tracking(t);
  const there = await acting(container, 'there');
  await there.start();
  const tracker = context.bundleTracker(['STARTING', 'ACTIVE'], customizer);
  assert.deepEqual([tracker.size, tracker.trackingCount], [0, -1]);
  tracker.open();
  assert.deepEqual(calls, ['adding there none'], 'what is there, by its state');
  const a = await acting(container, 'a');
  await a.resolve();
  assert.equal(calls.length, 1);
  await a.start();
  assert.deepEqual(calls.slice(1), ['adding a STARTING', 'modified a STARTED']);
  const count = tracker.trackingCount;
  await a.stop();
  assert.deepEqual(calls.slice(3), ['removed a STOPPING']);
  assert.equal(tracker.trackingCount, count + 1);
  assert.deepEqual([...tracker.tracked.keys()].map(({ name }) => name).sort(), ['extender', 'there']);
  assert.deepEqual(tracker.get(there), { of: 'there' });
  // Untracked where `adding` gives nothing: asked again at the next event.
  const asked: string[] = [];
  const picky = context.bundleTracker(['STARTING', 'ACTIVE'], {
    adding: (which, event) => {
      if (which.id !== a.id) return undefined;
      asked.push(event!.type);
      return event!.type === 'STARTED' ? which : null;
    },
  });
  picky.open();
  await a.start();
  assert.deepEqual([asked, picky.size], [['STARTING', 'STARTED'], 1]);
});

item(165, async (t) => {
  const { container, context } = await tracking(t);
  const order: string[] = [];
  const tracker = context.bundleTracker<string[]>(['STARTING', 'ACTIVE'], {
    adding: (bundle) => {
      const profiles = bundle.entries({ folder: 'profiles', pattern: '*.json' });
      if (profiles.length === 0) return undefined;
      order.push(`extended ${bundle.state} ${profiles.join()}`);
      return profiles;
    },
    removed: (bundle, _, profiles) => void order.push(`taken back ${bundle.state} ${profiles.join()}`),
  });
  tracker.open();
  const code = `exports.activator = {
    start() { globalThis.__order.push('starts'); }, stop() { globalThis.__order.push('stops'); } };`;
  (globalThis as { __order?: string[] }).__order = order;
  t.after(() => delete (globalThis as { __order?: string[] }).__order);
  const root = container.write('models', { 'index.js': code, 'profiles/apc.json': '{}' });
  const models = container.framework.install(await container.source(root), { startLevel: 1 });
  await models.start();
  await models.stop();
  assert.deepEqual(order, [
    'extended STARTING profiles/apc.json',
    'starts',
    'taken back STOPPING profiles/apc.json',
    'stops',
  ]);
});

item(166, async (t) => {
  const { container, bundle, context, calls, customizer } = await tracking(t);
  const [a, b] = [await acting(container, 'a'), await acting(container, 'b')];
  await a.start();
  await b.start();
  const handed: [string, unknown][] = [];
  const objects = new Map<string, object>();
  const tracker = context.bundleTracker<object>(['ACTIVE'], {
    adding: ({ name }) => {
      const made = { name };
      objects.set(name, made);
      return made;
    },
    removed: ({ name }, _, tracked) => void handed.push([name, tracked === objects.get(name)]),
  });
  tracker.open();
  tracker.open();
  await a.stop();
  assert.deepEqual(handed, [['a', true]]);
  tracker.close();
  assert.deepEqual(handed.slice(1), [
    ['b', true],
    ['extender', true],
  ]);
  assert.deepEqual([tracker.size, tracker.trackingCount], [0, -1]);
  await b.stop();
  assert.equal(handed.length, 3, 'closed, it hears no more');
  tracker.open();
  assert.equal(tracker.size, 1, 'it can be opened again');
  // An error in the customizer reaches who opens, or is an ERROR of the extender; the others stay.
  await a.start();
  await b.start();
  const broken = context.bundleTracker(['ACTIVE'], {
    ...customizer,
    adding: (which, event) => {
      if (which.id === a.id) throw new RangeError('not this one');
      return customizer.adding(which, event);
    },
  });
  assert.throws(() => broken.open(), /not this one/);
  assert.ok(broken.get(b));
  await a.stop();
  await a.start();
  assert.ok(container.errors.includes('not this one'));
  // What leaves while `adding` is at work is removed at once.
  const left: string[] = [];
  const hasty = context.bundleTracker<string>(['ACTIVE'], {
    adding: ({ name }) => {
      hasty.close();
      return name;
    },
    removed: (_, __, name) => void left.push(name),
  });
  hasty.open();
  assert.deepEqual([left.length, hasty.size, hasty.trackingCount], [1, 0, -1]);
  // With the bundle whose tracker it is, it ends.
  calls.length = 0;
  await bundle.stop();
  assert.ok(calls.includes('removed b none'));
});
