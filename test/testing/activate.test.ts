import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { component, contract, many, one, optional, RackwattError } from 'rackwatt';
import * as decorators from 'rackwatt/decorators';
import { activate, fakeClock } from 'rackwatt/testing';
import { Type } from 'typebox';

interface Store {
  save(name: string, value: number): Promise<void>;
}
const Store = contract<Store>('test/Store', { major: 1, methods: ['save'] });

interface Counter {
  count(name: string): Promise<number>;
}
const Counter = contract<Counter>('test/Counter', { major: 1, methods: ['count'] });

const counter = component({
  name: 'test.counter',
  provides: Counter,
  references: { store: one(Store) },
  configuration: {
    schema: Type.Object({ report: Type.Integer({ minimum: 10, default: 60_000 }) }, { additionalProperties: false }),
  },
  activate: ({ store, config, scope, log }): Counter => {
    const totals = new Map<string, number>();
    const report = async (): Promise<void> => {
      for (const [name, value] of totals) await store.save(name, value);
      log.info({ names: totals.size }, 'reported');
    };
    scope.interval('report', config.report, report, () => log.error('failed'));
    return {
      async count(name) {
        const total = (totals.get(name) ?? 0) + 1;
        totals.set(name, total);
        return total;
      },
    };
  },
});

/** What a test of another's does, with its end in the hands of this one. */
class Inner {
  readonly #endings: (() => void | Promise<void>)[] = [];
  after(ending: () => void | Promise<void>): void {
    this.#endings.push(ending);
  }
  async end(): Promise<void> {
    for (const ending of this.#endings.splice(0).reverse()) await ending();
  }
}

const inner = (t: TestContext): Inner => {
  const made = new Inner();
  t.after(() => made.end());
  return made;
};

test('a component runs alone, with a fake store, a fake clock and its own configuration', async (t) => {
  const saved: [string, number][] = [];
  const clock = fakeClock(t);
  const store: Store = { save: async (...given) => void saved.push(given) };
  const { service, log, effects } = await activate(t, counter, {
    references: { store },
    configuration: { report: 1000 },
  });
  assert.equal(await service.count('a'), 1);
  assert.equal(await service.count('a'), 2);
  await clock.advance(999);
  assert.deepEqual(saved, []);
  await clock.advance(1);
  assert.deepEqual(saved, [['a', 2]]);
  assert.deepEqual(log.at(-1), { level: 'info', message: 'reported', fields: { names: 1 } });
  assert.equal(typeof effects, 'function');
});

test('the clock moves timers, dates and performance together, and none of it by itself', async (t) => {
  const clock = fakeClock(t, 1_000_000);
  const seen: number[] = [];
  const from = performance.now();
  const first = async (): Promise<void> => {
    seen.push(Date.now());
    await Promise.resolve();
    setTimeout(() => seen.push(Date.now()), 10);
  };
  setTimeout(() => void first(), 500);
  assert.equal(clock.pending, 1);
  await clock.advance(505);
  assert.deepEqual(seen, [1_000_500]);
  await clock.advance(5);
  assert.deepEqual(seen, [1_000_500, 1_000_510]);
  assert.equal(performance.now() - from, 510);
  assert.equal(clock.now(), 1_000_510);
});

test('defaults of the schema are filled in, and what it refuses is said', async (t) => {
  const store: Store = { save: async () => undefined };
  const clock = fakeClock(t);
  const { log, effects, configure } = await given(t);
  assert.deepEqual(effects(), ['report']);
  await clock.advance(59_999);
  assert.equal(log.length, 0);
  await clock.advance(1);
  assert.equal(log.length, 1);
  await configure({ report: 500 });
  await clock.advance(1000);
  assert.equal(log.length, 3);
  await assert.rejects(configure({ report: 1 }), { code: 'CONFIG_INVALID', message: /test\.counter.*report.*10/ });
  await assert.rejects(activate(inner(t), counter, { references: { store }, configuration: { report: 2 } }), {
    code: 'CONFIG_INVALID',
  });

  async function given(ending: TestContext) {
    const trial = await activate(ending, counter, { references: { store } });
    return {
      log: trial.log,
      effects: () => trial.effects(),
      configure: (values: { report: number }) => trial.configure(values),
    };
  }
});

test('what keeps a component down is said', async (t) => {
  await assert.rejects(activate(inner(t), counter), {
    code: 'TEST_COMPONENT_DOWN',
    message: /^test\.counter is unsatisfied-reference: reference "store" needs 1 of test\/Store@1; nobody provides it$/,
  });
  const failing = component({
    name: 'test.failing',
    activate: () => {
      throw new RackwattError('ACME_BROKEN', 'the meter is broken');
    },
  });
  await assert.rejects(activate(inner(t), failing), { code: 'ACME_BROKEN', message: 'the meter is broken' });
  const unknown = { store: { save: async () => undefined }, shop: {} };
  await assert.rejects(activate(inner(t), counter, { references: unknown }), {
    code: 'TEST_COMPONENT_DOWN',
    message: 'test.counter has no reference "shop"; it has store',
  });
});

test('references follow alive what the test binds, changes and removes', async (t) => {
  const seen: string[] = [];
  const reader = component({
    name: 'test.reader',
    references: {
      stores: many(Store, { dynamic: true, target: '(kind=disk)' }),
      first: optional(Store, { dynamic: true, target: '(kind=disk)' }),
    },
    activate: ({ stores, first }) => {
      stores.onAdded(({ properties }) => seen.push(`+${String(properties['name'])}`));
      stores.onRemoved(({ properties }) => seen.push(`-${String(properties['name'])}`));
      first.onChange(() => seen.push(first.service ? 'one' : 'none'));
    },
  });
  const service: Store = { save: async () => undefined };
  const trial = await activate(t, reader);
  const bound = await trial.bind('stores', { service, properties: { kind: 'disk', name: 'a' } });
  await trial.bind('stores', { service, properties: { kind: 'tape', name: 'b' } });
  await bound.change({ kind: 'tape', name: 'a' });
  assert.deepEqual(seen, ['+a', 'one', '-a', 'none']);
  await bound.change({ kind: 'disk', name: 'c' });
  await bound.remove();
  assert.deepEqual(seen.slice(4), ['+c', 'one', '-c', 'none']);
});

test('a decorated class runs alone just so', async (t) => {
  const { Activate, Component, Reference } = decorators;
  class Written implements Counter {
    declare readonly store: Store;
    #total = 0;
    start(): void {
      this.#total = 10;
    }
    async count(name: string): Promise<number> {
      await this.store.save(name, ++this.#total);
      return this.#total;
    }
  }
  Reference(one(Store))(Written.prototype, 'store');
  Activate()(Written.prototype, 'start', {});
  Component({ name: 'test.written', provides: Counter })(Written);
  const saved: unknown[] = [];
  const store: Store = { save: async (...values) => void saved.push(values) };
  const { service } = await activate(t, Written, { references: { store } });
  assert.equal(await service.count('a'), 11);
  assert.deepEqual(saved, [['a', 11]]);
});

const LEAKS: Record<string, { leak: () => () => unknown; said: RegExp }> = {
  'a timer': {
    leak: () => {
      const timer = setInterval(() => undefined, 1000);
      return () => clearInterval(timer);
    },
    said: /^test\.leaking left behind a timer made at .*activate\.test\.ts:\d+:\d+: give it to the scope, or end it in deactivate$/,
  },
  'a server': {
    leak: () => {
      const server = createServer().listen(0, '127.0.0.1');
      return () => server.close();
    },
    said: /left behind a server made at .*activate\.test\.ts/,
  },
  'a listener of the process': {
    leak: () => {
      const listener = (): void => undefined;
      process.on('SIGUSR2', listener);
      return () => process.off('SIGUSR2', listener);
    },
    said: /left behind .*a listener of process 'SIGUSR2'/,
  },
};

for (const [name, { leak, said }] of Object.entries(LEAKS)) {
  for (const when of ['as it is activated', 'as it is called'])
    test(`a component that leaves ${name} behind, made ${when}, fails its test`, async (t) => {
      let undo = (): unknown => undefined;
      t.after(() => void undo());
      const leaking = component({
        name: 'test.leaking',
        activate: () => {
          const open = async (): Promise<void> => {
            await Promise.resolve();
            undo = leak();
          };
          return when === 'as it is called' ? { open } : open().then(() => ({ open }));
        },
      });
      const ending = inner(t);
      const { service } = await activate(ending, leaking);
      if (when === 'as it is called') await service.open();
      await assert.rejects(ending.end(), { code: 'TEST_LEAK', message: said });
    });
}

test('what the scope owns, or deactivate ends, is no leak, nor is what the test itself has open', async (t) => {
  const ending = inner(t);
  const tidy = component({
    name: 'test.tidy',
    activate: async ({ scope }) => {
      scope.interval(
        'tick',
        1000,
        () => undefined,
        () => undefined,
      );
      await once(scope.own('server', createServer().listen(0, '127.0.0.1')), 'listening');
      return setTimeout(() => undefined, 60_000);
    },
    deactivate: (timer) => clearTimeout(timer),
  });
  await activate(ending, tidy);
  const own = setInterval(() => undefined, 1000);
  t.after(() => clearInterval(own));
  await ending.end();
});
