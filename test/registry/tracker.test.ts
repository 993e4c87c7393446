import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceReference, ServiceRegistration } from 'rackwatt';
import { ServiceTracker } from '../support/registry.js';
import { alice, bob, Meter, meter, newRegistry, Switch } from './support.js';

type Registry = ReturnType<typeof newRegistry>['registry'];

/** A tracker that keeps `object <id>` for each service and writes down what happens. */
function recordingTracker(registry: Registry, filter?: string) {
  const calls: string[] = [];
  const tracker = new ServiceTracker<Meter, string>(
    registry.group(bob),
    filter === undefined ? { contract: Meter } : { contract: Meter, filter },
    {
      adding(reference) {
        calls.push(`adding ${reference.id}`);
        return reference.property('ignored') ? undefined : `object ${reference.id}`;
      },
      modified: (reference, tracked) => void calls.push(`modified ${reference.id} ${tracked}`),
      removed: (reference, tracked) => void calls.push(`removed ${reference.id} ${tracked}`),
    },
  );
  return { tracker, calls };
}

test('155 tracks what is there, then what comes, each once', () => {
  const { registry } = newRegistry();
  registry.register(alice, Meter, meter());
  registry.register(alice, Switch, { on() {} });
  const { tracker, calls } = recordingTracker(registry);
  tracker.open();
  tracker.open();
  registry.register(alice, Meter, meter());
  assert.deepEqual(calls, ['adding 1', 'adding 3']);
  assert.equal(tracker.size, 2);
});

test('155 no gap and no double when opened in the middle of an event, and when services come and go while it opens', () => {
  const { registry } = newRegistry();
  const { tracker, calls } = recordingTracker(registry);
  const stop = registry.listen(alice, () => tracker.open());
  registry.register(alice, Meter, meter());
  assert.deepEqual(calls, ['adding 1']);
  void stop();
  const late: ServiceRegistration<Meter>[] = [registry.register(alice, Meter, meter())];
  const seen: string[] = [];
  const busy = new ServiceTracker<Meter, number>(
    registry.group(bob),
    { contract: Meter },
    {
      adding(reference) {
        seen.push(`adding ${reference.id}`);
        if (reference.id === 1) {
          late[0]?.unregister();
          late.push(registry.register(alice, Meter, meter()));
        }
        return reference.id;
      },
      removed: (reference) => void seen.push(`removed ${reference.id}`),
    },
  );
  busy.open();
  assert.deepEqual(seen, ['adding 1', 'adding 3'], 'service 2 went before its turn');
  assert.deepEqual(busy.services, [1, 3]);
});

test('155 a service that goes while it is added is removed again', () => {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Meter, meter());
  const removed: string[] = [];
  const tracker = new ServiceTracker<Meter, string>(
    registry.group(bob),
    { contract: Meter },
    {
      adding() {
        registration.unregister();
        return 'late';
      },
      removed: (_reference, tracked) => void removed.push(tracked),
    },
  );
  tracker.open();
  assert.deepEqual([removed, tracker.size], [['late'], 0]);
});

test('156 what adding leaves out is not tracked, and asked again after a change', () => {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Meter, meter(), { ignored: true });
  const { tracker, calls } = recordingTracker(registry);
  tracker.open();
  assert.equal(tracker.size, 0);
  registration.setProperties({ ignored: true });
  registration.setProperties({});
  registration.setProperties({});
  assert.deepEqual(calls, ['adding 1', 'adding 1', 'adding 1', 'modified 1 object 1']);
  assert.equal(tracker.get(registration.reference), 'object 1');
});

test('157 modified and removed get the object that adding gave', () => {
  const { registry } = newRegistry();
  const { tracker, calls } = recordingTracker(registry, '(state=on)');
  tracker.open();
  const registration = registry.register(alice, Meter, meter(), { state: 'on' });
  registration.setProperties({ state: 'on', more: 1 });
  registration.setProperties({ state: 'off' });
  registration.setProperties({ state: 'on' });
  registration.unregister();
  assert.deepEqual(calls, ['adding 1', 'modified 1 object 1', 'removed 1 object 1', 'adding 1', 'removed 1 object 1']);
});

test('158 the best service and all of them, in order', () => {
  const { registry } = newRegistry();
  const { tracker } = recordingTracker(registry);
  tracker.open();
  assert.deepEqual([tracker.service, tracker.services], [undefined, []]);
  const [a, b] = [registry.register(alice, Meter, meter()), registry.register(alice, Meter, meter())];
  assert.equal(tracker.service, 'object 1');
  b.setProperties({ 'service.ranking': 5 });
  assert.deepEqual(
    [tracker.service, tracker.reference, tracker.services],
    ['object 2', b.reference, ['object 2', 'object 1']],
  );
  assert.deepEqual(
    [...tracker.tracked],
    [
      [b.reference, 'object 2'],
      [a.reference, 'object 1'],
    ],
  );
  assert.deepEqual(tracker.references, [b.reference, a.reference]);
  b.unregister();
  assert.equal(tracker.service, 'object 1');
});

test('158 without a customizer it holds the service objects', () => {
  const { registry } = newRegistry();
  const service = meter();
  const registration = registry.register(alice, Meter, service);
  const tracker = new ServiceTracker(registry.group(bob), { contract: Meter });
  tracker.open();
  assert.equal(tracker.service, service);
  assert.deepEqual(registration.reference.users(), [bob]);
  tracker.close();
  assert.deepEqual(registration.reference.users(), []);
});

test('159 waits for a service', { timeout: 10_000 }, async () => {
  const { registry } = newRegistry();
  const { tracker } = recordingTracker(registry);
  assert.equal(await tracker.waitForService(0), undefined, 'a closed tracker gets none');
  tracker.open();
  await assert.rejects(tracker.waitForService(-1), { code: 'TRACKER_TIMEOUT' });
  await assert.rejects(tracker.waitForService(Number.NaN), { code: 'TRACKER_TIMEOUT' });
  assert.equal(await tracker.waitForService(5), undefined);
  const waiting = [tracker.waitForService(0), tracker.waitForService(5000)];
  registry.register(alice, Meter, meter());
  assert.deepEqual(await Promise.all(waiting), ['object 1', 'object 1']);
  assert.equal(await tracker.waitForService(0), 'object 1');
});

test('159 closing ends the waiting', { timeout: 10_000 }, async () => {
  const { registry } = newRegistry();
  const { tracker } = recordingTracker(registry);
  tracker.open();
  const waiting = tracker.waitForService(0);
  tracker.close();
  assert.equal(await waiting, undefined);
});

test('160 closing removes all and hears no more; it can be opened again', () => {
  const { registry } = newRegistry();
  registry.register(alice, Meter, meter());
  registry.register(alice, Meter, meter());
  const { tracker, calls } = recordingTracker(registry);
  tracker.open();
  calls.length = 0;
  tracker.close();
  tracker.close();
  assert.deepEqual(calls.toSorted(), ['removed 1 object 1', 'removed 2 object 2']);
  registry.register(alice, Meter, meter());
  assert.deepEqual([calls.length, tracker.size, tracker.service], [2, 0, undefined]);
  tracker.open();
  assert.equal(tracker.size, 3);
  tracker.close();
});

test('161 the tracking count rises with each change', () => {
  const { registry } = newRegistry();
  const { tracker } = recordingTracker(registry);
  assert.equal(tracker.trackingCount, -1);
  tracker.open();
  const counts = [tracker.trackingCount];
  const registration = registry.register(alice, Meter, meter());
  counts.push(tracker.trackingCount);
  registration.setProperties({});
  counts.push(tracker.trackingCount);
  registration.unregister();
  counts.push(tracker.trackingCount);
  assert.deepEqual(counts, [0, 1, 2, 3]);
  tracker.close();
  assert.equal(tracker.trackingCount, -1);
});

test('162 by reference, by contract id, by filter', () => {
  const { registry } = newRegistry();
  const [a, b] = [
    registry.register(alice, Meter, meter(1), { n: 1 }),
    registry.register(alice, Meter, meter(2), { n: 2 }),
  ];
  const track = (target: { contract?: string; filter?: string; reference?: ServiceReference<Meter> }) => {
    const tracker = new ServiceTracker<Meter>(registry.group(bob), target);
    tracker.open();
    return tracker;
  };
  const [byReference, byId, byFilter, all] = [
    track({ reference: b.reference }),
    track({ contract: Meter.id }),
    track({ filter: '(n>=2)' }),
    track({}),
  ] as const;
  registry.register(alice, Meter, meter(3), { n: 3 });
  assert.deepEqual([byReference.size, byId.size, byFilter.size, all.size], [1, 3, 2, 3]);
  b.unregister();
  a.unregister();
  assert.deepEqual([byReference.size, byId.size, byFilter.size, all.size], [0, 1, 1, 1]);
  assert.throws(() => track({ filter: '(n' }), { code: 'FILTER_SYNTAX' });
});

test('163 a customizer that throws: reported on events, thrown by open; other services stay tracked', () => {
  const { registry, reported } = newRegistry();
  const broken = new RangeError('odd');
  const make = () =>
    new ServiceTracker<Meter, number>(
      registry.group(bob),
      { contract: Meter },
      {
        adding(reference) {
          if (reference.id % 2 === 1) throw broken;
          return reference.id;
        },
        removed() {
          throw broken;
        },
      },
    );
  const tracker = make();
  tracker.open();
  const registrations = [1, 2, 3, 4].map(() => registry.register(alice, Meter, meter()));
  assert.deepEqual(tracker.services, [2, 4]);
  assert.deepEqual(
    reported.map(({ owner, error }) => [owner, error.cause]),
    [
      [bob, broken],
      [bob, broken],
    ],
  );
  registrations[1]?.unregister();
  assert.deepEqual([tracker.services, reported.length], [[4], 3]);
  const opened = make();
  assert.throws(() => opened.open(), broken);
  assert.deepEqual(opened.services, [4]);
  assert.throws(() => opened.close(), broken);
  assert.equal(opened.trackingCount, -1);
});

test('56 a chain of 100,000 services, each registered when the one before is tracked', () => {
  const { registry, reported } = newRegistry();
  const depth = 100_000;
  const tracker = new ServiceTracker<Meter, ServiceRegistration<Meter> | true>(
    registry.group(bob),
    { contract: Meter },
    {
      adding: ({ id }) => (id < depth ? registry.register(alice, Meter, meter()) : true),
      removed: (_reference, next) => next !== true && next.unregister(),
    },
  );
  tracker.open();
  const root = registry.register(alice, Meter, meter());
  assert.equal(tracker.size, depth);
  root.unregister();
  assert.deepEqual([tracker.size, registry.size, reported.length], [0, 0, 0]);
});
