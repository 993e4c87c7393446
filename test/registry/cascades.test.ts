import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServiceRegistration } from 'rackwatt';
import { ServiceTracker } from '../support/registry.js';
import { alice, bob, Meter, meter, newRegistry } from './support.js';

type Act = 'register' | 'modify' | 'unregister' | 'nothing';
const act = fc.constantFrom<Act>('register', 'register', 'modify', 'unregister', 'nothing');

test('56 57 whatever listeners do in the middle of events, all hear one story, and it is true (property)', () => {
  fc.assert(
    fc.property(
      fc.array(act, { minLength: 1, maxLength: 5 }),
      fc.array(fc.array(act, { maxLength: 12, size: 'max' }), { minLength: 2, maxLength: 4 }),
      (first, scripts) => {
        const { registry, reported } = newRegistry();
        const live: ServiceRegistration<Meter>[] = [];
        const perform = (what: Act | undefined): void => {
          if (what === 'register') live.push(registry.register(alice, Meter, meter(), { n: 0 }));
          else if (what === 'modify') live[0]?.setProperties({ n: registry.size });
          else if (what === 'unregister') live.shift()?.unregister();
        };
        const stories = scripts.map((script) => {
          const story: string[] = [];
          const acts = [...script];
          registry.listen(bob, ({ type, reference }) => {
            story.push(`${type} ${reference.id}`);
            perform(acts.shift());
          });
          return story;
        });
        const tracker = new ServiceTracker<Meter, number>(
          registry.group(bob),
          { contract: Meter },
          {
            adding: ({ id }) => id,
          },
        ).open();
        for (const what of first) perform(what);

        assert.deepEqual(reported, []);
        for (const story of stories) assert.deepEqual(story, stories[0]);
        const there = live.map(({ reference }) => reference.id).sort((a, b) => a - b);
        assert.deepEqual(
          registry.references(Meter).map(({ id }) => id),
          there,
        );
        assert.deepEqual(tracker.services, there);
        const told = new Map<string, string[]>();
        for (const event of stories[0]!) {
          const [type, id] = event.split(' ') as [string, string];
          told.set(id, [...(told.get(id) ?? []), type]);
        }
        for (const [id, types] of told) {
          assert.match(types.join(' '), /^REGISTERED( MODIFIED)*( UNREGISTERING)?$/, `service ${id}`);
          assert.equal(types.at(-1) !== 'UNREGISTERING', there.includes(Number(id)));
        }
      },
    ),
    { numRuns: 500 },
  );
});
